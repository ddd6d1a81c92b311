//! The key that signs tokens, in a file.

use std::path::PathBuf;

use serde::Serialize;
use sqm_http::auth::{KeySource, mint};
use tempfile::TempDir;

/// A key file in a folder of its own, which goes with it.
#[derive(Debug)]
pub struct KeyFile {
    folder: TempDir,
    keys: Vec<String>,
}

impl Default for KeyFile {
    fn default() -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap(), keys: vec![new_key()] };
        file.write();
        file
    }
}

impl KeyFile {
    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// The key that signs now.
    pub fn current(&self) -> &str {
        self.keys.last().unwrap()
    }

    /// Puts a new key in the first line; the one before stays in the second.
    pub fn rotate(&mut self) {
        self.keys.push(new_key());
        self.write();
    }

    /// Takes the file away.
    pub fn remove(&self) {
        std::fs::remove_file(self.path()).unwrap();
    }

    /// Signs claims with the current key.
    pub fn sign(&self, claims: &impl Serialize) -> String {
        mint(self.current().as_bytes(), claims).unwrap()
    }

    pub(crate) fn source(&self) -> KeySource {
        KeySource::File(self.path())
    }

    fn write(&self) {
        let lines: Vec<&str> = self.keys.iter().rev().take(2).map(String::as_str).collect();
        std::fs::write(self.path(), lines.join("\n")).unwrap();
    }
}

fn new_key() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}
