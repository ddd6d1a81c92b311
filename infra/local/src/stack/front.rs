//! The one address: what comes there is handed on to `cargo lambda watch` as API Gateway hands it on to
//! Lambda.
//!
//! cargo-lambda takes bodies of certain media types, and all headers, for UTF-8, and answers 500 where they
//! are not; API Gateway makes base64 of such a body and the function sees it. Here such a body gets a media
//! type in capitals, which means the same and of which cargo-lambda makes base64 as well.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use axum::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::edge::Edge;

/// Longest body that is handed on: three times what API Gateway takes, so that the functions are seen to refuse
/// what is too long.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How long an answer may take: twice what API Gateway waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The media type of a problem document.
const PROBLEM: &str = "application/problem+json";

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Front {
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Behind {
    edge: Edge,
    client: Client<HttpConnector, Body>,
    authority: Authority,
}

impl Front {
    /// Hands on to `behind`, a port on this machine, what comes to `port` and the edge does not answer.
    pub(super) async fn start(port: u16, behind: u16, edge: Edge) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.with_context(|| format!("listening on port {port}"))?;
        let behind = Behind {
            edge,
            client: Client::builder(TokioExecutor::new()).build_http(),
            authority: format!("127.0.0.1:{behind}").parse().context("an address of this machine")?,
        };
        let router = Router::new().fallback(serve).with_state(behind);
        let task = tokio::spawn(async move {
            // It ends when it is dropped, and no sooner.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { task })
    }

    /// Stops listening, and returns once the port is free.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        // That it was aborted is all that it can say.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(behind): State<Behind>, request: Request) -> Response {
    let edge = behind.edge.clone();
    edge.serve(request, |request| async move { hand_on(&behind, request).await }).await
}

async fn hand_on(behind: &Behind, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or was broken off");
    };
    let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(behind.authority.clone()).path_and_query(path);
    let Ok(uri) = uri.build() else {
        return problem(StatusCode::BAD_REQUEST, "the path is none");
    };
    parts.uri = uri;
    // The length is known by now.
    parts.headers.remove(TRANSFER_ENCODING);
    make_readable(&mut parts.headers);
    if std::str::from_utf8(&bytes).is_err() {
        capitalize_media_type(&mut parts.headers);
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    match timeout(ANSWER_WITHIN, behind.client.request(request)).await {
        Ok(Ok(response)) if is_of_the_emulator(&response) => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "cargo lambda watch lost the answer of the function: look whether what was to be written is there, and try again",
        ),
        Ok(Ok(response)) => response.map(Body::new),
        Ok(Err(why)) => {
            problem(StatusCode::BAD_GATEWAY, &format!("cargo lambda watch does not answer: {why}"))
        }
        Err(_) => problem(
            StatusCode::GATEWAY_TIMEOUT,
            &format!("cargo lambda watch does not answer within {} seconds", ANSWER_WITHIN.as_secs()),
        ),
    }
}

/// Whether it is an error of cargo-lambda's own: those of the functions are problem documents.
fn is_of_the_emulator<B>(response: &axum::http::Response<B>) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !media_type.is_some_and(|media_type| media_type.starts_with(PROBLEM))
}

/// A problem document, as the functions have them.
fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let document = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
    });
    (status, [(CONTENT_TYPE, PROBLEM)], document.to_string()).into_response()
}

/// Makes UTF-8 of headers, in which nobody takes a letter for another one.
fn make_readable(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        if std::str::from_utf8(value.as_bytes()).is_err() {
            let text = String::from_utf8_lossy(value.as_bytes());
            if let Ok(readable) = HeaderValue::from_bytes(text.as_bytes()) {
                *value = readable;
            }
        }
    }
}

fn capitalize_media_type(headers: &mut HeaderMap) {
    let Some(media_type) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
    let end = media_type.find(';').unwrap_or(media_type.len());
    let capitals = media_type[..end].to_ascii_uppercase() + &media_type[end..];
    if let Ok(value) = HeaderValue::from_str(&capitals) {
        headers.insert(CONTENT_TYPE, value);
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::any;

    use std::sync::Arc;
    use std::time::SystemTime;

    use sqm_http::SystemClock;
    use sqm_http::auth::{Authenticator, Expected, KeySource};

    use super::*;

    /// An edge that knows nobody.
    fn edge() -> Edge {
        let expected = Expected { issuer: "x".to_owned(), audience: "x".to_owned() };
        let keys = KeySource::File("/nowhere".into());
        Edge::new(Authenticator::new(keys, expected, Arc::new(SystemClock)), 0, SystemTime::now).unwrap()
    }

    #[tokio::test]
    async fn what_the_emulator_loses_is_a_problem_document() {
        let lost = any(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "{\"type\": \"x\"}") });
        let own = any(|| async { (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, PROBLEM)], "{}") });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let behind = listener.local_addr().unwrap().port();
        let router = Router::new().route("/lost", lost).route("/own", own);
        let served = tokio::spawn(async move { axum::serve(listener, router).await });
        let port = super::super::free_port().unwrap();
        let front = Front::start(port, behind, edge()).await.unwrap();
        let get = |path: &str| reqwest::get(format!("http://127.0.0.1:{port}{path}"));
        let lost = get("/lost").await.unwrap();
        assert_eq!(
            (lost.status().as_u16(), &lost.headers()[CONTENT_TYPE]),
            (503, &HeaderValue::from_static(PROBLEM))
        );
        assert!(lost.text().await.unwrap().contains("\"status\":503"));
        assert_eq!(get("/own").await.unwrap().status().as_u16(), 500);
        served.abort();
        let _ = served.await;
        let gone = get("/own").await.unwrap();
        assert_eq!(
            (gone.status().as_u16(), &gone.headers()[CONTENT_TYPE]),
            (502, &HeaderValue::from_static(PROBLEM))
        );
        front.stop().await;
    }

    /// What a request looks like behind the front: its path, its headers and its body.
    async fn seen(request: reqwest::RequestBuilder, front: u16) -> String {
        let echo = any(|request: Request| async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, MOST_BYTES).await.unwrap();
            let header = |name: &str| {
                parts.headers.get(name).map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap())
            };
            format!("{} {:?} {:?} {body:?}", parts.uri, header("content-type"), header("x-said"))
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let behind = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(echo)).await });
        let front = Front::start(front, behind, edge()).await.unwrap();
        let text = request.send().await.unwrap().text().await.unwrap();
        front.stop().await;
        text
    }

    #[tokio::test]
    async fn what_is_no_utf_8_arrives_whole() {
        let port = super::super::free_port().unwrap();
        let post = |body: &[u8]| {
            let url = format!("http://127.0.0.1:{port}/a%2Fb/..%2Fc?d=%ff&e");
            let said = HeaderValue::from_bytes(b"a\xff").unwrap();
            let client = reqwest::Client::new().post(url).header("x-said", said);
            client.header("content-type", "text/plain; charset=utf-8").body(body.to_vec())
        };
        assert_eq!(
            seen(post("ü".as_bytes()), port).await,
            "/a%2Fb/..%2Fc?d=%ff&e Some(\"text/plain; charset=utf-8\") Some(\"a\u{fffd}\") b\"\\xc3\\xbc\""
        );
        assert_eq!(
            seen(post(b"\xff"), port).await,
            "/a%2Fb/..%2Fc?d=%ff&e Some(\"TEXT/PLAIN; charset=utf-8\") Some(\"a\u{fffd}\") b\"\\xff\""
        );
    }
}
