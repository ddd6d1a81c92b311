//! What every function's routes are wrapped in: authentication before anything is read, problems for
//! what no route answers, a net for panics, the request log, what caches are told, and headers that keep browsers
//! careful.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::catch_panic::CatchPanicLayer;

use crate::answer::compress_long;
use crate::auth::{Authenticator, authenticate};
use crate::caching::{Edge, told};
use crate::clock::Entropy;
use crate::compute::{REQUEST, within};
use crate::log::record;
use crate::open;
use crate::problem::{Kind, Problem};

/// Headers of every answer. The answers are data: no browser may guess a type, frame them or run them. They
/// depend on who asks: no cache may give one caller what it keeps of another one; and on whether it takes gzip.
const SECURITY: [(HeaderName, HeaderValue); 5] = [
    (VARY, HeaderValue::from_static("Authorization, Accept-Encoding")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer")),
];

/// The router of a function, out of its routes. Every one of them needs a token, except those that
/// every function has (`open`). What caches are told depends on the `edge` before them.
pub fn finish(
    routes: Router,
    authenticator: Arc<Authenticator>,
    entropy: Arc<dyn Entropy>,
    edge: Edge,
) -> Router {
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(authenticator, authenticate))
        .merge(open::routes().method_not_allowed_fallback(method_not_allowed))
        .fallback(not_found)
        .layer(from_fn(compress_long))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(edge, secure))
        .layer(from_fn(async |request: Request, next: Next| within(REQUEST, next.run(request)).await))
        .layer(from_fn_with_state(entropy, record))
}

async fn not_found(_: Uri) -> Problem {
    Problem::new(Kind::NotFound).detail("no route has this path")
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(Kind::MethodNotAllowed).detail(format!("{method} is not allowed here; see the Allow header"))
}

#[allow(clippy::needless_pass_by_value)] // The signature that the layer asks for.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::internal("a handler panicked; the line before says where").into_response()
}

async fn secure(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let query = request.uri().query().map(str::to_owned);
    let mut response = next.run(request).await;
    let answer = (response.status(), response.headers().contains_key(ETAG));
    let headers = response.headers_mut();
    headers.extend(SECURITY);
    let route = route.as_ref().map(MatchedPath::as_str);
    headers.entry(CACHE_CONTROL).or_insert_with(|| told(edge, &method, route, query.as_deref(), answer));
    response
}
