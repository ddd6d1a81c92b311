//! The checkout that we work in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sqm_local::Template;
use tokio::process::Command;

/// A checkout of this repository.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Its root.
    pub root: PathBuf,
}

impl Checkout {
    /// The one that the command was given in, as cargo tells, or else the one around the working directory.
    pub fn find() -> Result<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir().context("where are we?")?,
        };
        let template = Template::path_from(&start)?;
        let root = template.parent().and_then(Path::parent).context("the template lies at the root")?;
        Ok(Self { root: root.to_owned() })
    }

    /// The folder for everything that is kept on this machine.
    pub fn home(&self) -> PathBuf {
        self.root.join(".sqm")
    }

    /// A call of cargo at the root.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (name, _) in std::env::vars_os() {
            // About the package that cargo runs at the moment, which is us.
            let text = name.to_string_lossy();
            let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
            if ours.iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.args(arguments).env_remove("OUT_DIR").current_dir(&self.root);
        command
    }
}
