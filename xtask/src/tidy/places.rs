//! No file names the host of a package registry, nor a folder of the machine it was written on: where
//! packages come from is a setting of whoever builds.

use super::files::Files;

/// What is looked for, in two parts each, or this file would be found.
const PLACES: &[(&str, &str)] = &[
    ("crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("registry.npmjs", ".org"),
    ("deb.debian", ".org"),
    ("/work", "/"),
    ("/root", "/"),
    ("/home", "/"),
];

/// What is wrong.
pub fn check(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter() {
        for (number, line) in file.text.lines().enumerate() {
            for (first, second) in PLACES {
                if contains(line, &format!("{first}{second}")) {
                    wrong.push(format!("{}:{}: {first}{second}", file.path, number + 1));
                }
            }
        }
    }
    wrong
}

/// Whether the line has the place by itself: an absolute path stands after no word.
fn contains(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !place.starts_with('/') || !before.is_some_and(|c| c.is_alphanumeric() || "_-.~/}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_folders_are_told() {
        let text =
            format!("see https://static.crates{}/x\ncd {}work/main\nhttp://x.example/work/\n", ".io", "/");
        let found = check(&Files::of(&[("README.md", &text)]));
        assert_eq!(found, [format!("README.md:1: crates{}", ".io"), format!("README.md:2: {}work/", "/")]);
    }
}
