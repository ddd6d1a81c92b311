//! The body of a request: of a type that we read, not too long, and UTF-8.

use axum::body::Body as RawBody;
use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt;
use sqm_domain::limits::MAX_BODY_BYTES;

use crate::problem::{Kind, Problem};

/// How much of a body over the limit is read and thrown away before the answer: a client that is still
/// sending when the connection closes sees a broken connection instead of the problem. Over this, it does.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// The types of body that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`, or a type that ends in `+json`.
    Json,
    /// `application/x-ndjson`, and other names for one JSON text a line.
    Lines,
    /// `application/sql`, and `text/plain` which tools send for SQL files.
    Sql,
}

/// A body of at most [`MAX_BODY_BYTES`].
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// Its type, as the header says.
    pub media_type: MediaType,
    /// Its text.
    pub text: String,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let media_type = media_type(&parts.headers)?;
        let declared = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = read(body, declared).await?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { media_type, text }),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let (line, column) = place(&before, before.len());
                Err(Problem::new(Kind::InvalidEncoding)
                    .detail(format!("byte {} of the body is not valid UTF-8", valid + 1))
                    .at(line, column))
            }
        }
    }
}

/// Line and column, from 1, of a byte of a text.
pub(crate) fn place(text: &str, byte: usize) -> (u64, u64) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() as u64 + 1, before[line_start..].chars().count() as u64 + 1)
}

fn media_type(headers: &HeaderMap) -> Result<MediaType, Problem> {
    let unsupported = |detail: &'static str| Problem::new(Kind::UnsupportedMediaType).detail(detail);
    let value = headers
        .get(CONTENT_TYPE)
        .ok_or_else(|| unsupported("send a Content-Type header, such as application/json"))?
        .to_str()
        .map_err(|_| unsupported("the Content-Type is not ASCII"))?
        .to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    if charset.is_some_and(|charset| !matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii")) {
        return Err(unsupported("the charset must be UTF-8"));
    }
    match essence {
        "application/sql" | "text/sql" | "text/x-sql" | "text/plain" => Ok(MediaType::Sql),
        "application/json" => Ok(MediaType::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            Ok(MediaType::Lines)
        }
        _ if essence.starts_with("application/") && essence.ends_with("+json") => Ok(MediaType::Json),
        _ => Err(unsupported("send application/json")),
    }
}

async fn read(mut body: RawBody, declared: Option<usize>) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        Problem::new(Kind::BodyTooLarge)
            .detail(format!("at most {MAX_BODY_BYTES} bytes are taken"))
            .with("limit", MAX_BODY_BYTES)
    };
    if declared.is_some_and(|bytes| bytes > MAX_DISCARDED_BYTES) {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(declared.unwrap_or(0).min(MAX_BODY_BYTES));
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(Kind::MalformedJson).detail("the body could not be read to its end").cause(error)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&data);
        } else if seen > MAX_DISCARDED_BYTES {
            break;
        } else {
            bytes = Vec::new();
        }
    }
    if seen > MAX_BODY_BYTES { Err(too_large()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(content_type: Option<&str>, body: Vec<u8>, expected: Result<MediaType, Kind>) {
        let mut request = Request::builder();
        if let Some(value) = content_type {
            request = request.header(CONTENT_TYPE, value);
        }
        let request = request.body(RawBody::from(body)).unwrap();
        let outcome = Body::from_request(request, &()).await;
        assert_eq!(outcome.map(|body| body.media_type).map_err(|problem| problem.kind()), expected);
    }

    #[tokio::test]
    async fn types_lengths_and_encodings() {
        check(Some("application/json"), b"{}".to_vec(), Ok(MediaType::Json)).await;
        check(Some("Application/JSON; charset=UTF-8"), b"{}".to_vec(), Ok(MediaType::Json)).await;
        check(Some("application/merge-patch+json"), b"{}".to_vec(), Ok(MediaType::Json)).await;
        check(Some("application/sql"), b"SELECT 1".to_vec(), Ok(MediaType::Sql)).await;
        check(Some("application/json; charset=utf-16"), vec![], Err(Kind::UnsupportedMediaType)).await;
        check(Some("application/xml"), vec![], Err(Kind::UnsupportedMediaType)).await;
        check(None, b"{}".to_vec(), Err(Kind::UnsupportedMediaType)).await;
        check(Some("application/json"), b"{\"a\": \"\xff\"}".to_vec(), Err(Kind::InvalidEncoding)).await;
        check(Some("application/json"), vec![b' '; MAX_BODY_BYTES], Ok(MediaType::Json)).await;
        check(Some("application/json"), vec![b' '; MAX_BODY_BYTES + 1], Err(Kind::BodyTooLarge)).await;
        check(Some("application/json"), vec![b' '; 6_000_000], Err(Kind::BodyTooLarge)).await;
        check(Some("application/json"), vec![b' '; 17_000_000], Err(Kind::BodyTooLarge)).await;
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ä\nöü", "ä\nö".len()), (2, 2));
    }
}
