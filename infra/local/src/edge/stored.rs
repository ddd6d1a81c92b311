//! An answer as it is kept, and under what.

use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::header::{AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_cache_semantics::CachePolicy;
use sqm_http::{ETag, Preconditions};

/// What an answer is kept under: whatever it may depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Path and query as they were sent.
    pub target: String,
    /// Whose it is.
    pub tenant: String,
    /// Whether it may be compressed.
    pub gzip: bool,
}

impl Key {
    pub(super) fn bytes(&self) -> usize {
        self.target.len() + self.tenant.len() + 64
    }
}

/// When something is shown beyond its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// The origin does not answer.
    IfError,
    /// The origin is asked meanwhile.
    WhileRevalidate,
}

/// An answer as it is kept.
#[derive(Debug)]
pub(super) struct Stored {
    pub policy: CachePolicy,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Stored {
    pub(super) fn bytes(&self) -> usize {
        // The headers stand here, and with those of the request in the policy.
        self.body.len() + 2_048
    }

    /// Whether it may be shown beyond its time, where that is as it is (RFC 5861).
    pub(super) fn may_be_stale(&self, stale: Stale, now: SystemTime) -> bool {
        let seconds = |name| directive(&self.headers, name);
        let fresh = seconds("s-maxage").or_else(|| seconds("max-age")).unwrap_or(0);
        let allowed = seconds(match stale {
            Stale::IfError => "stale-if-error",
            Stale::WhileRevalidate => "stale-while-revalidate",
        });
        let allowed = allowed.unwrap_or(0);
        allowed > 0 && self.policy.age(now) <= Duration::from_secs(fresh.saturating_add(allowed))
    }

    /// The answer with its age: 304 where the caller has it already.
    pub(super) fn answer(&self, conditions: &Preconditions, now: SystemTime) -> Response {
        let mut headers = self.headers.clone();
        headers.insert(AGE, HeaderValue::from(self.policy.age(now).as_secs()));
        let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(ETag::new);
        let is_known = tag.is_some_and(|tag| conditions.not_modified(&tag));
        if is_known {
            headers.remove(CONTENT_LENGTH);
            headers.remove(CONTENT_TYPE);
        }
        let body = if is_known { Body::empty() } else { Body::from(self.body.clone()) };
        let mut answer = Response::new(body);
        *answer.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        *answer.headers_mut() = headers;
        answer
    }
}

/// The number of a directive.
fn directive(headers: &HeaderMap, name: &str) -> Option<u64> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|one| {
        let (found, number) = one.trim().split_once('=')?;
        if found.eq_ignore_ascii_case(name) { number.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_in_any_case_and_place() {
        let headers: HeaderMap =
            [(CACHE_CONTROL, HeaderValue::from_static("public, Max-Age=5,stale-if-error=7, x=1"))]
                .into_iter()
                .collect();
        assert_eq!(
            ["max-age", "stale-if-error", "s-maxage", "public"].map(|name| directive(&headers, name)),
            [Some(5), Some(7), None, None]
        );
    }
}
