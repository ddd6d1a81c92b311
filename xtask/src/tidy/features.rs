//! Tests and functions share one build: with what only tests use or without it, every package has the
//! same features. Else each `cargo test` after a `cargo build` would compile hundreds of packages again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;

/// What is wrong.
pub async fn check(checkout: &Checkout) -> Result<Vec<String>> {
    let with_tests = tree(checkout, "normal,build,dev").await?;
    let without = tree(checkout, "normal,build").await?;
    Ok(compare(&with_tests, &without))
}

async fn tree(checkout: &Checkout, edges: &str) -> Result<String> {
    let arguments =
        ["tree", "--workspace", "--locked", "--edges", edges, "--prefix", "none", "--format", "{p}|{f}"];
    let output = checkout.cargo(&arguments).output().await.context("starting cargo")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn compare(with_tests: &str, without: &str) -> Vec<String> {
    let with_tests = features(with_tests);
    let mut wrong = Vec::new();
    for (package, sets) in features(without) {
        let more = with_tests.get(package).into_iter().flatten().filter(|set| !sets.contains(*set));
        for set in more {
            wrong.push(format!("{package} has the features {set} in tests alone"));
        }
    }
    wrong
}

/// The sets of features that each package is built with; on a build machine it may have others.
fn features(tree: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut packages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in tree.lines() {
        // A package that stood before is marked.
        let line = line.trim_end_matches(" (*)");
        if let Some((package, features)) = line.split_once('|') {
            packages.entry(package).or_default().insert(features);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_for_tests_alone_are_told() {
        let without = "serde v1|std\nrand v1|\n";
        assert_eq!(compare("serde v1|std (*)\nrand v1|\ninsta v1|json\n", without), [""; 0]);
        assert_eq!(
            compare("serde v1|rc,std\nrand v1|\n", without),
            ["serde v1 has the features rc,std in tests alone"]
        );
    }
}
