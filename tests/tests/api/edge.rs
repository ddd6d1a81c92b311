//! The edge before the real routers: what it keeps and shows, what it never shows to whom, and what nobody gets it to
//! keep.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use sqm_http::caching::Edge as Told;
use sqm_local::edge::Edge;
use sqm_testkit::{Calls, Stored, TestApp, together};
use tokio::sync::Semaphore;

/// More than ask the origin at once.
const PERMITS: u32 = 10_000;

/// The application behind an edge.
struct Edged {
    app: Arc<TestApp>,
    edge: Edge,
    /// How often the origin was asked.
    asked: Arc<AtomicUsize>,
    /// Whether the origin answers.
    is_up: Arc<AtomicBool>,
    /// What the origin waits for.
    gate: Arc<Semaphore>,
}

/// An answer through the edge.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// What the edge says of it.
    fn told(&self) -> &str {
        self.header("cache-status")
    }
}

const HIT: &str = "sqm-edge; hit";
const REVALIDATED: &str = "sqm-edge; hit; fwd=stale; fwd-status=304";
const STORED: &str = "sqm-edge; fwd=miss; stored";
const MISSED: &str = "sqm-edge; fwd=miss";
const PASSED: &str = "sqm-edge; fwd=bypass";
const STALE: &str = "sqm-edge; hit; detail=stale-if-error";
const COLLAPSED: &str = "sqm-edge; fwd=miss; collapsed";
const MEANWHILE: &str = "sqm-edge; hit; detail=stale-while-revalidate";

impl Edged {
    async fn start() -> Self {
        Self::of(64 << 20).await
    }

    async fn of(bytes: u64) -> Self {
        let app = TestApp::builder().edge(Told::KnowsTenants).start().await;
        let clock = app.clock.clone();
        let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.seconds().try_into().unwrap());
        let edge = Edge::new(app.authenticator(), bytes, now).unwrap();
        Self {
            app: Arc::new(app),
            edge,
            asked: Arc::default(),
            is_up: Arc::new(true.into()),
            gate: Arc::new(Semaphore::new(PERMITS as usize)),
        }
    }

    /// A token of a workspace with these scopes; with all where none are given.
    fn token(&self, workspace: &str, scopes: Option<&str>) -> String {
        let change = scopes.map_or(json!({}), |scopes| json!({ "scope": scopes }));
        self.app.keys.sign(&self.app.claims_with(workspace, &change))
    }

    async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let (app, asked, is_up) = (self.app.clone(), self.asked.clone(), self.is_up.clone());
        let gate = self.gate.clone();
        let origin = |request: Request<Body>| async move {
            asked.fetch_add(1, Relaxed);
            let _open = gate.acquire().await.unwrap();
            if is_up.load(Relaxed) {
                return app.answer(request).await;
            }
            let mut down = http::Response::new(Body::from("{}"));
            *down.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            down
        };
        let answer = self.edge.serve(request.body(body).unwrap(), origin).await;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, target: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers: Vec<_> =
            [("authorization", bearer.as_str())].into_iter().chain(more.iter().copied()).collect();
        self.send("GET", target, &headers, Value::Null).await
    }

    /// How often the origin was asked since the last look.
    fn asked(&self) -> usize {
        self.asked.swap(0, Relaxed)
    }

    /// A lineage's address in the workspace `acme`, and its stored query.
    async fn analysis(&self) -> (String, Stored) {
        let ada = self.app.user("acme");
        let query = ada.store("SELECT a AS of_acme FROM t").await;
        let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
        (format!("/v1/analyses/{}", lineage["analysis"].as_str().unwrap()), query)
    }
}

#[tokio::test]
async fn what_is_addressed_is_fetched_once_and_has_its_age() {
    let it = Edged::start().await;
    let (path, _) = it.analysis().await;
    let token = it.token("acme", None);
    let first = it.get(&path, &token, &[]).await;
    assert_eq!((first.status, first.told(), first.header("age")), (StatusCode::OK, STORED, "0"));
    it.app.clock.advance(3_600);
    // Another token of the workspace with the same scopes.
    let other = it.app.keys.sign(&it.app.claims_with("acme", &json!({ "sub": "bob" })));
    it.asked();
    let again = it.get(&path, &other, &[]).await;
    assert_eq!((again.told(), again.header("age"), it.asked()), (HIT, "3600", 0));
    assert_eq!(again.body, first.body);
    let known = it.get(&path, &token, &[("if-none-match", first.header("etag"))]).await;
    assert_eq!((known.status, known.told(), known.body.len()), (StatusCode::NOT_MODIFIED, HIT, 0));
    let head = it.send("HEAD", &path, &[("authorization", &format!("Bearer {token}"))], Value::Null).await;
    assert_eq!((head.status, head.told()), (StatusCode::OK, PASSED));
    // A year and a day later it is looked at again.
    it.app.clock.advance(366 * 86_400);
    let later = it.get(&path, &it.token("acme", None), &[]).await;
    assert_eq!(later.told(), REVALIDATED);
}

#[tokio::test]
async fn what_changes_is_asked_for_each_time_and_sent_once() {
    let it = Edged::start().await;
    let (_, query) = it.analysis().await;
    let token = it.token("acme", None);
    let paths = [&query.path, &format!("{}/lineage", query.path), &format!("{}/versions", query.path)];
    for path in paths {
        assert_eq!(it.get(path, &token, &[]).await.told(), STORED, "{path}");
        let again = it.get(path, &token, &[]).await;
        assert_eq!((again.status, again.told()), (StatusCode::OK, REVALIDATED), "{path}");
        let known = it.get(path, &token, &[("if-none-match", again.header("etag"))]).await;
        assert_eq!((known.status, known.told()), (StatusCode::NOT_MODIFIED, REVALIDATED), "{path}");
    }
    let change = json!({ "sql": "SELECT b FROM t" });
    it.app.user("acme").patch(&query.path).if_match("*").json(&change).send().await.ok();
    for path in paths {
        let now = it.get(path, &token, &[]).await;
        assert_eq!((now.status, now.told()), (StatusCode::OK, STORED), "{path}");
    }
    it.app.user("acme").delete(&query.path).if_match("*").send().await.expect(204);
    for path in paths {
        let gone = it.get(path, &token, &[]).await;
        assert_eq!((gone.status, gone.told()), (StatusCode::NOT_FOUND, MISSED), "{path}");
    }
    let version = format!("{}/versions/1", query.path);
    assert_eq!(it.get(&version, &token, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_fixed_is_gone_once_it_is_deleted() {
    let it = Edged::start().await;
    let (_, query) = it.analysis().await;
    let token = it.token("acme", None);
    let version = format!("{}/versions/1", query.path);
    assert_eq!(it.get(&version, &token, &[]).await.told(), STORED);
    assert_eq!(it.get(&version, &token, &[]).await.told(), REVALIDATED);
    it.app.user("acme").delete(&query.path).if_match("*").send().await.expect(204);
    let gone = it.get(&version, &token, &[("cache-control", "max-stale=99999999")]).await;
    assert_eq!((gone.status, gone.told()), (StatusCode::NOT_FOUND, MISSED));
}

#[tokio::test]
async fn while_the_origin_is_down_only_what_cannot_mislead_is_shown() {
    let it = Edged::start().await;
    let (path, query) = it.analysis().await;
    let token = it.token("acme", None);
    let version = format!("{}/versions/1", query.path);
    let all = [path.as_str(), &query.path, &version, "/v1/queries", "/v1/openapi.yaml"];
    for path in all {
        assert_eq!(it.get(path, &token, &[]).await.told(), STORED, "{path}");
    }
    it.is_up.store(false, Relaxed);
    it.app.clock.advance(600);
    let expected = [HIT, MISSED, STALE, MISSED, MEANWHILE];
    for (path, expected) in all.into_iter().zip(expected) {
        let answer = it.get(path, &token, &[]).await;
        assert_eq!(answer.told(), expected, "{path}");
        assert_eq!(answer.status == StatusCode::SERVICE_UNAVAILABLE, expected == MISSED, "{path}");
    }
    it.app.clock.advance(3_600);
    let late = it.get(&version, &token, &[]).await;
    assert_eq!((late.status, late.told()), (StatusCode::SERVICE_UNAVAILABLE, MISSED), "an hour is over");
    it.app.clock.advance(86_400);
    let token = it.token("acme", None);
    assert_eq!(it.get("/v1/openapi.yaml", &token, &[]).await.told(), STALE, "a day is over, and not a week");
    // Nobody who may not see it is shown it now.
    let stranger = it.get(&version, &it.token("other", None), &[]).await;
    assert_eq!(stranger.status, StatusCode::SERVICE_UNAVAILABLE);
    it.is_up.store(true, Relaxed);
    assert_eq!(it.get(&version, &token, &[]).await.told(), REVALIDATED);
}

/// So many equal requests, the origin held until all of them are there.
async fn stampede(it: &Edged, path: &str, token: &str, many: usize) -> Vec<Answer> {
    it.asked();
    let all = it.gate.acquire_many(PERMITS).await.unwrap();
    let open = async {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        drop(all);
    };
    let asking = together((0..many).map(|_| it.get(path, token, &[])));
    tokio::join!(asking, open).0
}

#[tokio::test]
async fn a_stampede_reaches_the_origin_once_where_what_it_wants_may_be_shared() {
    let it = Edged::start().await;
    let (path, query) = it.analysis().await;
    let token = it.token("acme", None);
    for path in [path.as_str(), "/v1/openapi.yaml"] {
        let answers = stampede(&it, path, &token, 100).await;
        assert_eq!(it.asked(), 1, "{path}");
        let told = |told: &str| answers.iter().filter(|answer| answer.told() == told).count();
        assert_eq!((told(STORED), told(COLLAPSED)), (1, 99), "{path}");
        let is_right = |answer: &Answer| answer.status == StatusCode::OK && answer.body == answers[0].body;
        assert!(answers.iter().all(is_right), "{path}");
    }
    assert_eq!(it.edge.counts().collapsed.load(Relaxed), 198);
    // What has to be asked for each time is, and what nobody keeps is everybody's own.
    let missing = format!("/v1/analyses/{}", "0".repeat(64));
    for (path, expected) in [(query.path.as_str(), StatusCode::OK), (&missing, StatusCode::NOT_FOUND)] {
        let answers = stampede(&it, path, &token, 10).await;
        assert!(answers.iter().all(|answer| answer.status == expected), "{path}: {answers:?}");
        assert_eq!(it.asked(), 10, "{path}");
    }
}

#[tokio::test]
async fn a_stampede_shows_nobody_what_another_one_asked_for() {
    let it = Edged::start().await;
    let (path, _) = it.analysis().await;
    let tokens = [it.token("acme", None), it.token("other", None), it.token("acme", Some("usage:read"))];
    let all = it.gate.acquire_many(PERMITS).await.unwrap();
    let open = async {
        tokio::task::yield_now().await;
        drop(all);
    };
    let asking = together((0..30).map(|n| it.get(&path, &tokens[n % 3], &[])));
    let (answers, ()) = tokio::join!(asking, open);
    for (n, answer) in answers.iter().enumerate() {
        let expected = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN][n % 3];
        assert_eq!(answer.status, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn who_is_cut_off_on_the_way_to_the_origin_lets_the_next_one_go() {
    let it = Edged::start().await;
    let (path, _) = it.analysis().await;
    let token = it.token("acme", None);
    it.asked();
    let all = it.gate.acquire_many(PERMITS).await.unwrap();
    let mut first = Box::pin(it.get(&path, &token, &[]));
    while it.asked.load(Relaxed) == 0 {
        tokio::select! {
            biased;
            _ = &mut first => panic!("the origin is held"),
            () = tokio::task::yield_now() => {}
        }
    }
    let asking = together((0..20).map(|_| it.get(&path, &token, &[])));
    let cut = async {
        tokio::task::yield_now().await;
        drop(first);
        drop(all);
    };
    let (answers, ()) = tokio::join!(asking, cut);
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!(it.asked(), 2, "the one that was cut off, and one for all others");
}

#[tokio::test]
async fn what_may_be_stale_is_shown_while_the_origin_is_asked_once() {
    let it = Edged::start().await;
    let (path, token) = ("/v1/openapi.yaml", it.token("acme", None));
    assert_eq!(it.get(path, &token, &[]).await.told(), STORED);
    it.app.clock.advance(600);
    let answers = stampede(&it, path, &token, 50).await;
    assert!(answers.iter().all(|answer| answer.told() == MEANWHILE && answer.header("age") == "600"));
    while it.get(path, &token, &[]).await.told() == MEANWHILE {
        tokio::task::yield_now().await;
    }
    assert_eq!(it.asked(), 1);
    let renewed = it.get(path, &token, &[]).await;
    assert_eq!((renewed.told(), renewed.header("age")), (HIT, "0"));
    // Whoever wants to be sure waits, and so does everybody once it is too old.
    it.app.clock.advance(600);
    let sure = it.get(path, &it.token("acme", None), &[("cache-control", "no-cache")]).await;
    assert_eq!(sure.told(), REVALIDATED);
    it.app.clock.advance(86_400 + 301);
    assert_eq!(it.get(path, &it.token("acme", None), &[]).await.told(), REVALIDATED);
}

#[tokio::test]
async fn scopes_and_workspaces_are_kept_apart() {
    let it = Edged::start().await;
    let (path, query) = it.analysis().await;
    let version = format!("{}/versions/1", query.path);
    for path in [&path, &query.path, &version, "/v1/queries"] {
        assert_eq!(it.get(path, &it.token("acme", None), &[]).await.status, StatusCode::OK);
        let stranger = it.get(path, &it.token("other", None), &[]).await;
        assert!(!String::from_utf8_lossy(&stranger.body).contains("of_acme"), "{path}: {stranger:?}");
        assert!(stranger.told() != HIT && stranger.told() != REVALIDATED, "{path}: {stranger:?}");
        let lacking = it.get(path, &it.token("acme", Some("usage:read")), &[]).await;
        assert_eq!((lacking.status, lacking.told()), (StatusCode::FORBIDDEN, MISSED), "{path}");
        let expired = it.app.claims_with("acme", &json!({ "exp": 1_000_000_000 }));
        for token in [it.app.keys.sign(&expired), "x.y.z".to_owned(), String::new()] {
            let nobody = it.get(path, &token, &[]).await;
            assert_eq!((nobody.status, nobody.told()), (StatusCode::UNAUTHORIZED, PASSED), "{path}");
        }
        let nobody = it.send("GET", path, &[], Value::Null).await;
        assert_eq!((nobody.status, nobody.told()), (StatusCode::UNAUTHORIZED, PASSED), "{path}");
    }
}

/// One try to get an edge to keep something for others, or to be shown what is not one's own: the path, where it is not the
/// usual one, and headers.
const TRIES: &[(&str, &[(&str, &str)])] = &[
    // Headers that nobody keys.
    ("", &[("x-sqm-tenant", "acme queries:read")]),
    ("", &[("X-SQM-Tenant", "acme"), ("x-sqm-workspace", "acme")]),
    ("", &[("x-forwarded-host", "evil.example")]),
    ("", &[("forwarded", "host=evil.example;proto=http")]),
    ("", &[("x-forwarded-proto", "http"), ("x-forwarded-for", "127.0.0.1")]),
    ("", &[("host", "evil.example")]),
    ("", &[("x-original-url", "/v1/usage"), ("x-rewrite-url", "/v1/usage")]),
    ("", &[("x-http-method-override", "DELETE"), ("x-method-override", "POST")]),
    ("", &[("origin", "https://evil.example")]),
    ("", &[("cookie", "session=evil; authorization=Bearer x")]),
    ("", &[("accept-language", "xx"), ("user-agent", "<script>")]),
    ("", &[("accept", "text/html")]),
    ("", &[("accept-encoding", "gzip;q=0, identity, x~y")]),
    ("", &[("accept-encoding", "br"), ("te", "trailers")]),
    ("", &[("range", "bytes=0-3")]),
    ("", &[("if-range", "\"1\""), ("range", "bytes=0-0,2-2")]),
    ("", &[("if-none-match", "\"poison\"")]),
    ("", &[("if-modified-since", "Sat, 01 Jan 2050 00:00:00 GMT")]),
    ("", &[("if-match", "\"nothing\"")]),
    ("", &[("cache-control", "max-stale=99999999, only-if-cached")]),
    ("", &[("cache-control", "no-store")]),
    ("", &[("pragma", "no-cache"), ("cache-control", "max-age=0")]),
    ("", &[("connection", "authorization"), ("authorization-x", "1")]),
    ("", &[("transfer-encoding", "identity"), ("content-length", "0")]),
    ("", &[("vary", "*"), ("age", "999999999"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")]),
    (
        "",
        &[
            ("x-cache-key", "shared"),
            ("surrogate-control", "max-age=9999"),
            ("cdn-cache-control", "max-age=9"),
        ],
    ),
    // Parameters and spellings of the path.
    ("{path}?utm_source=evil", &[]),
    ("{path}?", &[]),
    ("{path}?callback=alert(1)", &[]),
    ("{path}?x=1;y=2", &[]),
    ("{path}?%00", &[]),
    ("{path}?authorization=Bearer%20x", &[]),
    ("{path}/", &[]),
    ("{path}//", &[]),
    ("{path}/.", &[]),
    ("{path}/../queries", &[]),
    ("{path}%2F", &[]),
    ("{path}%2Fversions%2F1", &[]),
    ("{path}%23", &[]),
    ("{path};.css", &[]),
    ("{path}.css", &[]),
    ("{path}%0d%0aset-cookie:x", &[]),
    ("/V1/queries", &[]),
    ("/v1/%71ueries", &[]),
];

#[tokio::test]
async fn nobody_gets_the_edge_to_keep_what_is_not_the_answer() {
    assert!(TRIES.len() >= 20);
    for (way, headers) in TRIES {
        let it = Edged::start().await;
        let (analysis, query) = it.analysis().await;
        let (ada, eve) = (it.token("acme", None), it.token("other", None));
        for path in [analysis.as_str(), &query.path, "/v1/queries"] {
            let target = if way.is_empty() { path.to_owned() } else { way.replace("{path}", path) };
            // What a stranger, and somebody of the workspace, sends before anybody else does.
            for token in [&eve, &ada] {
                let tried = it.get(&target, token, headers).await;
                let shown = String::from_utf8_lossy(&tried.body).into_owned();
                assert!(token == &ada || !shown.contains("of_acme"), "{target} {headers:?}: {tried:?}");
                assert!(tried.headers.get("set-cookie").is_none(), "{target} {headers:?}: {tried:?}");
            }
            // Nothing of it comes back to who asks as it is meant.
            let right = it.app.user("acme").get(path).send().await.expect(200);
            for _ in 0..2 {
                let got = it.get(path, &ada, &[]).await;
                assert_eq!((got.status, &got.body), (StatusCode::OK, &right.body), "{target} {headers:?}");
                assert_eq!(got.header("content-type"), right.header("content-type"), "{target} {headers:?}");
            }
            let strange = it.get(path, &eve, &[]).await;
            assert!(
                !String::from_utf8_lossy(&strange.body).contains("of_acme"),
                "{target} {headers:?}: {strange:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_kept_keeps_to_its_bound() {
    const BOUND: u64 = 256 << 10;
    let it = Edged::of(BOUND).await;
    let token = it.token("acme", None);
    let ada = it.app.user("acme");
    for n in 0..120 {
        let query = ada.store(&format!("SELECT {n} AS n, '{}' AS text", "x".repeat(4_000))).await;
        assert_eq!(it.get(&query.path, &token, &[]).await.told(), STORED);
    }
    let held = it.edge.bytes().await;
    assert!(held > 0 && held <= BOUND, "{held}");
}

/// What one of two workspaces does.
#[derive(Debug, Clone, Copy)]
enum Step {
    Create,
    Change(usize),
    Delete(usize),
    Read(usize),
    Lineage(usize),
    Version(usize),
    List,
    /// The id of one of the other workspace's.
    Strange(usize),
    Wait(i64),
}

fn step() -> impl Strategy<Value = (bool, Step)> {
    let one = prop_oneof![
        2 => Just(Step::Create),
        3 => (0..4_usize).prop_map(Step::Change),
        1 => (0..4_usize).prop_map(Step::Delete),
        5 => (0..4_usize).prop_map(Step::Read),
        3 => (0..4_usize).prop_map(Step::Lineage),
        2 => (0..4_usize).prop_map(Step::Version),
        3 => Just(Step::List),
        2 => (0..4_usize).prop_map(Step::Strange),
        1 => (0..90_i64).prop_map(Step::Wait),
    ];
    (any::<bool>(), one)
}

/// A stored query as the test knows it: its path and the texts of its versions.
type Known = Vec<(String, Vec<String>)>;

/// Each workspace sees its own newest state, and nothing of the other one's.
async fn interleaved(steps: Vec<(bool, Step)>) {
    static MARK: AtomicU64 = AtomicU64::new(0);
    let it = Arc::new(Edged::start().await);
    let mut known: [Known; 2] = [Vec::new(), Vec::new()];
    let names = ["acme", "other"];
    let tokens = names.map(|name| it.token(name, None));
    for (which, step) in steps {
        let own = usize::from(which);
        let (name, token) = (names[own], &tokens[own]);
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = || format!("SELECT {} AS of_{name}", MARK.fetch_add(1, Relaxed));
        let pick = |at: usize| (!known[own].is_empty()).then(|| at % known[own].len());
        let alien = format!("of_{}", names[1 - own]);
        let got = match step {
            Step::Create => {
                let sql = text();
                let body = json!({ "title": "T", "sql": sql, "dialect": "postgres" });
                let made = it.send("POST", "/v1/queries", &headers, body).await;
                assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
                let path = made.json()["links"]["self"].as_str().unwrap().to_owned();
                known[own].push((path, vec![sql]));
                made
            }
            Step::Change(at) => {
                let Some(at) = pick(at) else { continue };
                let sql = text();
                let headers = [&headers[..], &[("if-match", "*")]].concat();
                let changed = it.send("PATCH", &known[own][at].0, &headers, json!({ "sql": sql })).await;
                assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
                known[own][at].1.push(sql);
                changed
            }
            Step::Delete(at) => {
                let Some(at) = pick(at) else { continue };
                let (path, _) = known[own].remove(at);
                let headers = [&headers[..], &[("if-match", "*")]].concat();
                assert_eq!(
                    it.send("DELETE", &path, &headers, Value::Null).await.status,
                    StatusCode::NO_CONTENT
                );
                for path in [path.clone(), format!("{path}/lineage"), format!("{path}/versions/1")] {
                    assert_eq!(it.get(&path, token, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
                }
                continue;
            }
            Step::Read(at) => {
                let Some(at) = pick(at) else { continue };
                let got = it.get(&known[own][at].0, token, &[]).await;
                assert_eq!(got.json()["sql"], *known[own][at].1.last().unwrap(), "{got:?}");
                got
            }
            Step::Lineage(at) => {
                let Some(at) = pick(at) else { continue };
                let got = it.get(&format!("{}/lineage", known[own][at].0), token, &[]).await;
                assert_eq!(got.json()["version"], known[own][at].1.len(), "{got:?}");
                let analysis = format!("/v1/analyses/{}", got.json()["analysis"].as_str().unwrap());
                assert_eq!(it.get(&analysis, token, &[]).await.status, StatusCode::OK);
                let strange = it.get(&analysis, &tokens[1 - own], &[]).await;
                assert_eq!(strange.status, StatusCode::NOT_FOUND, "{strange:?}");
                got
            }
            Step::Version(at) => {
                let Some(at) = pick(at) else { continue };
                let got = it.get(&format!("{}/versions/1", known[own][at].0), token, &[]).await;
                assert_eq!(got.json()["sql"], known[own][at].1[0], "{got:?}");
                got
            }
            Step::List => {
                let got = it.get("/v1/queries?limit=100", token, &[]).await;
                let listed: Vec<(String, u64)> = got.json()["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .rev()
                    .map(|item| {
                        (
                            format!("/v1/queries/{}", item["id"].as_str().unwrap()),
                            item["version"].as_u64().unwrap(),
                        )
                    })
                    .collect();
                let mut expected: Vec<(String, u64)> =
                    known[own].iter().map(|(path, texts)| (path.clone(), texts.len() as u64)).collect();
                expected.sort();
                let mut listed = listed;
                listed.sort();
                assert_eq!(listed, expected);
                got
            }
            Step::Strange(at) => {
                let theirs = &known[1 - own];
                if theirs.is_empty() {
                    continue;
                }
                let got = it.get(&theirs[at % theirs.len()].0, token, &[]).await;
                assert_eq!(got.status, StatusCode::NOT_FOUND, "{got:?}");
                got
            }
            Step::Wait(seconds) => {
                it.app.clock.advance(seconds);
                continue;
            }
        };
        assert!(!String::from_utf8_lossy(&got.body).contains(&alien), "{step:?}: {got:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_interleaving_shows_another_workspace_s_or_an_older_state(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(interleaved(steps));
    }
}
