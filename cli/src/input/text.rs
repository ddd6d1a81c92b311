//! Texts from files, folders and standard input.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use sqm_domain::limits::{MAX_PLAN_BYTES, MAX_SCRIPT_BYTES};

use super::decode::decode;

/// A text and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The file as it was given, or `stdin`.
    pub name: String,
    /// What it holds.
    pub sql: String,
}

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    name: String,
    why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Every text of these paths, read when its turn comes: `-` is standard input, a folder stands for the
/// `.sql` files below it in the order of their names, and no path for standard input unless that is a
/// terminal.
pub fn texts(paths: &[PathBuf]) -> Result<impl Iterator<Item = Result<Text, Unreadable>>> {
    if paths.is_empty() && io::stdin().is_terminal() {
        bail!("nothing to read: name files or folders, or `-` for standard input");
    }
    let mut files: Vec<Result<PathBuf, Unreadable>> = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files);
            if files.len() == before {
                files.push(Err(unreadable(path, "no .sql file in this folder".to_owned())));
            }
        } else {
            files.push(Ok(path.clone()));
        }
    }
    if paths.is_empty() {
        files.push(Ok(PathBuf::from("-")));
    }
    Ok(files.into_iter().map(|path| path.and_then(|path| read(&path))))
}

/// The `.sql` files below a folder in the order of their names, and the folders in it that cannot be read.
pub fn sql_files(folder: &Path) -> Vec<Result<PathBuf, Unreadable>> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files
}

fn walk(folder: &Path, files: &mut Vec<Result<PathBuf, Unreadable>>) {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => return files.push(Err(unreadable(folder, said(&error)))),
    };
    let mut entries: Vec<(PathBuf, bool)> = entries
        .into_iter()
        // A link to a folder is not followed: it may lead back here.
        .map(|entry| (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .collect();
    entries.sort();
    for (path, is_folder) in entries {
        if is_folder {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql")) {
            files.push(Ok(path));
        }
    }
}

/// One text; `-` is standard input.
///
/// # Errors
/// What is in the way, with the name of the file.
pub fn read(path: &Path) -> Result<Text, Unreadable> {
    read_within(path, MAX_SCRIPT_BYTES, "; split it into several scripts")
}

/// A plan; `-` is standard input.
///
/// # Errors
/// What is in the way, with the name of the file.
pub fn read_plan(path: &Path) -> Result<Text, Unreadable> {
    read_within(path, MAX_PLAN_BYTES, ", the most that is taken of a plan")
}

fn read_within(path: &Path, most: usize, remedy: &str) -> Result<Text, Unreadable> {
    // The longest text in UTF-16, and one byte more.
    let most_bytes = 2 * most as u64 + 3;
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin { "stdin".to_owned() } else { path.display().to_string() };
    let fail = |why: String| Unreadable { name: name.clone(), why };
    let mut bytes = Vec::new();
    let read = if is_stdin {
        io::stdin().lock().take(most_bytes).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most_bytes).read_to_end(&mut bytes))
    };
    read.map_err(|error| fail(said(&error)))?;
    let too_long = || fail(format!("longer than {most} bytes{remedy}"));
    if bytes.len() as u64 >= most_bytes {
        return Err(too_long());
    }
    let sql = decode(bytes).map_err(&fail)?;
    if sql.len() > most {
        return Err(too_long());
    }
    Ok(Text { name, sql })
}

fn unreadable(path: &Path, why: String) -> Unreadable {
    Unreadable { name: path.display().to_string(), why }
}

/// The system's message without its number.
fn said(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" (os error").map_or(text.clone(), |(message, _)| message.to_lowercase())
}
