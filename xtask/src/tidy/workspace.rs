//! Packages and what they depend on, as cargo resolves it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checkout::Checkout;

/// A package.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The folder of its manifest.
    pub folder: String,
    /// The ids of what it is made of; what only its tests use is left out.
    pub dependencies: Vec<String>,
}

/// All packages, by id, and which of them are ours.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Every package.
    pub packages: BTreeMap<String, Package>,
    /// The ids of ours.
    pub members: Vec<String>,
    /// The names of our libraries in the order of Cargo.toml, from the bottom up.
    pub order: Vec<String>,
}

impl Workspace {
    /// Asks cargo, and reads the order from the root manifest.
    pub async fn read(checkout: &Checkout) -> Result<Self> {
        let mut command = checkout.cargo(&["metadata", "--format-version", "1", "--locked"]);
        let output = command.output().await.context("starting cargo")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let manifest = std::fs::read_to_string(checkout.root.join("Cargo.toml"))?;
        Self::parse(&serde_json::from_slice(&output.stdout)?, &manifest)
    }

    fn parse(metadata: &Value, manifest: &str) -> Result<Self> {
        let mut workspace = Self { order: order(manifest), ..Self::default() };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for package in list(&metadata["packages"]) {
            let manifest = text(&package["manifest_path"]);
            let folder = manifest.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            let package_of = Package { name, version, folder, dependencies: Vec::new() };
            workspace.packages.insert(text(&package["id"]), package_of);
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let package =
                workspace.packages.get_mut(&text(&node["id"])).context("a node without a package")?;
            for dependency in list(&node["deps"]) {
                // A kind of null is an ordinary dependency, "build" one of a build script.
                let used = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
                if used {
                    package.dependencies.push(text(&dependency["pkg"]));
                }
            }
        }
        workspace.members = list(&metadata["workspace_members"]).iter().map(text).collect();
        Ok(workspace)
    }

    /// Our packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(|id| self.packages.get(id))
    }

    /// Everything that a package of ours is made of, its own name left out.
    pub fn made_of(&self, name: &str) -> BTreeSet<&str> {
        let start = self.members.iter().filter(|id| self.packages[*id].name == name);
        let mut waiting: Vec<&str> = start.map(String::as_str).collect();
        let mut seen: BTreeSet<&str> = waiting.iter().copied().collect();
        let mut names = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            let Some(package) = self.packages.get(id) else { continue };
            for dependency in &package.dependencies {
                if seen.insert(dependency) {
                    waiting.push(dependency);
                    names.extend(self.packages.get(dependency).map(|package| package.name.as_str()));
                }
            }
        }
        names
    }
}

/// The packages of `[workspace.dependencies]` that lie in this checkout, in their order.
fn order(manifest: &str) -> Vec<String> {
    let ours = manifest.lines().filter(|line| line.contains("{ path = \""));
    ours.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().to_owned()).collect()
}

#[cfg(test)]
impl Workspace {
    /// A workspace as a test wants it: our packages with the names of what they depend on. What is no
    /// package of ours is somebody else's.
    pub fn of(packages: &[(&str, &[&str])]) -> Self {
        let mut workspace = Self::default();
        for (name, dependencies) in packages {
            workspace.members.push((*name).to_owned());
            workspace.order.push((*name).to_owned());
            let dependencies: Vec<_> = dependencies.iter().map(|name| (*name).to_owned()).collect();
            for other in &dependencies {
                let package = Package { name: other.clone(), ..Package::default() };
                workspace.packages.entry(other.clone()).or_insert(package);
            }
            let package = Package { name: (*name).to_owned(), dependencies, ..Package::default() };
            workspace.packages.insert((*name).to_owned(), package);
        }
        workspace
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_tests_use_is_left_out() {
        let metadata = json!({
            "packages": [{"id": "a 1", "name": "a", "version": "1", "manifest_path": "/r/a/Cargo.toml"},
                         {"id": "b 1", "name": "b", "version": "1", "manifest_path": "/r/b/Cargo.toml"},
                         {"id": "c 1", "name": "c", "version": "1", "manifest_path": "/r/c/Cargo.toml"}],
            "resolve": {"nodes": [
                {"id": "a 1", "deps": [{"pkg": "b 1", "dep_kinds": [{"kind": null}]},
                                       {"pkg": "c 1", "dep_kinds": [{"kind": "dev"}]}]}]},
            "workspace_members": ["a 1"],
        });
        let workspace = Workspace::parse(&metadata, "b = { path = \"b\" }\nx = \"1\"\n").unwrap();
        assert_eq!(workspace.made_of("a"), BTreeSet::from(["b"]));
        assert_eq!(workspace.order, ["b"]);
        assert_eq!(workspace.members().next().unwrap().folder, "/r/a");
    }
}
