//! `cargo lambda watch`: the runtime of Lambda for the functions, and the routes of the HTTP API for
//! everyone else, from the router in the root `Cargo.toml`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::project::Project;
use crate::process::Process;

/// How often one looks whether it listens.
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// A running `cargo lambda watch`.
#[derive(Debug)]
pub(super) struct Gateway {
    port: u16,
    process: Process,
}

/// Whether the port can be had.
pub(super) fn ensure_free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(why) if why.kind() == std::io::ErrorKind::AddrInUse => {
            let other = free_port().map(|port| port.to_string()).unwrap_or_default();
            bail!("port {port} is in use; stop what listens there, or take another: --port {other}")
        }
        Err(why) => Err(why).with_context(|| format!("port {port} cannot be used; take another with --port")),
    }
}

/// A port on 127.0.0.1 that nobody uses at the moment.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Gateway {
    pub(super) fn start(program: &Path, project: &Project, port: u16, log: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["lambda", "watch", "-A", "127.0.0.1", "-P", &port.to_string()]);
        command.args(["--disable-cors", "--only-lambda-apis", "--color", "never"]);
        command.current_dir(&project.root);
        let process = Process::start("cargo lambda watch", command, log)?;
        Ok(Self { port, process })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where functions fetch requests, up to their name.
    pub(super) fn runtime(&self) -> String {
        format!("{}/.rt", self.base_url())
    }

    /// Where a function answers its health check whatever the routes are.
    pub(super) fn health(&self, function: &str) -> String {
        format!("{}/lambda-url/{function}/v1/health", self.base_url())
    }

    /// Waits until it listens: a function that finds nobody there ends.
    pub(super) async fn listens(&mut self) -> Result<()> {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            self.ensure_running()?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.ensure_running()
    }

    /// Fails once it has ended.
    pub(super) fn ensure_running(&mut self) -> Result<()> {
        let ended: Option<ExitStatus> = self.process.ended()?;
        match ended {
            None => Ok(()),
            Some(status) => bail!("cargo lambda watch has ended ({status})\n{}", self.process.last_lines()),
        }
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}
