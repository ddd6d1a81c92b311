//! Redis, from Debian's packages: alone, encrypted, or as a cluster of one.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::debian;
use crate::passing::Passing;
use crate::process::Process;
use crate::tools::Tools;

/// Debian's packages: the server, what asks it, and what makes a certificate.
const DEBIAN: [&str; 3] = ["redis-server", "redis-tools", "openssl"];

/// How long it may take to start on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(30);

/// What kind of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One that answers at a port.
    Plain,
    /// One that answers encrypted, with a certificate that signs itself.
    Encrypted,
    /// A cluster of one that has all slots.
    Cluster,
}

/// A running Redis without anything in it. Dropped, it is killed and leaves nothing.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    folder: Passing,
    root: PathBuf,
    kind: Kind,
    port: u16,
}

impl Redis {
    /// Installs it where it is missing, and starts one.
    ///
    /// # Errors
    /// It cannot be installed, or does not start.
    pub async fn start(tools: &Tools, kind: Kind) -> Result<Self> {
        let root = debian::unpacked(tools, "redis", &DEBIAN).await?;
        let folder = Passing::new("redis");
        std::fs::create_dir(folder.path()).with_context(|| format!("making {}", folder.path().display()))?;
        let (port, bus) = (free_port()?, free_port()?);
        let mut server = program(&root, "redis-server");
        server.current_dir(folder.path()).args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let port_text = port.to_string();
        match kind {
            Kind::Plain => _ = server.args(["--port", &port_text]),
            Kind::Encrypted => {
                certificate(&root, folder.path()).await?;
                server.args(["--port", "0", "--tls-port", &port_text, "--tls-auth-clients", "no"]);
                server.args(["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"]);
                server.args(["--tls-ca-cert-file", "cert.pem"]);
            }
            Kind::Cluster => {
                server.args(["--port", &port_text, "--cluster-enabled", "yes"]);
                server.args(["--cluster-port", &bus.to_string()]);
            }
        }
        let process = Process::start("redis", server, &folder.path().join("log"))?;
        let mut redis = Self { process, folder, root, kind, port };
        redis.answers(|said| said.contains("PONG"), &["PING"]).await?;
        if kind == Kind::Cluster {
            redis.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await?;
            redis.answers(|said| said.contains("cluster_state:ok"), &["CLUSTER", "INFO"]).await?;
        }
        Ok(redis)
    }

    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.kind == Kind::Encrypted { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The certificate, of an encrypted one.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        std::fs::read(self.folder.path().join("cert.pem")).ok()
    }

    /// Asks it something, and gives what it says.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ask(&self, words: &[&str]) -> Result<String> {
        let mut command = program(&self.root, "redis-cli");
        command.args(["-p", &self.port.to_string()]);
        if self.kind == Kind::Encrypted {
            command.args(["--tls", "--cacert"]).arg(self.folder.path().join("cert.pem"));
        }
        run(command.args(words)).await
    }

    /// Stops its clock: it takes requests and answers none.
    ///
    /// # Errors
    /// It has ended.
    pub fn freeze(&self) -> Result<()> {
        let id = Pid::from_raw(self.process.id()).context("a process has a number")?;
        Ok(kill_process(id, Signal::STOP)?)
    }

    async fn answers(&mut self, enough: impl Fn(&str) -> bool, words: &[&str]) -> Result<()> {
        let until = Instant::now() + START_WITHIN;
        loop {
            if self.ask(words).await.is_ok_and(|said| enough(&said)) {
                return Ok(());
            }
            self.process.not_yet(until).await?;
        }
    }
}

/// A certificate for 127.0.0.1 that signs itself, in this folder.
async fn certificate(root: &Path, folder: &Path) -> Result<()> {
    let mut make = program(root, "openssl");
    make.current_dir(folder);
    make.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]);
    make.args(["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem"]);
    make.args(["-addext", "basicConstraints=critical,CA:FALSE", "-out", "cert.pem"]);
    run(&mut make).await.map(drop)
}

/// A program of the packages, with the libraries that lie beside it.
fn program(root: &Path, name: &str) -> Command {
    let mut command = Command::new(root.join("usr/bin").join(name));
    let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    command.env("LD_LIBRARY_PATH", root.join(libraries)).env("OPENSSL_CONF", "/dev/null");
    command
}

async fn run(command: &mut Command) -> Result<String> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.with_context(|| format!("starting {name}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(said)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
