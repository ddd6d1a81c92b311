//! Programs that come as packages of Debian, unpacked into a folder: nothing is installed into the system, and
//! nobody has to be root. Where packages come from is what the system's own sources say.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::tools::{Tools, lock};

/// Written last: a folder without it is what an interrupted installation left behind.
const STAMP: &str = "installed";

/// Compilers that programs use where they find them: ten times as large as all the rest.
const NOT_UNPACKED: &str = "libllvm";

/// The root of a tree with these packages and what of their dependencies the system lacks, made where it is
/// missing. `name` is that of the folder, beside those of the other tools.
pub(crate) async fn unpacked(tools: &Tools, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = tools.place(name);
    let stamp = format!("{}\n", packages.join(" "));
    let is_whole = || std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|written| written == stamp);
    let root = folder.join("root");
    if is_whole() {
        return Ok(root);
    }
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("making the folder {}", parent.display()))?;
    }
    let _turn = lock(&tools.place(&format!("{name}.lock"))).await?;
    if is_whole() {
        return Ok(root);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    make(&folder, &root, packages).await.with_context(|| format!("unpacking {}", packages.join(" ")))?;
    std::fs::write(folder.join(STAMP), stamp)?;
    Ok(root)
}

async fn make(folder: &Path, root: &Path, packages: &[&str]) -> Result<()> {
    let (state, cache) = (folder.join("state"), folder.join("cache"));
    let archives = cache.join("archives");
    for needed in [&state.join("lists/partial"), &archives.join("partial"), root] {
        std::fs::create_dir_all(needed).with_context(|| format!("making the folder {}", needed.display()))?;
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        let set = |name: &str, value: &Path| format!("{name}={}", value.display());
        for option in [
            set("Dir::State", &state),
            set("Dir::State::status", Path::new("/var/lib/dpkg/status")),
            set("Dir::Cache", &cache),
            "Debug::NoLocking=true".to_owned(),
            "APT::Sandbox::User=".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command.args(["-q", "-y"]).args(arguments).env("LC_ALL", "C");
        command
    };
    run(apt(&["update"])).await?;
    // What is installed already is fetched as well: it need not be the same version, nor stay.
    let fetch = ["install", "--reinstall", "--download-only", "--no-install-recommends"];
    run(apt(&[&fetch, packages].concat())).await?;
    for entry in std::fs::read_dir(&archives)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".deb") && !name.starts_with(NOT_UNPACKED) {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("-x").arg(&path).arg(root);
            run(unpack).await?;
        }
    }
    std::fs::remove_dir_all(&cache)?;
    std::fs::remove_dir_all(&state)?;
    Ok(())
}

async fn run(mut command: Command) -> Result<()> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = match command.output().await {
        Ok(output) => output,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            bail!("{program} is missing: packages of Debian are unpacked with it")
        }
        Err(why) => return Err(why).with_context(|| format!("starting {program}")),
    };
    if output.status.success() {
        return Ok(());
    }
    bail!("{program} failed; it needs the network\n{}", String::from_utf8_lossy(&output.stderr).trim())
}
