//! One function as a process: started, waited for, started again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::environment::Environment;
use super::gateway::Gateway;
use crate::process::Process;

/// Longest wait for one answer to a health check, and how long one waits between two.
const ATTEMPT: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// How a function is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// By requests, of which one asks for its health.
    OverHttp,
    /// By events alone.
    ByEvents,
}

/// A function that runs.
#[derive(Debug)]
pub(super) struct Function {
    /// Its name.
    pub name: String,
    called: Called,
    program: PathBuf,
    built: Option<SystemTime>,
    environment: Environment,
    log: PathBuf,
    process: Process,
}

impl Function {
    pub(super) fn start(
        (name, called): (&str, Called),
        program: PathBuf,
        environment: &Environment,
        log: PathBuf,
    ) -> Result<Self> {
        let built = built(&program);
        let process = launch(name, &program, environment, &log)?;
        Ok(Self {
            name: name.to_owned(),
            called,
            program,
            built,
            environment: environment.clone(),
            log,
            process,
        })
    }

    /// Waits until it answers through the gateway. Fails once one of both has ended.
    pub(super) async fn answers(&mut self, gateway: &mut Gateway) -> Result<()> {
        // No proxy: what is asked is on this machine.
        let client = reqwest::Client::builder().no_proxy().timeout(ATTEMPT).build()?;
        let health = gateway.health(&self.name);
        loop {
            gateway.ensure_running()?;
            if let Some(how) = self.ended()? {
                bail!("{how}");
            }
            // Nobody asks it anything until there is an event.
            if self.called == Called::ByEvents {
                return Ok(());
            }
            if client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// How it ended, if it did, and what it said last of what went wrong.
    pub(super) fn ended(&mut self) -> Result<Option<String>> {
        let Some(status) = self.process.ended()? else { return Ok(None) };
        let said = self.process.last_lines();
        let wrong: Vec<_> = said.lines().filter(|line| !line.contains("\"level\":\"INFO\"")).collect();
        let how = format!("the function {} has ended ({status})\n{}", self.name, wrong.join("\n"));
        Ok(Some(how.trim_end().to_owned()))
    }

    /// Whether its program was built anew since it was started.
    pub(super) fn is_outdated(&self) -> bool {
        built(&self.program) != self.built
    }

    /// Starts it anew, with the program as it is now. The log of before is kept beside the new one.
    pub(super) fn restart(&mut self) -> Result<()> {
        // A log that cannot be kept is lost, which keeps nobody from working.
        let _ = std::fs::rename(&self.log, self.log.with_extension("before.log"));
        self.built = built(&self.program);
        self.process = launch(&self.name, &self.program, &self.environment, &self.log)?;
        Ok(())
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}

fn launch(name: &str, program: &Path, environment: &Environment, log: &Path) -> Result<Process> {
    let mut command = Command::new(program);
    environment.put_on(&mut command, name);
    Process::start(name, command, log).with_context(|| format!("starting the function {name}"))
}

fn built(program: &Path) -> Option<SystemTime> {
    std::fs::metadata(program).and_then(|file| file.modified()).ok()
}
