//! Files and folders are named after what is in them.

use super::files::Files;

/// Names that say nothing.
const EMPTY: &[&str] = &["utils", "util", "helpers", "helper", "manager", "common", "misc"];

/// What is wrong.
pub fn check(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.rust() {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| EMPTY.contains(part)) {
            wrong.push(format!("{}: `{part}` says nothing", file.path));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_told() {
        let files = Files::of(&[("a/utils.rs", ""), ("a/misc/b.rs", ""), ("a/common_table.rs", "")]);
        assert_eq!(check(&files), ["a/utils.rs: `utils` says nothing", "a/misc/b.rs: `misc` says nothing"]);
    }
}
