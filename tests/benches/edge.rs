//! What the caches bring: a mix of reads and writes over 10,000 stored queries, of which some are asked for far more often
//! than others, through the edge of one machine, and the same with the caches off. Everything runs in this process, the
//! database too, so that times are those of work and not of a network.
//!
//! `cargo xtask bench --bench edge`; `SQM_QUERIES` and `SQM_REQUESTS` change how many.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, to_bytes};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sqm_http::caching;
use sqm_local::edge::Edge;
use sqm_testkit::TestApp;
use tokio::task::JoinSet;

/// Requests under way at once.
const ABREAST: usize = 16;

/// What is asked for, in hundredths: 95 reads, 5 writes.
const MIX: [(Ask, u64); 6] = [
    (Ask::Analysis, 35),
    (Ask::Query, 30),
    (Ask::Lineage, 15),
    (Ask::Version, 10),
    (Ask::List, 5),
    (Ask::Change, 5),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    Analysis,
    Query,
    Lineage,
    Version,
    List,
    Change,
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The application, with an edge before it or without.
struct Product {
    app: TestApp,
    edge: Option<Edge>,
    token: String,
    paths: Vec<String>,
    analyses: Vec<String>,
    /// How often each was asked for, of which the most frequent come first.
    weights: Vec<f64>,
}

/// Random numbers from a seed (xorshift): the same run each time.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Product {
    async fn start(queries: usize, edge: Option<u64>) -> Arc<Self> {
        let builder = TestApp::builder().edge(caching::Edge::KnowsTenants);
        let builder = if edge.is_some() { builder } else { builder.cache_bytes(0) };
        let app = builder.start().await;
        let clock = app.clock.clone();
        let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.seconds().unsigned_abs());
        let edge = edge.map(|bytes| Edge::new(app.authenticator(), bytes, now).unwrap());
        let token = app.keys.sign(&app.claims("acme"));
        // Zipf with exponent 1, summed up.
        let mut sum = 0.0;
        let weights = (1..=queries).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        let weights = weights.collect();
        let mut product = Self { app, edge, token, paths: Vec::new(), analyses: Vec::new(), weights };
        for n in 0..queries {
            let sql = format!(
                "SELECT c.id, c.name, sum(o.total) AS total_{n} FROM customers c JOIN orders o ON o.customer_id = c.id \
                 WHERE o.placed_at >= '2026-01-01' AND o.status <> 'x{n}' GROUP BY c.id, c.name ORDER BY total_{n} DESC"
            );
            let body = json!({ "title": format!("Query {n}"), "sql": sql, "dialect": "postgres" });
            let made = product.origin(product.request(Method::POST, "/v1/queries", Some(body))).await;
            let made: Value = document(made).await;
            product.paths.push(made["links"]["self"].as_str().unwrap().to_owned());
        }
        for path in &product.paths {
            let lineage = format!("{path}/lineage");
            let lineage: Value =
                document(product.origin(product.request(Method::GET, &lineage, None)).await).await;
            product.analyses.push(format!("/v1/analyses/{}", lineage["analysis"].as_str().unwrap()));
        }
        product.app.clock.advance(100);
        Arc::new(product)
    }

    fn request(&self, method: Method, target: &str, body: Option<Value>) -> Request<Body> {
        let request = Request::builder().method(method).uri(target);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        match body {
            None => request.body(Body::empty()).unwrap(),
            Some(body) => {
                let request = request.header("content-type", "application/json").header("if-match", "*");
                request.body(Body::from(body.to_string())).unwrap()
            }
        }
    }

    async fn origin(&self, request: Request<Body>) -> Response<Body> {
        self.app.answer(request).await
    }

    /// Serves a request, and says what became of it.
    async fn serve(&self, request: Request<Body>) -> (&'static str, StatusCode) {
        let answer = match &self.edge {
            Some(edge) => edge.serve(request, |request| self.origin(request)).await,
            None => self.origin(request).await,
        };
        let told = answer.headers().get("cache-status").map(|told| told.to_str().unwrap().to_owned());
        let status = answer.status();
        to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let became = match told.as_deref() {
            None => "no edge",
            Some("sqm-edge; hit") => "hit",
            Some("sqm-edge; hit; fwd=stale; fwd-status=304") => "revalidation",
            Some("sqm-edge; fwd=bypass") => "passed",
            Some(_) => "miss",
        };
        (became, status)
    }

    fn next(&self, random: &mut Random) -> (Ask, Request<Body>) {
        let mut left = random.next() % 100;
        let ask = MIX.iter().find(|(_, share)| {
            let is_it = left < *share;
            left = left.saturating_sub(*share);
            is_it
        });
        let ask = ask.map_or(Ask::Query, |(ask, _)| *ask);
        let wanted = random.fraction() * self.weights.last().unwrap();
        let at = self.weights.partition_point(|sum| *sum < wanted).min(self.paths.len() - 1);
        let path = &self.paths[at];
        let get = |target: &str| self.request(Method::GET, target, None);
        let request = match ask {
            Ask::Analysis => get(&self.analyses[at]),
            Ask::Query => get(path),
            Ask::Lineage => get(&format!("{path}/lineage")),
            Ask::Version => get(&format!("{path}/versions/1")),
            Ask::List => get("/v1/queries?limit=20"),
            Ask::Change => {
                static TITLE: AtomicU64 = AtomicU64::new(0);
                let title = format!("Title {}", TITLE.fetch_add(1, Relaxed));
                self.request(Method::PATCH, path, Some(json!({ "title": title })))
            }
        };
        (ask, request)
    }
}

async fn document(answer: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
}

/// Times by what they are of.
type Times = BTreeMap<(Ask, &'static str), Vec<Duration>>;

/// So many requests of the mix, and how long all of them took.
async fn run(product: &Arc<Product>, requests: usize, seed: u64) -> (Times, Duration) {
    let times: Arc<Mutex<Times>> = Arc::default();
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for worker in 0..ABREAST {
        let (product, times) = (product.clone(), times.clone());
        let mut random = Random(seed.wrapping_mul(worker as u64 + 1) | 1);
        running.spawn(async move {
            for _ in 0..requests / ABREAST {
                let (ask, request) = product.next(&mut random);
                let asked = Instant::now();
                let (became, status) = product.serve(request).await;
                // Two that change the same query at once: one of them is told so.
                let is_right =
                    status.is_success() || (ask == Ask::Change && status == StatusCode::PRECONDITION_FAILED);
                assert!(is_right, "{ask:?} {became}: {status}");
                times.lock().unwrap().entry((ask, became)).or_default().push(asked.elapsed());
            }
        });
    }
    while let Some(worker) = running.join_next().await {
        worker.unwrap();
    }
    let times = std::mem::take(&mut *times.lock().unwrap());
    (times, begun.elapsed())
}

fn of(times: &Times, wanted: impl Fn(&(Ask, &'static str)) -> bool) -> Vec<&Duration> {
    let mut found: Vec<_> = times.iter().filter(|(of, _)| wanted(of)).flat_map(|(_, times)| times).collect();
    found.sort();
    found
}

fn line(name: &str, times: &[&Duration]) {
    if times.is_empty() {
        return;
    }
    let micros = |time: &Duration| time.as_secs_f64() * 1e6;
    let at = |share: f64| micros(times[((times.len() - 1) as f64 * share) as usize]);
    let mean = times.iter().map(|time| micros(time)).sum::<f64>() / times.len() as f64;
    println!(
        "  {name:28} {:7} requests   p50 {:8.0} µs   p99 {:8.0} µs   {:7.0}/s",
        times.len(),
        at(0.5),
        at(0.99),
        ABREAST as f64 * 1e6 / mean
    );
}

async fn report(product: &Arc<Product>, requests: usize, name: &str) {
    // Warm first.
    run(product, requests, 0x5eed).await;
    let (times, took) = run(product, requests, 0xcafe).await;
    let all = of(&times, |_| true).len();
    println!(
        "{name}: {all} requests in {:.1} s, {:.0}/s",
        took.as_secs_f64(),
        all as f64 / took.as_secs_f64()
    );
    for became in ["hit", "revalidation", "miss", "passed", "no edge"] {
        line(became, &of(&times, |(_, other)| *other == became));
    }
    let reads = of(&times, |(ask, _)| *ask != Ask::Change).len() as f64;
    let share = |became: &str| of(&times, |(_, other)| *other == became).len() as f64 / reads * 100.0;
    if let Some(edge) = &product.edge {
        let (hit, revalidated) = (share("hit"), share("revalidation"));
        println!(
            "  of reads: {hit:.1} % hits, {revalidated:.1} % kept and revalidated, together {:.1} %",
            hit + revalidated
        );
        println!("  the edge keeps {:.1} MiB", edge.bytes().await as f64 / (1 << 20) as f64);
    }
    for (ask, _) in MIX {
        for became in ["hit", "revalidation", "miss", "no edge"] {
            line(&format!("{ask:?}, {became}"), &of(&times, |of| *of == (ask, became)));
        }
    }
}

fn main() {
    let (queries, requests) = (number("SQM_QUERIES", 10_000), number("SQM_REQUESTS", 40_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        let product = Product::start(queries, Some(64 << 20)).await;
        println!("{queries} queries stored and traced in {:.0} s", begun.elapsed().as_secs_f64());
        report(&product, requests, "with an edge of 64 MiB").await;
        drop(product);
        let product = Product::start(queries, Some(4 << 20)).await;
        report(&product, requests, "with an edge of 4 MiB, less than the mix").await;
        drop(product);
        let product = Product::start(queries, None).await;
        report(&product, requests, "with the caches off").await;
    });
}
