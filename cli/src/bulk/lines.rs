//! Lines of a stream, none of them longer than memory allows.

use std::io::{self, BufRead, BufReader, Read};

/// Longest line that is looked at, in bytes: two scripts of 1 MiB and as much DDL, every character of
/// them escaped in six bytes, stay below, and so does the schema of any warehouse we have seen.
pub const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it holds; only the start of a line that is too long.
    pub bytes: Vec<u8>,
    /// Whether it is longer than [`MOST_BYTES`].
    pub is_too_long: bool,
}

/// Reads lines.
pub struct Lines<R> {
    reader: BufReader<R>,
    most: u64,
    is_first: bool,
}

impl<R: Read> Lines<R> {
    /// Of this stream.
    pub fn new(stream: R) -> Self {
        Self { reader: BufReader::with_capacity(128 * 1024, stream), most: MOST_BYTES, is_first: true }
    }

    /// Whether the next line can be had without waiting.
    pub fn has_line(&self) -> bool {
        self.reader.buffer().contains(&b'\n')
    }

    /// The next line; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let read = Read::by_ref(&mut self.reader).take(self.most + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        let mut is_too_long = false;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if read as u64 > self.most {
            is_too_long = true;
            self.reader.skip_until(b'\n')?;
        }
        if std::mem::take(&mut self.is_first) && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Some(Line { bytes, is_too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], most: u64) -> Vec<(String, bool)> {
        let mut lines = Lines { most, ..Lines::new(text) };
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((String::from_utf8(line.bytes).unwrap(), line.is_too_long));
        }
        all
    }

    #[test]
    fn every_line_counts_and_a_long_one_is_cut() {
        let of = |text: &str, long| (text.to_owned(), long);
        assert_eq!(read(b"", 9), []);
        assert_eq!(read(b"\xef\xbb\xbfa\n\nb", 9), [of("a", false), of("", false), of("b", false)]);
        assert_eq!(read(b"abcd\nabcde\nabc\n", 4), [of("abcd", false), of("abcde", true), of("abc", false)]);
        assert_eq!(read(b"abcdefgh", 4), [of("abcde", true)]);
    }
}
