//! Answers that are no problems: a status, a document, and the tag of the state that it is. Who may keep them is
//! said by [`crate::caching`].

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::{self, Answer, Long};
use crate::etag::{ETag, Preconditions};
use crate::problem::Problem;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Option<Result<Answer, Problem>>,
    media_type: HeaderValue,
    etag: Option<ETag>,
}

impl Reply {
    fn new(status: StatusCode, body: Option<Result<Answer, Problem>>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body,
            media_type: HeaderValue::from_static("application/json"),
            etag: None,
        }
    }

    /// 200 with a document.
    pub fn ok(document: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, Some(answer::document(document)))
    }

    /// 200 with a document that is written already.
    pub fn json(document: String) -> Self {
        Self::new(StatusCode::OK, Some(answer::text(document)))
    }

    /// 201 with a document and the address of what was created.
    pub fn created(document: &impl Serialize, location: &str) -> Self {
        Self::new(StatusCode::CREATED, Some(answer::document(document))).header(LOCATION, location)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }

    /// 304: the caller has the state of this tag already.
    pub fn not_modified(etag: ETag) -> Self {
        Self::new(StatusCode::NOT_MODIFIED, None).etag(etag)
    }

    /// 200 with a text of another type than JSON.
    pub fn text(text: String, media_type: &'static str) -> Self {
        let mut reply = Self::new(StatusCode::OK, Some(answer::text(text)));
        reply.media_type = HeaderValue::from_static(media_type);
        reply
    }

    /// Sets the entity tag.
    pub fn etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// A hash of the bytes of its document.
    pub(crate) fn hash(&self) -> Option<String> {
        let answer = self.body.as_ref().and_then(|body| body.as_ref().ok());
        answer.map(|answer| format!("{:x}", Sha256::digest(&answer.bytes)))
    }

    /// Adds a link (RFC 8288), such as the next page of a list.
    pub fn link(self, target: &str, relation: &'static str) -> Self {
        self.header(LINK, &format!("<{target}>; rel=\"{relation}\""))
    }

    /// Adds a header; a value that no header can hold is left out.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// Turns into 304 if the caller has this state already. For answers to GET alone.
    pub fn unless_known(mut self, preconditions: &Preconditions) -> Self {
        if self.etag.as_ref().is_some_and(|etag| preconditions.not_modified(etag)) {
            self.status = StatusCode::NOT_MODIFIED;
            self.body = None;
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut headers = self.headers;
        headers.extend(self.etag.as_ref().and_then(ETag::header));
        match self.body {
            None => (self.status, headers).into_response(),
            Some(Ok(Answer { bytes, is_long })) => {
                headers.insert(CONTENT_TYPE, self.media_type);
                let mut response = (self.status, headers, bytes).into_response();
                if is_long {
                    response.extensions_mut().insert(Long);
                }
                response
            }
            Some(Err(problem)) => problem.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_its_tag() {
        let response = Reply::ok(&1).etag(ETag::new(7)).into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()["etag"], "\"7\"");
    }

    #[test]
    fn a_location_cannot_split_the_header() {
        let response = Reply::created(&1, "/v1/x\r\nset-cookie: a=b").into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert!(response.headers().get("set-cookie").is_none());
    }
}
