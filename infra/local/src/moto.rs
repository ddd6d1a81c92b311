//! moto's server, which answers as Secrets Manager does.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::process::Command;

use crate::passing::Passing;
use crate::process::Process;
use crate::tools::{Tool, Tools};

/// How long it may take to start on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(90);

/// What stands before the address that it listens at.
const LISTENING: &str = "Running on ";

/// A running server with nothing in it. Dropped, it stops.
#[derive(Debug)]
pub struct Moto {
    endpoint: String,
    process: Process,
    _log: Passing,
}

impl Moto {
    /// Installs moto where it is missing, starts it on a free port and waits until it listens.
    pub async fn start(tools: &Tools) -> Result<Self> {
        let mut command = Command::new(tools.install(Tool::Moto).await?);
        command.args(["-H", "127.0.0.1", "-p", "0"]).env("NO_COLOR", "1");
        let log = Passing::new("moto");
        let mut process = Process::start("moto", command, log.path())?;
        let until = Instant::now() + START_WITHIN;
        loop {
            if let Some(endpoint) = address(&process.last_lines()) {
                return Ok(Self { endpoint, process, _log: log });
            }
            process.not_yet(until).await?;
        }
    }

    /// Its address, `http://127.0.0.1:port`. It takes any credentials and knows every region.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// The address in what it wrote. It tells its port before it serves, but the port is bound by then, so
/// that a request waits.
fn address(output: &str) -> Option<String> {
    let (_, rest) = output.split_once(LISTENING)?;
    let (line, _) = rest.split_once('\n')?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_the_line_is_whole() {
        assert_eq!(address("WARNING: no\n * Running on http://127.0.0.1:3"), None);
        let whole = "WARNING: no\n * Running on http://127.0.0.1:39247\nPress CTRL+C to quit\n";
        assert_eq!(address(whole).as_deref(), Some("http://127.0.0.1:39247"));
    }
}
