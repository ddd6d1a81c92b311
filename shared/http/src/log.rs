//! One line of JSON for each request. It never holds SQL, a token, a literal or a raw path: only the
//! template of the route.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use lambda_http::RequestExt;
use tracing_subscriber::EnvFilter;

use crate::caller::Caller;
use crate::clock::Entropy;
use crate::problem::Problem;

/// The header that carries the id of a request in the answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The id under which the log knows a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lambda's id, else the root of the trace, else a new one.
    fn of(request: &Request, entropy: &dyn Entropy) -> Self {
        let lambda = request.lambda_context_ref().map(|context| context.request_id.as_str());
        let trace = request.headers().get(TRACE_ID).and_then(|value| {
            let root = value.to_str().ok()?.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
            Some(root)
        });
        let id = [lambda, trace].into_iter().flatten().find(|id| is_plain(id));
        Self(match id {
            Some(id) => Arc::from(id),
            None => Arc::from(uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid().to_string()),
        })
    }
}

/// Whether an id that came from outside can stand in a log and in a header.
fn is_plain(id: &str) -> bool {
    (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Starts to write lines of JSON to standard output. `filter` is as `RUST_LOG` has it, such as
/// `info,sqm_http=debug`. A second start changes nothing.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter);
    if lines.try_init().is_ok() {
        // The message of a panic may quote what was being worked on; where it happened is enough.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(panic.location = place, "panic");
        }));
    }
}

/// Gives a request its id, lets it pass, and writes its line.
pub async fn record(State(entropy): State<Arc<dyn Entropy>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(&request, entropy.as_ref());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(id.clone());

    let (mut response, tally) = sqm_cache::tallied(next.run(request)).await;

    let problem = response.extensions_mut().remove::<Problem>();
    let caller = response.extensions_mut().remove::<Caller>();
    if let Some(problem) = &problem {
        // Layers in between may have added headers: the new answer keeps them.
        let (kept, headers) = (problem.answer(Some(id.as_str())), std::mem::take(response.headers_mut()));
        response = kept;
        for (name, value) in &headers {
            if !response.headers().contains_key(name) && name != http::header::CONTENT_LENGTH {
                response.headers_mut().append(name, value.clone());
            }
        }
    }
    if let Ok(value) = HeaderValue::try_from(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }

    let status = response.status().as_u16();
    let causes = problem.as_ref().and_then(Problem::causes);
    let line = Line {
        id: id.as_str(),
        method: method.as_str(),
        route: route.as_deref().unwrap_or("none"),
        status,
        duration_ms: started.elapsed().as_secs_f64() * 1000.0,
        workspace: caller.as_ref().map(|caller| caller.workspace().as_str()),
        problem: problem.as_ref().map(|problem| problem.kind().slug()),
        cache: tally.line(),
    };
    line.write(causes.as_deref());
    response
}

struct Line<'a> {
    id: &'a str,
    method: &'a str,
    route: &'a str,
    status: u16,
    duration_ms: f64,
    workspace: Option<&'a str>,
    problem: Option<&'a str>,
    /// What came of asking each level of the cache.
    cache: Option<String>,
}

impl Line<'_> {
    fn write(&self, causes: Option<&str>) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request.id = self.id,
                    http.method = self.method,
                    http.route = self.route,
                    http.status = self.status,
                    duration_ms = self.duration_ms,
                    workspace = self.workspace,
                    problem = self.problem,
                    cache = self.cache,
                    error = causes,
                    "request"
                )
            };
        }
        if self.status >= 500 { line!(error) } else { line!(info) }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::clock::SystemEntropy;

    fn check(trace: &str, expected: Option<&str>) {
        let request = Request::builder().header(TRACE_ID, trace).body(Body::empty()).unwrap();
        let id = RequestId::of(&request, &SystemEntropy);
        match expected {
            Some(expected) => assert_eq!(id.as_str(), expected),
            None => assert!(uuid::Uuid::try_parse(id.as_str()).is_ok(), "{}", id.as_str()),
        }
    }

    #[test]
    fn ids_come_from_the_trace_or_are_made() {
        check(
            "Root=1-67891233-abcdef012345678912345678;Sampled=1",
            Some("1-67891233-abcdef012345678912345678"),
        );
        check("Self=1-2-3; Root=1-2-4", Some("1-2-4"));
        check("Root=", None);
        check("Root=<script>", None);
        check("nothing", None);
    }
}
