//! Programs that run beside us and must not outlive us: each is stopped with everything that it started,
//! whether it is stopped in order, dropped, or left alone because this process was killed.
//!
//! What a program started is found in two ways: by its process group, and by a mark in its environment,
//! since a program such as cargo-lambda gives its own children groups of their own.

mod group;
mod mark;
mod watchdog;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};

pub use group::{Group, own_group};
pub use mark::{Mark, stop_marked};
use watchdog::Watchdog;

/// How long a program has to end when it is asked to. cargo-lambda takes a second.
const GRACE: Duration = Duration::from_secs(4);

/// How often one looks whether a program does what it was started for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How many lines of a log are shown when a program fails.
const LAST_LINES: usize = 15;

/// A program that runs in the background, its output in a file.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    group: Group,
    mark: Mark,
    log: PathBuf,
    watchdog: Option<Watchdog>,
}

impl Process {
    /// Starts the program. Both of its outputs go into the file `log`, which is emptied first.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = open_log(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let mark = Mark::new();
        mark.put_on(&mut command);
        own_group(&mut command);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        let group = Group::of(&child)?;
        let watchdog = Watchdog::over(&group, &mark).ok();
        Ok(Self { name: name.to_owned(), child, group, mark, log: log.to_owned(), watchdog })
    }

    /// Its name, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the process.
    pub fn id(&self) -> i32 {
        self.group.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its output. What is far indented, such as the frames of a backtrace, is left out.
    pub fn last_lines(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("  ")).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("asking after {}", self.name))
    }

    /// Waits a moment for what it does not do yet.
    ///
    /// # Errors
    /// It has ended, or the time is over; with the last lines of its output.
    pub async fn not_yet(&mut self, until: Instant) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} ended ({status})\n{}", self.name, self.last_lines());
        }
        ensure!(Instant::now() < until, "{} does not answer in time\n{}", self.name, self.last_lines());
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.with_context(|| format!("waiting for {}", self.name))
    }

    /// Asks it to end, waits for it, and ends what it left behind.
    pub async fn stop(mut self) {
        self.group.interrupt();
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
        // The rest is what dropping does.
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.end(&mut self.child);
        stop_marked(&self.mark.text());
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
    }
}

fn open_log(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    }
    // Opened to append, or two processes that write to it would write over each other.
    let open = || {
        File::create(log)?;
        File::options().append(true).open(log)
    };
    open().with_context(|| format!("writing to {}", log.display()))
}

#[cfg(test)]
mod tests;
