//! Bytes of a file as they come, unpacked where they are packed, with an end that is told where it comes too early.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// Longest line of records: more than the server takes of one.
const MAX_LINE_BYTES: u64 = 8 * 1024 * 1024;

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a file, of standard input for `-`; those of gzip unpacked.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let name = || path.display().to_string();
    let file: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).with_context(name)?),
    };
    let mut bytes = BufReader::with_capacity(CHUNK, file);
    let is_packed = bytes.fill_buf().with_context(name)?.starts_with(&GZIP);
    Ok(match is_packed {
        true => Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(bytes))),
        false => Box::new(bytes),
    })
}

/// Gives the bytes of a file away as they come.
///
/// # Errors
/// What cannot be read, and where it stopped; what came before was given away.
pub fn chunks(path: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut bytes = open(path)?;
    loop {
        let chunk = bytes.fill_buf().map_err(|error| told(path, &error))?;
        if chunk.is_empty() {
            return Ok(());
        }
        let length = chunk.len();
        take(chunk)?;
        bytes.consume(length);
    }
}

/// Gives its lines away, with their numbers.
///
/// # Errors
/// As [`chunks`].
pub fn lines(
    path: &Path,
    mut take: impl FnMut(usize, Result<String, &'static str>) -> Result<()>,
) -> Result<()> {
    let mut bytes = open(path)?;
    for number in 1.. {
        let mut line = Vec::new();
        let read = bytes.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| told(path, &error))? == 0 {
            break;
        }
        if line.len() as u64 > MAX_LINE_BYTES {
            bail!("{}: line {number} is longer than 8 MiB", path.display());
        }
        let text = String::from_utf8(line).map_err(|_| "it is not valid UTF-8");
        match text {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => take(number, Ok(text.trim_end_matches(['\r', '\n']).to_owned()))?,
            Err(why) => take(number, Err(why))?,
        }
    }
    Ok(())
}

fn told(path: &Path, error: &io::Error) -> anyhow::Error {
    let name = path.display();
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            anyhow::anyhow!(
                "{name}: it ends too early, as where a download broke off; what came before was taken"
            )
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            anyhow::anyhow!(
                "{name}: it is packed and cannot be unpacked ({error}); what came before was taken"
            )
        }
        _ => anyhow::anyhow!("{name}: {error}"),
    }
}
