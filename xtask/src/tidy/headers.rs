//! Every file says its duty before it does anything: on its first line, or on the one item it is about.

use super::files::Files;

/// What is wrong.
pub fn check(files: &Files) -> Vec<String> {
    let silent = files.rust().filter(|file| !says_its_duty(&file.text));
    silent.map(|file| format!("{} does not say its duty before its first function", file.path)).collect()
}

fn says_its_duty(text: &str) -> bool {
    if text.starts_with("//! ") {
        return true;
    }
    let first = |needle: &str| text.find(needle).unwrap_or(usize::MAX);
    let said = first("/// ");
    said < usize::MAX && said < first("fn ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_file_is_told() {
        let files = Files::of(&[
            ("a.rs", "//! Adds.\nfn add() {}\n"),
            ("b.rs", "use std::io;\n\nimpl Store {\n    /// Adds.\n    fn add() {}\n}\n"),
            ("c.rs", "use std::io;\n\nfn add() {}\n/// Subtracts.\nfn subtract() {}\n"),
            ("d.rs", "pub struct Empty;\n"),
            ("e.md", ""),
        ]);
        let wrong: Vec<_> = check(&files).iter().map(|line| line[..1].to_owned()).collect();
        assert_eq!(wrong, ["c", "d"]);
    }
}
