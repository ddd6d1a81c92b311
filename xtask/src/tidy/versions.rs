//! What must agree has one version in the whole workspace: the grammar that DataFusion uses, the SQLite that
//! the embedded DynamoDB links.

use std::collections::{BTreeMap, BTreeSet};

use super::workspace::Workspace;

/// Packages of which there is one version.
const ONE_VERSION: &[&str] =
    &["sqlparser", "rusqlite", "libsqlite3-sys", "datafusion", "arrow", "http", "hyper", "rustls"];

/// What is wrong.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in workspace.packages.values() {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let mut wrong = Vec::new();
    for name in ONE_VERSION {
        match versions.get(name) {
            None => wrong.push(format!("nothing depends on {name}: the rule about it looks at nothing")),
            Some(versions) if versions.len() > 1 => {
                wrong.push(format!("{name} has the versions {versions:?}"))
            }
            Some(_) => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Package;
    use super::*;

    #[test]
    fn two_versions_are_told() {
        let mut workspace = Workspace::of(&[("ours", ONE_VERSION)]);
        assert_eq!(check(&workspace), [""; 0]);
        let other = Package { name: "sqlparser".into(), version: "9".into(), ..Package::default() };
        workspace.packages.insert("sqlparser 9".into(), other);
        assert_eq!(check(&workspace), ["sqlparser has the versions {\"\", \"9\"}"]);
    }
}
