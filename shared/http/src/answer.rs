//! The bytes of an answer, up to the length that reaches a caller.

use std::io::{self, Write};

use serde::Serialize;

use crate::problem::{Kind, Problem};

/// Longest answer, in bytes as AWS Lambda sees it: its payload of 6 MB (6,291,456 bytes) holds the body
/// as a string in JSON, and headers beside it. A longer one would reach the caller as an error of the
/// gateway that says nothing.
pub(crate) const MAX_BYTES: usize = 6_000_000;

/// A document as JSON, given up as soon as it is too long.
pub(crate) fn document(document: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut answer = Bounded::default();
    match serde_json::to_writer(&mut answer, document) {
        Ok(()) => Ok(answer.bytes),
        Err(error) if error.is_io() => Err(too_long()),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// A text, if it is not too long.
pub(crate) fn text(text: String) -> Result<Vec<u8>, Problem> {
    match carried(text.as_bytes()) {
        0..=MAX_BYTES => Ok(text.into_bytes()),
        _ => Err(too_long()),
    }
}

fn too_long() -> Problem {
    Problem::new(Kind::AnswerTooLarge)
        .detail(format!("it would have more than {MAX_BYTES} bytes; ask about less at once"))
        .with("limit", MAX_BYTES)
}

#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    carried: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.carried += carried(bytes);
        if self.carried > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of these bytes inside a string in JSON.
fn carried(bytes: &[u8]) -> usize {
    let escaped = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    bytes.iter().map(escaped).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_what_carries_it() {
        for bytes in ["plain", "\"quoted\"", "a\\b\n\r\t", "bell\u{7}", "größe"] {
            let carrier = serde_json::to_string(bytes).unwrap();
            assert_eq!(carried(bytes.as_bytes()) + 2, carrier.len(), "{bytes}");
        }
    }

    #[test]
    fn what_is_too_long_is_named() {
        // A string of quotes has them escaped, and the escapes escaped again: four bytes each.
        let quotes = |count: usize| document(&"\"".repeat(count));
        assert_eq!(quotes(1_000_000).unwrap().len(), 2_000_002);
        assert_eq!(quotes(1_500_000).unwrap_err().kind(), Kind::AnswerTooLarge);
        assert_eq!(document(&"x".repeat(MAX_BYTES - 4)).unwrap().len(), MAX_BYTES - 2);
        assert_eq!(document(&"x".repeat(MAX_BYTES)).unwrap_err().kind(), Kind::AnswerTooLarge);
        assert_eq!(text("x".repeat(MAX_BYTES)).unwrap().len(), MAX_BYTES);
        assert_eq!(text("\n".repeat(MAX_BYTES)).unwrap_err().kind(), Kind::AnswerTooLarge);
    }
}
