//! Files of SQL below a folder, each with its path below it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::input::{self, Unreadable};

/// A file, and its path below the folder that was named, with `/`.
pub struct SqlFile {
    pub path: PathBuf,
    pub name: String,
}

/// The `.sql` files of these paths in the order of their names, and the folders that cannot be read.
///
/// # Errors
/// There is none.
pub fn of(paths: &[PathBuf]) -> Result<Vec<Result<SqlFile, Unreadable>>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(input::sql_files(path).into_iter().map(|file| {
                let path_of = file?;
                let below = path_of.strip_prefix(path).unwrap_or(&path_of);
                Ok(SqlFile { name: slashed(below), path: path_of })
            }));
        } else {
            files.push(Ok(SqlFile { name: slashed(path), path: path.clone() }));
        }
    }
    if files.is_empty() {
        bail!(
            "no .sql file in {}",
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(files)
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.collect::<Vec<_>>().join("/")
}
