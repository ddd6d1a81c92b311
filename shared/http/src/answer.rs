//! The bytes of an answer, up to the length that reaches a caller.
//!
//! What is too long for the gateway as it is goes there compressed, if the caller takes that: the lineage of a
//! script that a machine wrote says the same some thousand times.

use std::io::{self, Write};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::problem::{Kind, Problem};

/// Longest answer, in bytes as AWS Lambda sees it: its payload of 6 MB (6,291,456 bytes) holds the body
/// as a string in JSON, and headers beside it. A longer one would reach the caller as an error of the
/// gateway that says nothing.
pub(crate) const MAX_BYTES: usize = 6_000_000;

/// Longest answer before it is compressed: what a function has the memory for.
pub(crate) const MAX_PLAIN_BYTES: usize = 64_000_000;

/// The bytes of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    /// Whether it only reaches the caller compressed.
    pub(crate) is_long: bool,
}

/// Marks a response that only reaches the caller compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Long;

/// A document as JSON, given up as soon as it is too long.
pub(crate) fn document(document: &impl Serialize) -> Result<Answer, Problem> {
    let mut answer = Bounded::default();
    match serde_json::to_writer(&mut answer, document) {
        Ok(()) => Ok(Answer { is_long: answer.carried > MAX_BYTES, bytes: answer.bytes }),
        Err(error) if error.is_io() => Err(too_long(MAX_PLAIN_BYTES)),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// A document as JSON, to be kept and answered.
///
/// # Errors
/// `answer-too-large`.
pub fn json(document: &impl Serialize) -> Result<String, Problem> {
    String::from_utf8(self::document(document)?.bytes).map_err(Problem::internal)
}

/// A text, if it is not too long.
pub(crate) fn text(text: String) -> Result<Answer, Problem> {
    match carried(text.as_bytes()) {
        length @ 0..=MAX_PLAIN_BYTES => Ok(Answer { bytes: text.into_bytes(), is_long: length > MAX_BYTES }),
        _ => Err(too_long(MAX_PLAIN_BYTES)),
    }
}

/// Compresses what is too long as it is, for those who take that.
pub(crate) async fn compress_long(request: Request, next: Next) -> Response {
    let takes_gzip = takes_gzip(request.headers());
    let response = next.run(request).await;
    if response.extensions().get::<Long>().is_none() {
        return response;
    }
    if !takes_gzip {
        let problem = Problem::new(Kind::AnswerTooLarge).with("limit", MAX_BYTES);
        let detail = format!(
            "it would have more than {MAX_BYTES} bytes: ask for it compressed, with `Accept-Encoding: gzip`, or about less at once"
        );
        return problem.detail(detail).into_response();
    }
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = to_bytes(body, MAX_PLAIN_BYTES).await else {
        return too_long(MAX_PLAIN_BYTES).into_response();
    };
    let work = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).and_then(|()| encoder.finish())
    });
    match work.await {
        // The gateway gets it in base64.
        Ok(Ok(bytes)) if bytes.len() / 3 * 4 <= MAX_BYTES => {
            parts.headers.remove(CONTENT_LENGTH);
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(parts, Body::from(bytes))
        }
        Ok(Ok(_)) => too_long(MAX_BYTES).into_response(),
        Ok(Err(error)) => Problem::internal(error).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// Whether the caller names gzip, or anything, among what it takes.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0"));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !is_refused
    })
}

fn too_long(limit: usize) -> Problem {
    Problem::new(Kind::AnswerTooLarge)
        .detail(format!("it would have more than {limit} bytes; ask about less at once"))
        .with("limit", limit)
}

#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    carried: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.carried += carried(bytes);
        if self.carried > MAX_PLAIN_BYTES {
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
    fn what_is_too_long_is_told_or_named() {
        // A string of quotes has them escaped, and the escapes escaped again: four bytes each.
        let is_long = |answer: Result<Answer, Problem>| answer.unwrap().is_long;
        let quotes = |count: usize| document(&"\"".repeat(count));
        assert_eq!(quotes(1_000_000).unwrap().bytes.len(), 2_000_002);
        assert!(!is_long(quotes(1_000_000)) && is_long(quotes(1_500_000)));
        assert!(!is_long(document(&"x".repeat(MAX_BYTES - 4))) && is_long(document(&"x".repeat(MAX_BYTES))));
        assert!(!is_long(text("x".repeat(MAX_BYTES))) && is_long(text("\n".repeat(MAX_BYTES))));
        assert_eq!(document(&"x".repeat(MAX_PLAIN_BYTES)).unwrap_err().kind(), Kind::AnswerTooLarge);
        assert_eq!(text("\n".repeat(MAX_PLAIN_BYTES)).unwrap_err().kind(), Kind::AnswerTooLarge);
    }

    #[test]
    fn who_takes_gzip_says_so() {
        for (value, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(takes_gzip(&headers), expected, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
