//! Builds the functions with cargo, as anyone else in this checkout builds, and tells how far it is.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncReadExt;

use super::project::{Project, cargo};
use super::{Hear, Stage, shown};
use crate::process::{Group, own_group};

/// How many lines of what cargo says are shown where it fails.
const LAST_LINES: usize = 40;

/// Builds all functions. What cargo says goes into the file `log`, and its end into the error.
pub(super) async fn build(project: &Project, log: &Path, hear: Hear<'_>) -> Result<()> {
    let mut command = cargo(&project.root);
    command.arg("build");
    // By binary, not by package: a package alone would have other features, and everything be compiled again.
    for function in project.functions.iter().chain(&project.background) {
        command.args(["--bin", function]);
    }
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "120");
    command.env("CARGO_TERM_COLOR", "never");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    own_group(&mut command);
    let mut child = command.spawn().context("starting cargo")?;
    let group = Group::of(&child)?;
    let mut output = child.stderr.take().context("cargo has no output")?;

    let mut said = Said::default();
    let mut buffer = vec![0; 1 << 14];
    loop {
        let read = output.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        for stage in said.take(&String::from_utf8_lossy(&buffer[..read])) {
            hear(stage);
        }
    }
    let status = child.wait().await?;
    group.forget();
    std::fs::write(log, said.lines.join("\n")).with_context(|| format!("writing {}", shown(log)))?;
    if !status.success() {
        let end = &said.lines[said.lines.len().saturating_sub(LAST_LINES)..];
        bail!("cargo build failed; all of what it said lies in {}\n{}", shown(log), end.join("\n"));
    }
    Ok(())
}

/// What cargo said: lines, and its progress, which it writes over with a carriage return.
#[derive(Default)]
struct Said {
    rest: String,
    lines: Vec<String>,
}

impl Said {
    fn take(&mut self, text: &str) -> Vec<Stage> {
        self.rest.push_str(text);
        let mut stages = Vec::new();
        while let Some(end) = self.rest.find(['\r', '\n']) {
            let line = self.rest[..end].trim().to_owned();
            self.rest.drain(..=end);
            match progress(&line) {
                Some(stage) => stages.push(stage),
                None if line.is_empty() => {}
                None => {
                    if line.starts_with("Blocking") || line.starts_with("Downloading") {
                        stages.push(Stage::Building { done: 0, total: 0, at: line.clone() });
                    }
                    self.lines.push(line);
                }
            }
        }
        stages
    }
}

/// `Building [===>   ] 12/345: one, two(build)`
fn progress(line: &str) -> Option<Stage> {
    let rest = line.strip_prefix("Building [")?;
    let (_, rest) = rest.split_once(']')?;
    let (count, at) = rest.split_once(':').unwrap_or((rest, ""));
    let (done, total) = count.trim().split_once('/')?;
    Some(Stage::Building { done: done.parse().ok()?, total: total.parse().ok()?, at: at.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_lines_are_told_apart() {
        let mut said = Said::default();
        let stages = said.take("   Compiling one v1\n    Building [==>    ] 3/12: one, t");
        assert_eq!(stages, []);
        let stages = said.take("wo(build)\r   Compiling two v2\n\n");
        assert_eq!(stages, [Stage::Building { done: 3, total: 12, at: "one, two(build)".into() }]);
        assert_eq!(said.lines, ["Compiling one v1", "Compiling two v2"]);
    }
}
