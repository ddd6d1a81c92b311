//! SQL that is very deep or very long, up to the limit of a statement: stored, traced, optimized and
//! verified without a crash, or refused by name. Each shape goes through some of the dialects in each run;
//! `SQM_EXHAUSTIVE=1` sends each through all of them.

use std::time::Instant;

use serde_json::{Value, json};
use sqm_domain::Dialect;
use sqm_http::Kind;
use sqm_testkit::shapes::{DEEP, FLAT, Shape};
use sqm_testkit::{Calls, Response, Stored, TestApp, User, together};

/// Just within the limit of a statement, with room for what a dialect's spelling adds.
const BYTES: usize = 250_000;

/// How many shapes are under way at once: the server's own processors are what is short.
const AT_ONCE: usize = 2;

/// Each shape is drawn in one of them.
const DRAWINGS: [&str; 5] = ["text", "dot", "mermaid", "svg", "openlineage"];

/// The dialects that a shape goes through: two of them, others for each shape.
fn dialects(at: usize) -> Vec<Dialect> {
    let all: Vec<Dialect> = Dialect::all().collect();
    match std::env::var_os("SQM_EXHAUSTIVE") {
        Some(_) => all,
        None => [at * 2, at * 2 + 1].map(|at| all[at % all.len()]).to_vec(),
    }
}

/// Success, or a refusal by name that is the caller's business; never a fault of ours.
fn check(response: &Response, shape: &Shape, dialect: Dialect) {
    let fine = response.status.is_success()
        || matches!(response.kind(), Some(Kind::InvalidSql | Kind::TooExpensive | Kind::AnswerTooLarge));
    assert!(fine, "{} in {dialect}: {response:?}", shape.name);
    if !response.status.is_success() {
        println!("{} in {dialect}: {:?}", shape.name, response.kind());
    }
}

async fn store(ada: &User<'_>, shape: &Shape, dialect: Dialect, sql: &str) -> Option<Stored> {
    let body = json!({ "title": shape.name, "sql": sql, "dialect": dialect.name() });
    let response = ada.post("/v1/queries").json(&body).send().await;
    check(&response, shape, dialect);
    if response.status != 201 {
        return None;
    }
    let document = response.json();
    assert_eq!(document["sql"], sql, "{} in {dialect}", shape.name);
    let id = document["id"].as_str().unwrap().to_owned();
    Some(Stored { path: format!("/v1/queries/{id}"), id, etag: response.etag(), document })
}

async fn through(ada: &User<'_>, shape: &Shape, dialect: Dialect) {
    let started = Instant::now();
    let sql = shape.text(BYTES);
    if let Some(query) = store(ada, shape, dialect, &sql).await {
        let lineage = ada.get(&format!("{}/lineage", query.path)).send().await;
        check(&lineage, shape, dialect);
        if lineage.status.is_success() {
            let lineage = lineage.json();
            let stored = query.document["parse"]["ok"] == true;
            let failed = |statement: &Value| !statement["error"].is_null();
            let traced =
                lineage["error"].is_null() && !lineage["statements"].as_array().unwrap().iter().any(failed);
            assert_eq!(stored, traced, "{} in {dialect}: {lineage}", shape.name);
        }
        let drawing =
            format!("{}/lineage?format={}", query.path, DRAWINGS[shape.name.len() % DRAWINGS.len()]);
        check(&ada.get(&drawing).send().await, shape, dialect);
        let effort = json!({ "databases": 2, "measure": false });
        let optimized = ada.post(&format!("{}/optimizations", query.path)).json(&effort).send().await;
        check(&optimized, shape, dialect);
    }
    let pair =
        json!({ "q1": sql, "q2": sql, "dialect": dialect.name(), "databases": 2, "schema": { "t": ["a"] } });
    let verified = ada.post("/v1/verifications").json(&pair).send().await;
    check(&verified, shape, dialect);
    if verified.status.is_success() {
        let verdict = verified.json()["verdict"].as_str().unwrap().to_owned();
        assert_ne!(verdict, "refuted", "a query differs from itself: {} in {dialect}", shape.name);
    }
    println!("{:6} ms {} in {dialect}", started.elapsed().as_millis(), shape.name);
}

async fn all(shapes: &[Shape]) {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let before = ada.store("SELECT a FROM before").await;
    let cases: Vec<_> = shapes.iter().enumerate().collect();
    for cases in cases.chunks(AT_ONCE) {
        let each = cases.iter().map(|(at, shape)| {
            let ada = ada.clone();
            async move {
                for dialect in dialects(*at) {
                    through(&ada, shape, dialect).await;
                }
            }
        });
        together(each).await;
    }
    assert_eq!(ada.get(&before.path).send().await.ok(), before.document);
    assert_eq!(ada.all("/v1/queries?reads=before").await.len(), 1);
}

#[tokio::test]
async fn deep() {
    all(DEEP).await;
}

#[tokio::test]
async fn long_and_flat() {
    all(FLAT).await;
}

#[tokio::test]
async fn a_schema_may_be_hostile_too() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for shape in DEEP.iter().chain(FLAT) {
        let ddl = format!("CREATE TABLE t (a INT); {}", shape.text(60_000));
        let body = json!({ "ddl": ddl, "dialect": "postgres" });
        let response = ada.put("/v1/catalogs/hostile").json(&body).send().await;
        check(&response, shape, Dialect::Postgres);
    }
}
