//! The text files of the checkout, whether git knows them yet or not.

use std::path::Path;

use anyhow::Result;

/// What is no text of ours: results of builds, data, and what a tool writes.
const LEFT_OUT: &[&str] = &["target", ".git", ".sqm", "Cargo.lock", "node_modules"];

/// A file.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Its path from the root, with `/` between its parts.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// The files.
#[derive(Debug, Default)]
pub struct Files(Vec<TextFile>);

impl Files {
    /// Reads them. A file that is no UTF-8 is no text.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = Self::default();
        files.add(root, "")?;
        Ok(files)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if LEFT_OUT.contains(&name.as_str()) || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                self.0.push(TextFile { path, text });
            }
        }
        Ok(())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &TextFile> {
        self.0.iter()
    }

    /// Those of Rust.
    pub fn rust(&self) -> impl Iterator<Item = &TextFile> {
        self.0.iter().filter(|file| file.path.ends_with(".rs"))
    }
}

#[cfg(test)]
impl Files {
    /// Files as a test wants them.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| TextFile { path: (*path).into(), text: (*text).into() };
        Self(files.iter().map(file).collect())
    }
}
