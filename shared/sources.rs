//! For build scripts: a name for sources that changes whenever one of them does, so that what one build has made and
//! kept is never taken for what another one would make. Included by path; it is no part of any crate.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Sets a variable to this text and the name of these files and folders.
pub fn name(variable: &str, begin: &str, places: &[&str]) -> io::Result<()> {
    let mut files = Vec::new();
    let mut out = io::stdout().lock();
    for place in places {
        collect(Path::new(place), &mut files)?;
        writeln!(out, "cargo::rerun-if-changed={place}")?;
    }
    files.sort();
    // Not a cryptographic hash: nobody gains by two builds of ours that are named alike.
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    writeln!(out, "cargo::rustc-env={variable}={begin}{:016x}", hasher.finish())
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !place.is_dir() {
        files.push(place.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(place)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
