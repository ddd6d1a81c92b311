//! Problems as RFC 9457 has them. What a caller reads is written for the caller; what went wrong inside
//! is a cause, which the request log shows and no answer does.

mod kind;
mod sql;
mod store;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};
use sqm_domain::{InvalidId, InvalidName, InvalidSql, UnknownDialect, limits};

pub use kind::Kind;
pub use sql::sql_text;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Longest detail, in characters: messages of parsers repeat what they read, which may be long.
const MAX_DETAIL_CHARS: usize = 500;

/// An answer that says what is wrong.
#[derive(Clone)]
pub struct Problem(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    detail: Option<Cow<'static, str>>,
    members: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of this kind, without detail.
    pub fn new(kind: Kind) -> Self {
        Self(Arc::new(Inner {
            kind,
            detail: None,
            members: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// Our fault: the caller learns the request id alone, the log learns the cause.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal).cause(cause)
    }

    /// A service that we rely on does not answer; the caller may come again after some seconds.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>, retry_after_s: u32) -> Self {
        Self::new(Kind::Unavailable).header(RETRY_AFTER, HeaderValue::from(retry_after_s)).cause(cause)
    }

    /// There is no such thing, or none that the caller may see.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(Kind::NotFound).detail(format!("no such {what}"))
    }

    /// A cursor that nobody has handed out, or for another list.
    pub fn invalid_cursor() -> Self {
        Self::new(Kind::InvalidCursor)
            .detail("the cursor does not belong to this list")
            .with("parameter", "cursor")
    }

    /// A field of the body is wrong. `path` is written as `schema.tables[2].name`.
    pub fn field(path: impl Into<String>, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidField).detail(why).with("field", path.into())
    }

    /// A parameter of the path or the query string is wrong.
    pub fn parameter(name: impl Into<String>, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidParameter).detail(why).with("parameter", name.into())
    }

    /// Says what is wrong this time; cut after 500 characters.
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL_CHARS) {
            detail = format!("{} …", &detail[..end]).into();
        }
        self.change(|inner| inner.detail = Some(detail))
    }

    /// Adds an extension member.
    pub fn with(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.change(|inner| {
            inner.members.insert(name.to_owned(), value.into());
        })
    }

    /// Adds the place in a text: line and column, from 1, the column in characters.
    pub fn at(self, line: impl Into<u64>, column: impl Into<u64>) -> Self {
        self.with("line", line.into()).with("column", column.into())
    }

    /// Adds a header to the answer.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.change(|inner| {
            inner.headers.append(name, value);
        })
    }

    /// Keeps what went wrong inside, for the log alone.
    pub fn cause(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        self.change(|inner| inner.cause = Some(Arc::from(cause)))
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// An extension member.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.members.get(name)
    }

    /// What went wrong inside, with everything that led to it; nothing of it is for a caller.
    pub fn causes(&self) -> Option<String> {
        let cause: &(dyn Error + 'static) = self.0.cause.as_deref()?;
        let chain: Vec<_> =
            std::iter::successors(Some(cause), |&cause| cause.source()).map(ToString::to_string).collect();
        Some(chain.join(": "))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The document of a problem that is a part of an answer.
    pub fn described(&self) -> Value {
        self.document(None)
    }

    /// The document, with the id under which the log knows the request.
    fn document(&self, request_id: Option<&str>) -> Value {
        let mut document = self.0.members.clone();
        let kind = self.0.kind;
        document.insert("type".into(), format!("/problems/{}", kind.slug()).into());
        document.insert("title".into(), kind.title().into());
        document.insert("status".into(), kind.status().as_u16().into());
        if let (Some(detail), true) = (&self.0.detail, kind != Kind::Internal) {
            document.insert("detail".into(), detail.as_ref().into());
        }
        if let Some(id) = request_id {
            document.insert("request_id".into(), id.into());
        }
        Value::Object(document)
    }

    /// The answer, with the id under which the log knows the request.
    pub(crate) fn answer(&self, request_id: Option<&str>) -> Response {
        let mut response = (self.0.kind.status(), self.document(request_id).to_string()).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers.clone());
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.kind.status()
    }
}

impl IntoResponse for Problem {
    /// The problem itself travels along as an extension, so that the request log can add its id and see
    /// the cause.
    fn into_response(self) -> Response {
        let mut response = self.answer(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({}, {:?}, {:?})", self.0.kind.slug(), self.0.detail, self.causes())
    }
}

impl From<InvalidSql> for Problem {
    fn from(error: InvalidSql) -> Self {
        let problem = Self::new(Kind::InvalidSql).detail(error.to_string()).with("field", "sql");
        match error {
            InvalidSql::Empty => problem,
            InvalidSql::TooLong { .. } => problem.with("limit", limits::MAX_SCRIPT_BYTES),
            InvalidSql::Nul { line, column } => problem.at(line, column),
        }
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        Self::new(Kind::InvalidParameter).detail(error.to_string())
    }
}

impl From<InvalidName> for Problem {
    fn from(error: InvalidName) -> Self {
        Self::new(Kind::InvalidParameter).detail(error.to_string())
    }
}

impl From<UnknownDialect> for Problem {
    fn from(error: UnknownDialect) -> Self {
        Self::field("dialect", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_kind_place_and_request() {
        let problem = Problem::new(Kind::MalformedJson).detail("expected a value").at(3u64, 7u64);
        assert_eq!(
            problem.document(Some("r-1")),
            serde_json::json!({
                "type": "/problems/malformed-json",
                "title": "The body is not well-formed JSON",
                "status": 400,
                "detail": "expected a value",
                "line": 3,
                "column": 7,
                "request_id": "r-1",
            })
        );
    }

    #[test]
    fn an_internal_problem_keeps_its_cause_to_the_log() {
        let problem = Problem::internal("the key of table x is y").detail("and more");
        assert!(!problem.document(None).to_string().contains("key of table"));
        assert!(!problem.document(None).to_string().contains("and more"));
        assert_eq!(problem.causes().as_deref(), Some("the key of table x is y"));
    }

    #[test]
    fn long_details_are_cut_between_characters() {
        let problem = Problem::new(Kind::InvalidField).detail("ä".repeat(9_000));
        let document = problem.document(None);
        assert_eq!(document["detail"].as_str().map(|detail| detail.chars().count()), Some(502));
    }

    #[test]
    fn members_cannot_replace_the_standard_ones() {
        let problem = Problem::new(Kind::NotFound).with("status", 200);
        assert_eq!(problem.document(None)["status"], 404);
    }
}
