//! What the functions are built from, and whether it has changed. One looks every now and then: notices of
//! the system for a whole checkout are limited in number, and the folders of a build use them up.

use std::path::Path;
use std::time::SystemTime;

/// Where the sources lie.
const PLACES: &[&str] = &["functions", "shared", "Cargo.toml", "Cargo.lock"];

/// The state of all sources at one time: how many there are, and the newest of their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sources {
    files: usize,
    newest: SystemTime,
}

impl Sources {
    pub(super) fn of(root: &Path) -> Self {
        let mut sources = Self { files: 0, newest: SystemTime::UNIX_EPOCH };
        for place in PLACES {
            sources.add(&root.join(place));
        }
        sources
    }

    fn add(&mut self, path: &Path) {
        // What vanishes while one looks is counted at the next look.
        let Ok(metadata) = std::fs::symlink_metadata(path) else { return };
        if metadata.is_dir() {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            for entry in entries.filter(|entry| entry.file_name() != "target") {
                self.add(&entry.path());
            }
        } else if path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "toml" || ending == "lock")
        {
            self.files += 1;
            self.newest = self.newest.max(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_change_a_new_file_and_a_missing_one_are_seen() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("functions/one/src");
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, at: u64| {
            fs::write(folder.join(name), "").unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at);
            fs::File::options().write(true).open(folder.join(name)).unwrap().set_modified(time).unwrap();
        };
        write("main.rs", 10);
        let first = Sources::of(root.path());
        assert_eq!(Sources::of(root.path()), first);
        write("notes.txt", 99);
        assert_eq!(Sources::of(root.path()), first, "no source");
        write("main.rs", 20);
        let second = Sources::of(root.path());
        assert_ne!(second, first);
        write("lib.rs", 5);
        assert_ne!(Sources::of(root.path()), second);
        fs::remove_file(folder.join("lib.rs")).unwrap();
        assert_eq!(Sources::of(root.path()), second);
    }
}
