//! An answer, and what must hold of every answer.

use std::fmt::Write;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use sqm_http::Kind;

/// Headers that every answer carries.
const ALWAYS: &[&str] = &[
    "x-request-id",
    "x-content-type-options",
    "content-security-policy",
    "strict-transport-security",
    "referrer-policy",
    "cache-control",
];

/// An answer, read to its end.
#[derive(Clone)]
pub struct Response {
    /// Which request it answers.
    asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(asked: String, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        let response = Self { asked, status, headers, body };
        for name in ALWAYS {
            assert!(response.headers.contains_key(*name), "no {name} in {response:?}");
        }
        if status.is_client_error() || status.is_server_error() {
            response.check_problem();
        }
        response
    }

    /// Goes on if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// The document of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// The document of a 201.
    #[track_caller]
    pub fn created(self) -> Value {
        self.expect(201).json()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let media_type = self.header("content-type");
        assert!(media_type.ends_with("json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name} in {self:?}");
        values[0].to_str().unwrap()
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    /// The document of a problem, which must be of this kind.
    #[track_caller]
    pub fn problem(&self, kind: Kind) -> Value {
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{}", kind.slug()), "{self:?}");
        assert_eq!(problem["title"], kind.title(), "{self:?}");
        assert_eq!(self.status, kind.status(), "{self:?}");
        problem
    }

    /// The kind of a problem.
    pub fn kind(&self) -> Option<Kind> {
        if self.status.as_u16() < 400 {
            return None;
        }
        let problem = self.json();
        Kind::ALL.iter().copied().find(|kind| problem["type"] == format!("/problems/{}", kind.slug()))
    }

    /// What RFC 9457 and the project ask of every problem.
    fn check_problem(&self) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        if self.body.is_empty() && self.asked.starts_with("HEAD ") {
            return;
        }
        let problem = self.json();
        let kind = self.kind().unwrap_or_else(|| panic!("an unknown type: {self:?}"));
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        assert_eq!(kind.status(), self.status, "{self:?}");
        assert_eq!(problem["title"], kind.title(), "{self:?}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{self:?}");
        let said = problem["detail"].as_str().is_some_and(|detail| !detail.is_empty());
        assert!(said || self.status.is_server_error(), "no detail: {self:?}");
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(2_000).collect();
        let mut headers = String::new();
        for (name, value) in &self.headers {
            write!(headers, "\n  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "{} → {}{headers}\n  {shown}", self.asked, self.status)
    }
}
