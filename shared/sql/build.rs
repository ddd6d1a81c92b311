//! Gives the engine a version that changes whenever its sources do, so that an answer of an older one is
//! never taken for that of a newer one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files)?;
    files.sort();
    // Not a cryptographic hash: nobody gains by two versions of ours that are the same.
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let mut out = io::stdout().lock();
    writeln!(out, "cargo::rustc-env=SQM_ENGINE_VERSION={version}-{:016x}", hasher.finish())?;
    writeln!(out, "cargo::rerun-if-changed=src")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
