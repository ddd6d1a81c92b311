//! The edge of one machine: an HTTP cache before the functions, which follows RFC 9111 (`http-cache-semantics` decides),
//! keeps the routes that the table names (`sqm_http::caching`) and tells workspaces apart as CloudFront does it with the
//! function of `infra/edge`.
//!
//! What callers are told apart by takes the place of the token in everything that the cache decides, so that `Vary:
//! Authorization` keeps them apart by it. The origin gets the token itself, and verifies it. A token that is not accepted
//! goes there as well, and what is answered to it is kept by nobody; nor is what is answered to HEAD. Equal requests go there
//! together where what one of them brings may be shown to the others; where the origin is to be asked each time, it is.

mod asked;
mod flight;
mod stored;
mod told;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::http::header::{AGE, CONNECTION, ETAG, RANGE, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use http_cache_semantics::{AfterResponse, BeforeRequest, CachePolicy};
use moka::future::Cache;
use sqm_http::Preconditions;
use sqm_http::auth::Authenticator;
use sqm_http::caching::{Kept, RULES};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use asked::{Asked, takes_gzip};
use flight::{Flights, Joined, Landing};
use stored::{Key, Stale, Stored};
use told::Told;

/// How much is kept where nobody says otherwise, in bytes: ten thousand queries with their versions, lineages and analyses
/// take some 200 MiB.
pub const BYTES: u64 = 256 << 20;

/// Longest answer that is kept: a longer one does not come through the gateway.
const MOST_BYTES: usize = 8 << 20;

/// Longest wait for what an equal request went for: as long as the gateway waits.
const WAIT: Duration = Duration::from_secs(30);

/// How many ask the origin at once whether what was shown meanwhile holds. Beyond, who asks waits.
const BEHIND: usize = 16;

/// Whose answer it is, where everybody's is the same.
const EVERYBODY: &str = "open";

/// How often each came of a request.
#[derive(Debug, Default)]
pub struct Counts {
    /// Answered without the origin.
    pub hits: AtomicU64,
    /// Answered with what was kept, of which the origin said that it holds.
    pub revalidated: AtomicU64,
    /// Answered by the origin, where something might have been kept.
    pub misses: AtomicU64,
    /// Answered with what an equal request went for.
    pub collapsed: AtomicU64,
    /// Answered with what was kept, since the origin did not answer.
    pub stale: AtomicU64,
    /// Answered with what was kept, while the origin was asked whether it holds.
    pub meanwhile: AtomicU64,
    /// What is kept by nobody.
    pub passed: AtomicU64,
}

/// The edge. Cloning is cheap and shares what is kept.
#[derive(Clone)]
pub struct Edge {
    authenticator: Arc<Authenticator>,
    routes: Arc<matchit::Router<Kept>>,
    kept: Cache<Key, Arc<Stored>>,
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    counts: Arc<Counts>,
    flights: Flights,
    behind: Arc<Semaphore>,
}

impl Edge {
    /// An edge that keeps so many bytes, verifies tokens like this and asks `now` for the time.
    ///
    /// # Errors
    /// Two rows of the table are one route.
    pub fn new(
        authenticator: Authenticator,
        bytes: u64,
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let mut routes = matchit::Router::new();
        for rule in RULES {
            routes.insert(rule.path, rule.kept)?;
        }
        let weigh =
            |key: &Key, stored: &Arc<Stored>| u32::try_from(key.bytes() + stored.bytes()).unwrap_or(u32::MAX);
        Ok(Self {
            authenticator: Arc::new(authenticator),
            routes: Arc::new(routes),
            kept: Cache::builder().max_capacity(bytes).weigher(weigh).build(),
            now: Arc::new(now),
            counts: Arc::default(),
            flights: Flights::default(),
            behind: Arc::new(Semaphore::new(BEHIND)),
        })
    }

    /// What came of the requests so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many bytes are kept, once what is due has gone.
    pub async fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks().await;
        self.kept.weighted_size()
    }

    /// Answers a request, by asking the origin where it must.
    pub async fn serve<F: Future<Output = Response> + Send + 'static>(
        &self,
        request: Request<Body>,
        origin: impl FnOnce(Request<Body>) -> F + Send + 'static,
    ) -> Response {
        // The way to the origin is large, and stands below in several places.
        let origin = |request| Box::pin(origin(request));
        let (parts, body) = request.into_parts();
        let Some((key, kept, conditions)) = self.key(&parts).await else {
            return self.told((Told::Passed, origin(Request::from_parts(parts, body)).await));
        };
        let asked = Asked::of(parts, conditions, &key);
        let Some(stored) = self.kept.get(&key).await else {
            return match kept {
                Kept::Addressed | Kept::Open => self.together(key, asked, origin).await,
                // What is under way may be older than a write that was acknowledged before this request came.
                _ => self.told(self.keep(key, &asked, origin(asked.request(None)).await).await),
            };
        };
        let now = (self.now)();
        match stored.policy.before_request(&asked.keyed, now) {
            BeforeRequest::Fresh(_) => self.told((Told::Hit, stored.answer(&asked.conditions, now))),
            BeforeRequest::Stale { matches, .. } => {
                let tag = stored.headers.get(ETAG).filter(|_| matches).cloned();
                if matches && !asked.is_particular() && stored.may_be_stale(Stale::WhileRevalidate, now) {
                    let shown = (Told::Meanwhile, stored.answer(&asked.conditions, now));
                    match (self.flights.join(&key), self.behind.clone().try_acquire_owned()) {
                        (Joined::Follows(_), _) => return self.told(shown),
                        (Joined::Leads(lead), Ok(turn)) => {
                            let edge = self.clone();
                            tokio::spawn(async move {
                                let answer = origin(asked.request(tag.as_ref())).await;
                                edge.renewed(key, &asked, &stored, answer).await;
                                lead.land();
                                drop(turn);
                            });
                            return self.told(shown);
                        }
                        (Joined::Leads(_), Err(_)) => {}
                    }
                }
                let answer = origin(asked.request(tag.as_ref())).await;
                self.told(self.renewed(key, &asked, &stored, answer).await)
            }
        }
    }

    /// Answers a request for what is not kept, which equal ones may go for together.
    async fn together<F: Future<Output = Response> + Send>(
        &self,
        key: Key,
        asked: Asked,
        origin: impl FnOnce(Request<Body>) -> F + Send,
    ) -> Response {
        loop {
            let landing: Landing = match self.flights.join(&key) {
                Joined::Leads(lead) => {
                    // The one before may have landed since it was not there.
                    if let Some(answer) = self.fetched(&key, &asked).await {
                        return answer;
                    }
                    let told = self.keep(key, &asked, origin(asked.request(None)).await).await;
                    lead.land();
                    return self.told(told);
                }
                Joined::Follows(landing) => landing,
            };
            // One that was cut off has left its place to the next.
            if timeout(WAIT, landing.reached()).await != Ok(false) {
                break;
            }
        }
        if let Some(answer) = self.fetched(&key, &asked).await {
            return answer;
        }
        // It was nothing that may be shown to others.
        self.told(self.keep(key, &asked, origin(asked.request(None)).await).await)
    }

    /// The answer that an equal request went for, where it may be shown to this one.
    async fn fetched(&self, key: &Key, asked: &Asked) -> Option<Response> {
        let (now, stored) = ((self.now)(), self.kept.get(key).await?);
        match stored.policy.before_request(&asked.keyed, now) {
            BeforeRequest::Fresh(_) => {
                Some(self.told((Told::Collapsed, stored.answer(&asked.conditions, now))))
            }
            BeforeRequest::Stale { .. } => None,
        }
    }

    /// What an answer may be kept under, what kind of route it is of, and what the caller has: of a GET of a route that edges
    /// keep, by somebody known.
    async fn key(&self, request: &Parts) -> Option<(Key, Kept, Preconditions)> {
        let (uri, headers) = (&request.uri, &request.headers);
        let kept = *self.routes.at(uri.path()).ok()?.value;
        // Parts of an answer, and conditions that are none, are the origin's business.
        if request.method != Method::GET || !kept.is_kept_by_edges() || headers.contains_key(RANGE) {
            return None;
        }
        let conditions = Preconditions::of(headers).ok()?;
        let tenant = match kept {
            Kept::Open => EVERYBODY.to_owned(),
            _ => self.authenticator.caller(headers).await.ok()?.tenant(),
        };
        let target = uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string);
        Some((Key { target, tenant, gzip: takes_gzip(headers) }, kept, conditions))
    }

    /// What is answered where something is kept that is due, and the origin was asked about it.
    async fn renewed(&self, key: Key, asked: &Asked, stored: &Stored, answer: Response) -> (Told, Response) {
        let now = (self.now)();
        if answer.status().is_server_error() {
            return match stored.may_be_stale(Stale::IfError, now) {
                true => (Told::Stale, stored.answer(&asked.conditions, now)),
                false => (Told::Missed { is_kept: false }, answer),
            };
        }
        match stored.policy.after_response(&asked.keyed, &head_of(&answer), now) {
            AfterResponse::NotModified(policy, parts) => {
                let mut headers = stored.headers.clone();
                for name in answer.headers().keys().filter(|name| parts.headers.contains_key(*name)) {
                    headers.extend(answer.headers().get(name).map(|value| (name.clone(), value.clone())));
                }
                let renewed = Arc::new(Stored { policy, headers, body: stored.body.clone() });
                self.kept.insert(key, renewed.clone()).await;
                (Told::Revalidated, renewed.answer(&asked.conditions, now))
            }
            AfterResponse::Modified(..) => {
                // What was kept holds no more, whether the new one may be kept or not.
                self.kept.invalidate(&key).await;
                self.keep(key, asked, answer).await
            }
        }
    }

    /// Keeps an answer of the origin, if it may be kept, and answers with it.
    async fn keep(&self, key: Key, asked: &Asked, answer: Response) -> (Told, Response) {
        let now = (self.now)();
        let policy = CachePolicy::new_options(&asked.keyed, &head_of(&answer), now, Default::default());
        if answer.status() != StatusCode::OK || !policy.is_storable() {
            return (Told::Missed { is_kept: false }, answer);
        }
        let (parts, body) = answer.into_parts();
        let Ok(body) = to_bytes(body, MOST_BYTES).await else {
            let mut broken = Response::new(Body::empty());
            *broken.status_mut() = StatusCode::BAD_GATEWAY;
            return (Told::Missed { is_kept: false }, broken);
        };
        let mut headers = parts.headers;
        for name in [CONNECTION, TRANSFER_ENCODING, AGE] {
            headers.remove(name);
        }
        let stored = Arc::new(Stored { policy, headers, body });
        self.kept.insert(key, stored.clone()).await;
        (Told::Missed { is_kept: true }, stored.answer(&asked.conditions, now))
    }

    fn told(&self, (told, answer): (Told, Response)) -> Response {
        let count = match told {
            Told::Hit => &self.counts.hits,
            Told::Revalidated => &self.counts.revalidated,
            Told::Missed { .. } => &self.counts.misses,
            Told::Collapsed => &self.counts.collapsed,
            Told::Stale => &self.counts.stale,
            Told::Meanwhile => &self.counts.meanwhile,
            Told::Passed => &self.counts.passed,
        };
        count.fetch_add(1, Relaxed);
        told.on(answer)
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// The head of an answer. Nobody who may have kept it before us counts.
fn head_of(answer: &Response) -> axum::http::Response<()> {
    let mut head = axum::http::Response::new(());
    *head.status_mut() = answer.status();
    *head.headers_mut() = answer.headers().clone();
    head.headers_mut().remove(AGE);
    head
}
