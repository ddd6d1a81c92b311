//! What the caches bring: a mix of reads and writes over 10,000 stored queries, of which some are asked for far more often
//! than others, through the edge of one machine, and the same with the caches off. Everything runs in this process, the
//! database too, so that times are those of work and not of a network.
//!
//! `cargo xtask bench --bench edge`; `SQM_QUERIES` and `SQM_REQUESTS` change how many. Why an edge does not have what it
//! is asked for is counted as well: nobody has asked for it before, it was changed since, or it had to make room.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, to_bytes};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sqm_cache::Outcome;
use sqm_http::caching;
use sqm_local::edge::{self, Edge};
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

/// What a write changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changes {
    /// Titles.
    Titles,
    /// Titles and texts in turns: what was made from a text is then made anew.
    Texts,
}

/// Why something was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// Nobody has asked for it before.
    New,
    /// It is another one than before.
    Changed,
    /// It is another one than before, and somebody else who asked at the same time was the first to be told.
    Raced,
    /// It was there, and had to make room.
    Evicted,
}

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

/// The application.
struct Product {
    app: TestApp,
    token: String,
    paths: Vec<String>,
    /// Where the lineages of the queries are, as far as a reader has heard.
    analyses: Vec<Mutex<String>>,
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

/// An edge before it, or none, and what is written.
struct Setting {
    product: Arc<Product>,
    edge: Option<Edge>,
    changes: Changes,
    /// The states of each target that were shown, and since when.
    shown: Mutex<HashMap<String, HashMap<String, Instant>>>,
    missed: Mutex<BTreeMap<(Ask, Why), usize>>,
}

fn sql(n: usize, change: u64) -> String {
    format!(
        "SELECT c.id, c.name, sum(o.total) AS total_{n} FROM customers c JOIN orders o ON o.customer_id = c.id \
         WHERE o.placed_at >= '2026-01-01' AND o.status <> 'x{n}.{change}' GROUP BY c.id, c.name ORDER BY total_{n} DESC"
    )
}

impl Product {
    async fn start(queries: usize, cache_bytes: Option<u64>) -> Arc<Self> {
        let builder = TestApp::builder().edge(caching::Edge::KnowsTenants);
        let builder = cache_bytes.into_iter().fold(builder, sqm_testkit::Builder::cache_bytes);
        let app = builder.start().await;
        let token = app.keys.sign(&app.claims("acme"));
        // Zipf with exponent 1, summed up.
        let mut sum = 0.0;
        let weights = (1..=queries).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        let weights = weights.collect();
        let mut product = Self { app, token, paths: Vec::new(), analyses: Vec::new(), weights };
        for n in 0..queries {
            let body = json!({ "title": format!("Query {n}"), "sql": sql(n, 0), "dialect": "postgres" });
            let made = product.app.answer(product.request(Method::POST, "/v1/queries", Some(body))).await;
            let made: Value = document(made).await;
            product.paths.push(made["links"]["self"].as_str().unwrap().to_owned());
        }
        for path in &product.paths {
            let lineage = product.request(Method::GET, &format!("{path}/lineage"), None);
            let lineage: Value = document(product.app.answer(lineage).await).await;
            product.analyses.push(Mutex::new(analysis_of(&lineage)));
        }
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

    /// What of a query a read is of.
    fn target(&self, ask: Ask, at: usize) -> String {
        let path = &self.paths[at];
        match ask {
            Ask::Analysis => self.analyses[at].lock().unwrap().clone(),
            Ask::Query | Ask::Change => path.clone(),
            Ask::Lineage => format!("{path}/lineage"),
            Ask::Version => format!("{path}/versions/1"),
            Ask::List => "/v1/queries?limit=20".to_owned(),
        }
    }
}

fn analysis_of(lineage: &Value) -> String {
    format!("/v1/analyses/{}", lineage["analysis"].as_str().unwrap())
}

impl Setting {
    fn of(product: &Arc<Product>, bytes: Option<u64>, changes: Changes) -> Arc<Self> {
        let clock = product.app.clock.clone();
        let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.seconds().unsigned_abs());
        let edge = bytes.map(|bytes| Edge::new(product.app.authenticator(), bytes, now).unwrap());
        let (shown, missed) = (Mutex::default(), Mutex::default());
        Arc::new(Self { product: product.clone(), edge, changes, shown, missed })
    }

    /// Something of the mix: what, of which query.
    fn next(&self, random: &mut Random) -> (Ask, usize) {
        let mut left = random.next() % 100;
        let ask = MIX.iter().find(|(_, share)| {
            let is_it = left < *share;
            left = left.saturating_sub(*share);
            is_it
        });
        let ask = ask.map_or(Ask::Query, |(ask, _)| *ask);
        let weights = &self.product.weights;
        let wanted = random.fraction() * weights.last().unwrap();
        (ask, weights.partition_point(|sum| *sum < wanted).min(weights.len() - 1))
    }

    /// Asks for something, and says what became of it and how long that took.
    async fn ask(&self, ask: Ask, at: usize) -> (&'static str, Duration) {
        static CHANGE: AtomicU64 = AtomicU64::new(0);
        let product = self.product.clone();
        let target = product.target(ask, at);
        let request = match ask {
            Ask::Change => {
                let change = CHANGE.fetch_add(1, Relaxed);
                let body = match self.changes {
                    Changes::Texts if change.is_multiple_of(2) => json!({ "sql": sql(at, change + 1) }),
                    _ => json!({ "title": format!("Title {change}") }),
                };
                product.request(Method::PATCH, &target, Some(body))
            }
            _ => product.request(Method::GET, &target, None),
        };
        let asked = Instant::now();
        let answer = match &self.edge {
            Some(edge) => {
                let origin = product.clone();
                edge.serve(request, |request| async move { origin.app.answer(request).await }).await
            }
            None => product.app.answer(request).await,
        };
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let took = asked.elapsed();
        // Two that change the same query at once: one of them is told so.
        let is_beaten = ask == Ask::Change && head.status == StatusCode::PRECONDITION_FAILED;
        assert!(head.status.is_success() || is_beaten, "{ask:?}: {}", head.status);
        let text = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let became = match text("cache-status").as_deref() {
            None => "no edge",
            Some("sqm-edge; hit") => "hit",
            Some("sqm-edge; fwd=miss; collapsed") => "collapsed",
            Some("sqm-edge; hit; fwd=stale; fwd-status=304") => "revalidation",
            Some("sqm-edge; fwd=bypass") => "passed",
            Some(_) => "miss",
        };
        if ask == Ask::Lineage && became == "miss" {
            let lineage = serde_json::from_slice(&body).unwrap();
            *product.analyses[at].lock().unwrap() = analysis_of(&lineage);
        }
        if ask != Ask::Change && self.edge.is_some() {
            let mut shown = self.shown.lock().unwrap();
            let why = match shown.get(&target) {
                None => Why::New,
                Some(states) => match states.get(&text("etag").unwrap()) {
                    Some(first) if *first < asked => Why::Evicted,
                    Some(_) => Why::Raced,
                    None => Why::Changed,
                },
            };
            if became == "miss" {
                *self.missed.lock().unwrap().entry((ask, why)).or_default() += 1;
            }
            shown.entry(target).or_default().entry(text("etag").unwrap()).or_insert_with(Instant::now);
        }
        (became, took)
    }

    /// Asks for everything of the mix once.
    async fn walk(self: &Arc<Self>) {
        let mut running = JoinSet::new();
        for worker in 0..ABREAST {
            let setting = self.clone();
            running.spawn(async move {
                for at in (worker..setting.product.paths.len()).step_by(ABREAST) {
                    for ask in [Ask::Analysis, Ask::Query, Ask::Lineage, Ask::Version] {
                        setting.ask(ask, at).await;
                    }
                }
            });
        }
        while let Some(worker) = running.join_next().await {
            worker.unwrap();
        }
    }
}

async fn document(answer: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
}

/// Times by what they are of.
type Times = BTreeMap<(Ask, &'static str), Vec<Duration>>;

/// So many requests of the mix, and how long all of them took.
async fn run(setting: &Arc<Setting>, requests: usize, seed: u64) -> (Times, Duration) {
    let times: Arc<Mutex<Times>> = Arc::default();
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for worker in 0..ABREAST {
        let (setting, times) = (setting.clone(), times.clone());
        let mut random = Random(seed.wrapping_mul(worker as u64 + 1) | 1);
        running.spawn(async move {
            for _ in 0..requests / ABREAST {
                let (ask, at) = setting.next(&mut random);
                let (became, took) = setting.ask(ask, at).await;
                times.lock().unwrap().entry((ask, became)).or_default().push(took);
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

fn mean(times: &[&Duration]) -> f64 {
    times.iter().map(|time| time.as_secs_f64()).sum::<f64>() / times.len() as f64
}

/// How often the levels behind the edge had what they were asked for.
fn levels(product: &Product) -> BTreeMap<&'static str, (u64, u64)> {
    let counts = product.app.levels.counts();
    counts.map(|(name, count)| (name, (count.of(Outcome::Hit), count.of(Outcome::Miss)))).collect()
}

async fn report(setting: &Arc<Setting>, requests: usize, name: &str) {
    // Warm first: all of it once, then as it will be.
    if setting.edge.is_some() {
        setting.walk().await;
    }
    run(setting, requests, 0x5eed).await;
    setting.missed.lock().unwrap().clear();
    let before = levels(&setting.product);
    let (times, took) = run(setting, requests, 0xcafe).await;
    let all = of(&times, |_| true).len();
    println!(
        "{name}: {all} requests in {:.1} s, {:.0}/s",
        took.as_secs_f64(),
        all as f64 / took.as_secs_f64()
    );
    for became in ["hit", "collapsed", "revalidation", "miss", "passed", "no edge"] {
        line(became, &of(&times, |(_, other)| *other == became));
    }
    if let Some(edge) = &setting.edge {
        let reads = of(&times, |(ask, _)| *ask != Ask::Change).len() as f64;
        let count = |became: &str| of(&times, |(_, other)| *other == became).len() as f64;
        let share = |count: f64| count / reads * 100.0;
        let (hit, revalidated) = (share(count("hit") + count("collapsed")), share(count("revalidation")));
        println!(
            "  of reads: {hit:.1} % hits, {revalidated:.1} % kept and revalidated, together {:.1} %",
            hit + revalidated
        );
        let missed = setting.missed.lock().unwrap().clone();
        let why = |wanted: Why| {
            let of_it = missed.iter().filter(|((_, why), _)| *why == wanted);
            share(of_it.map(|(_, count)| *count as f64).sum())
        };
        println!(
            "  not there: {:.1} % asked for the first time, {:.1} % changed since, {:.1} % by several at once, {:.1} % evicted; \
             no cache has more than {:.1} %",
            why(Why::New),
            why(Why::Changed),
            why(Why::Raced),
            why(Why::Evicted),
            100.0 - why(Why::New) - why(Why::Changed)
        );
        for ((ask, why), count) in &missed {
            println!("    {ask:?}, {why:?}: {count}");
        }
        let times_of = |became: &str| of(&times, |(ask, other)| *ask != Ask::Change && *other == became);
        println!(
            "  a miss takes {:.0} times as long as a hit",
            mean(&times_of("miss")) / mean(&times_of("hit"))
        );
        println!("  the edge keeps {:.1} MiB", edge.bytes().await as f64 / (1 << 20) as f64);
    }
    for (level, (hits, misses)) in levels(&setting.product) {
        let (hits, misses) = (hits - before[level].0, misses - before[level].1);
        println!("  the level {level}: {hits} of {} had", hits + misses);
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
        let product = Product::start(queries, None).await;
        println!("{queries} queries stored and traced in {:.0} s", begun.elapsed().as_secs_f64());
        for (name, bytes, changes) in [
            ("an edge with room for all, titles change", edge::BYTES, Changes::Titles),
            ("an edge with room for all, titles and texts change", edge::BYTES, Changes::Texts),
            ("an edge of 64 MiB, titles change", 64 << 20, Changes::Titles),
            ("an edge of 4 MiB, titles change", 4 << 20, Changes::Titles),
        ] {
            report(&Setting::of(&product, Some(bytes), changes), requests, name).await;
        }
        drop(product);
        let product = Product::start(queries, Some(0)).await;
        report(&Setting::of(&product, None, Changes::Titles), requests, "the caches off, titles change")
            .await;
    });
}
