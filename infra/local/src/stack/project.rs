//! What this checkout builds: which functions there are, and where cargo puts them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

/// A checkout.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// Its root.
    pub root: PathBuf,
    /// The functions that its routes name, in alphabetical order.
    pub functions: Vec<String>,
    /// Those that no route leads to: a schedule or a queue starts them.
    pub background: Vec<String>,
    target: PathBuf,
}

impl Project {
    /// Asks cargo.
    pub(super) async fn read(root: &Path) -> Result<Self> {
        let mut command = cargo(root);
        command.args(["metadata", "--no-deps", "--format-version", "1"]).stdin(Stdio::null());
        let output = command.output().await.context("starting cargo")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        Self::parse(root, &serde_json::from_slice(&output.stdout)?)
    }

    fn parse(root: &Path, metadata: &Value) -> Result<Self> {
        let router = metadata.pointer("/metadata/lambda/watch/router").and_then(Value::as_object);
        let router = router.context("Cargo.toml has no [workspace.metadata.lambda.watch.router]")?;
        let mut functions = BTreeSet::new();
        for (path, target) in router {
            // One function for all methods, or one for each.
            let each = target.as_array().map_or(std::slice::from_ref(target), Vec::as_slice);
            for target in each {
                let name = target.as_str().or_else(|| target["function"].as_str());
                functions.insert(name.with_context(|| format!("{path} names no function"))?.to_owned());
            }
        }
        ensure!(!functions.is_empty(), "no route names a function");
        let target = metadata["target_directory"].as_str().context("cargo names no target directory")?;
        let background = metadata.pointer("/metadata/sqm/background").and_then(Value::as_array);
        let background = background.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Self {
            root: root.to_owned(),
            functions: functions.into_iter().collect(),
            background: background.collect(),
            target: target.into(),
        })
    }

    /// Where a function lies once it is built for daily work.
    pub(super) fn program(&self, function: &str) -> PathBuf {
        self.target.join("debug").join(function)
    }
}

/// A call of cargo in this checkout. What a cargo that runs us has put into our environment about the
/// package that it runs is none of this one's business.
pub(super) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let about_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if about_package.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command.env_remove("OUT_DIR").current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(router: Value) -> Result<Project> {
        let metadata = json!({
            "metadata": {"lambda": {"watch": {"router": router}}, "sqm": {"background": ["three"]}},
            "target_directory": "/t",
        });
        Project::parse(Path::new("/r"), &metadata)
    }

    #[test]
    fn functions_are_those_that_routes_name() {
        let router = json!({"/b": "two", "/a": [{"method": "GET", "function": "one"}], "/c": "two"});
        let project = with(router).unwrap();
        assert_eq!(project.functions, ["one", "two"]);
        assert_eq!(project.background, ["three"]);
        assert_eq!(project.program("one"), Path::new("/t/debug/one"));
    }

    #[test]
    fn a_route_without_a_function_is_named() {
        assert_eq!(with(json!({"/a": 1})).unwrap_err().to_string(), "/a names no function");
        assert_eq!(with(json!({})).unwrap_err().to_string(), "no route names a function");
    }
}
