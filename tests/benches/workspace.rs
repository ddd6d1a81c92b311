//! A workspace that grows: how fast queries are imported, analysed and linked into the graph, whether one more costs the
//! same however many there are, and how long it takes then to find something.
//!
//! `cargo xtask bench --bench workspace [-- COUNT]`; 10,000 queries where nothing is said. They are those of the sample
//! workspace, each with a comment and a number of its own, over HTTP, on the embedded DynamoDB in this process: figures
//! hold the database, the client and the server together, on all cores there are.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use sqm_cache::{DEFAULT_BYTES, Levels};
use sqm_domain::{JobId, QueryId};
use sqm_http::Clock;
use sqm_queue::Task;
use sqm_testkit::{Calls, TestApp, checkout};

/// Lines of one import.
const PAGE: usize = 500;

/// Queries that read one column of one table.
const DEPENDENTS: usize = 10_000;

/// Queries that the worker analyses.
const ANALYSED: usize = 1_000;

/// Requests of which a percentile is told.
const REQUESTS: usize = 100;

struct Bench {
    http: Client,
    base: String,
    token: String,
}

impl Bench {
    async fn import(&self, lines: Vec<Value>) -> Value {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut left: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut report = Value::Null;
        while !left.is_empty() {
            let request = self.http.post(format!("{}/v1/imports", self.base)).bearer_auth(&self.token);
            let request = request.header("content-type", "application/x-ndjson").body(left.join("\n"));
            report = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(report["failed"], 0, "{report}");
            let results = report["results"].as_array().unwrap();
            let done: Vec<u64> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
            let mut at = 0;
            left.retain(|_| {
                at += 1;
                !done.contains(&at)
            });
        }
        report
    }

    /// The times of so many requests, in order.
    async fn times(&self, path: &str) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
            let answer = answer.send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            answer.bytes().await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort();
        times
    }

    async fn tell(&self, what: &str, path: &str) {
        let times = self.times(path).await;
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        println!("{what:58} p50 {:7.1} ms   p95 {:7.1} ms", at(50), at(95));
    }
}

/// The most memory that this process has had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

#[tokio::main]
async fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(10_000);
    let app = TestApp::start().await;
    let bench = Bench { http: Client::new(), base: app.listen().await, token: app.signed("acme") };
    let sample = checkout::root().join("infra/sample");
    let schema = std::fs::read_to_string(sample.join("schema.sql")).unwrap();
    let catalog = json!({ "dialect": "snowflake", "ddl": schema });
    app.user("acme").put("/v1/catalogs/shop").json(&catalog).send().await.expect(201);
    let mut files: Vec<_> =
        std::fs::read_dir(sample.join("queries")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let query = |n: usize| {
        let file = files[n % files.len()].file_stem().unwrap().to_string_lossy().into_owned();
        json!({
            "kind": "query", "origin": format!("bench:{n}"), "title": format!("{file} {n}"), "dialect": "snowflake",
            "catalog": "shop", "tags": [format!("t{}", n % 20)],
            "sql": format!("-- variation {n}\n{}", texts[n % texts.len()]),
        })
    };

    println!("{:>8} {:>12} {:>14} {:>10}", "queries", "queries/s", "ms for one", "peak MiB");
    let begun = Instant::now();
    let mut last = Instant::now();
    for first in (0..count).step_by(PAGE) {
        let next = (first + PAGE).min(count);
        bench.import((first..next).map(query).collect()).await;
        if next % 1_000 == 0 || next == count {
            let taken = last.elapsed();
            let of = if next % 1_000 == 0 { 1_000 } else { next % 1_000 };
            let each = taken.as_secs_f64() * 1_000.0 / of as f64;
            if next <= 1_000 || next % 5_000 == 0 || next == count {
                println!("{next:>8} {:>12.0} {each:>14.2} {:>10}", 1_000.0 / each, peak());
            }
            last = Instant::now();
        }
    }
    println!("{count} queries in {:.1} s", begun.elapsed().as_secs_f64());

    let again = Instant::now();
    for first in (0..count.min(5_000)).step_by(PAGE) {
        bench.import((first..first + PAGE).map(query).collect()).await;
    }
    println!(
        "{} of them again, which changes nothing, in {:.1} s",
        count.min(5_000),
        again.elapsed().as_secs_f64()
    );

    analysed(&app, count.min(ANALYSED)).await;
    bench.tell("search for a frequent word and a rare one", "/v1/queries?q=variation+42").await;
    bench.tell("search for a beginning", "/v1/queries?q=reven").await;
    bench.tell("what a table feeds, first page", "/v1/graph/tables/orders?depth=3").await;
    bench.tell("list", "/v1/queries").await;

    let dependent = |n: usize| {
        json!({
            "kind": "query", "origin": format!("dependent:{n}"), "title": format!("Dependent {n}"), "dialect": "ansi",
            "sql": format!("SELECT w.c + {n} AS x FROM wide w"),
        })
    };
    for first in (0..DEPENDENTS).step_by(PAGE) {
        bench.import((first..first + PAGE).map(dependent).collect()).await;
    }
    bench.tell("a column with 10,000 dependents, first page", "/v1/graph/columns/wide.c").await;
    println!("peak {} MiB", peak());
}

/// Has the worker analyse so many of the queries, as the messages of a job name them.
async fn analysed(app: &TestApp, number: usize) {
    let (workspace, now) = ("acme".parse().unwrap(), app.clock.now());
    let job = JobId::from_parts(1_800_000_000_000, [7; 10]);
    let mut queries = Vec::new();
    let mut before = None;
    while queries.len() < number {
        let (walked, next) = app.store.walk(&workspace, 100, before).await.unwrap();
        queries.extend(walked.into_iter().map(|(summary, _)| summary.id));
        before = next;
        if before.is_none() {
            break;
        }
    }
    queries.truncate(number);
    app.store.open_job(&workspace, job, now).await.unwrap();
    app.store.plan_tasks(&workspace, job, &queries, now).await.unwrap();
    let levels = Levels::new(DEFAULT_BYTES, None, app.store.clone());
    let worker =
        sqm_worker::App { store: app.store.clone(), clock: app.clock.clone(), levels, most_receives: 3 };
    let (begun, before) = (Instant::now(), peak());
    for batch in queries.chunks(10) {
        let record = |query: &QueryId| {
            let task = Task { workspace: workspace.clone(), job, query: *query };
            json!({ "messageId": query.to_string(), "body": task.body() })
        };
        let records: Vec<Value> = batch.iter().map(record).collect();
        let event = serde_json::from_value(json!({ "Records": records })).unwrap();
        let until = tokio::time::Instant::now() + Duration::from_secs(300);
        let response = sqm_worker::work(&worker, event, until).await;
        assert!(response.batch_item_failures.is_empty(), "{response:?}");
    }
    let done = app.store.progress(&workspace, job).await.unwrap().done;
    let each = begun.elapsed().as_secs_f64() * 1_000.0 / number as f64;
    println!(
        "{done} of them analysed and optimized: {:.1} queries/s, {each:.1} ms each; peak {before} MiB before, {} after",
        1_000.0 / each,
        peak()
    );
}
