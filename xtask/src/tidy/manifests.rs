//! Every package takes lints, edition and versions of dependencies from the workspace.

use super::files::Files;

/// A workspace of its own, which the instrumenting compiler builds.
const APART: &str = "fuzz/Cargo.toml";

/// What is wrong.
pub fn check(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = |path: &str| path.ends_with("/Cargo.toml") && path != APART;
    for file in files.iter().filter(|file| own(&file.path)) {
        for needed in ["[lints]\nworkspace = true", "edition.workspace = true", "publish.workspace = true"] {
            if !file.text.contains(needed) {
                wrong.push(format!("{} lacks `{}`", file.path, needed.replace('\n', " ")));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_lacks_is_told() {
        let whole = "edition.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";
        assert_eq!(check(&Files::of(&[("a/Cargo.toml", whole), ("Cargo.toml", "")])), [""; 0]);
        let found = check(&Files::of(&[("a/Cargo.toml", &whole.replace("[lints]", "[dependencies]"))]));
        assert_eq!(found, ["a/Cargo.toml lacks `[lints] workspace = true`"]);
    }
}
