//! What lies in the folder for temporary files and is removed in the end.

use std::path::{Path, PathBuf};

use crate::process::Mark;

/// A file or folder of a name that nothing else has. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Passing(PathBuf);

impl Passing {
    /// The name for one, which nobody has made yet.
    pub(crate) fn new(purpose: &str) -> Self {
        Self(std::env::temp_dir().join(format!("{purpose}-{}", Mark::new().text())))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let _ =
            if self.0.is_dir() { std::fs::remove_dir_all(&self.0) } else { std::fs::remove_file(&self.0) };
    }
}
