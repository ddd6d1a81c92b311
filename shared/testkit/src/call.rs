//! A request under construction.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt;
use serde::Serialize;

use crate::app::TestApp;
use crate::contract::{Asked, Contract};
use crate::response::Response;

/// What every answer says to those who pass it on.
const ALWAYS: [(&str, &[u8]); 3] = [
    ("vary", b"Authorization, Accept-Encoding"),
    ("x-content-type-options", b"nosniff"),
    ("referrer-policy", b"no-referrer"),
];

/// A request that is not sent yet.
#[must_use = "a request is sent by `send`"]
pub struct Call<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
    function: Option<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(app: &'a TestApp, method: &str, path: &str) -> Self {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Self {
            app,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            function: None,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Adds `If-Match`.
    pub fn if_match(self, etag: impl AsRef<str>) -> Self {
        self.header("if-match", etag.as_ref())
    }

    /// Adds `If-None-Match`.
    pub fn if_none_match(self, etag: impl AsRef<str>) -> Self {
        self.header("if-none-match", etag.as_ref())
    }

    /// Sets a JSON body, with its type.
    pub fn json(self, body: &impl Serialize) -> Self {
        self.raw("application/json", serde_json::to_vec(body).unwrap())
    }

    /// Sets a body of this type, whatever it is.
    pub fn raw(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        self.body(body)
    }

    /// Sets a body and says nothing of its type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it to this function, past the gateway.
    pub fn to_function(mut self, name: &str) -> Self {
        self.function = Some(name.to_owned());
        self
    }

    /// Sends it and checks what must hold of every answer.
    pub async fn send(self) -> Response {
        let asked = format!("{} {}", self.method, self.path);
        let mut request = Request::builder().method(&self.method).uri(&self.path);
        *request.headers_mut().unwrap() = self.headers.clone();
        let request = request.body(Body::from(self.body.clone())).unwrap();
        let answer = match &self.function {
            Some(function) => self.app.gateway.function(function, request).await,
            None => self.app.gateway.call(request).await,
        };
        let (parts, body) = answer.into_parts();
        for (name, value) in ALWAYS {
            assert_eq!(
                parts.headers.get(name).map(http::HeaderValue::as_bytes),
                Some(value),
                "{asked}: {name}"
            );
        }
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let response = Response::new(asked, parts.status, parts.headers, body);
        let asked = Asked {
            method: self.method.as_str(),
            target: &self.path,
            headers: &self.headers,
            body: &self.body,
        };
        Contract::of_checkout().check(&asked, &response);
        response
    }
}
