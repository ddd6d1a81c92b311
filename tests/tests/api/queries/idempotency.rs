//! `Idempotency-Key`: a request that comes again is answered again and done once.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

const KEY: &str = "idempotency-key";
/// How long a key is remembered, in seconds.
const KEPT_S: i64 = 24 * 60 * 60;

fn new(title: &str) -> Value {
    json!({ "title": title, "sql": "SELECT 1", "dialect": "ansi" })
}

#[tokio::test]
async fn a_creation_that_comes_again() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user_named("ada", "acme"), app.user_named("bob", "acme"));
    let first = ada.post("/v1/queries").header(KEY, "k1").json(&new("T")).send().await.expect(201);
    let path = first.header("location").to_owned();
    ada.patch(&path).if_match("*").json(&json!({ "title": "U" })).send().await.ok();
    let again = ada.post("/v1/queries").header(KEY, "k1").json(&new("T")).send().await.expect(201);
    assert_eq!(again.json(), first.json(), "the answer is that of then, not of now");
    assert_eq!(again.header("location"), path);
    assert_eq!(again.etag(), first.etag());

    let other = ada.post("/v1/queries").header(KEY, "k1").json(&new("V")).send().await;
    other.problem(Kind::IdempotencyKeyReused);
    let change = ada.patch(&path).header(KEY, "k1").if_match("\"2\"").json(&json!({ "title": "V" }));
    change.send().await.problem(Kind::IdempotencyKeyReused);
    assert_eq!(ada.all("/v1/queries").await.len(), 1);

    bob.post("/v1/queries").header(KEY, "k1").json(&new("T")).send().await.expect(201);
    let elsewhere = app.user("other");
    elsewhere.post("/v1/queries").header(KEY, "k1").json(&new("W")).send().await.expect(201);
    assert_eq!(ada.all("/v1/queries").await.len(), 2, "a key is its user's in its workspace");

    app.clock.advance(KEPT_S + 60);
    let late = ada.post("/v1/queries").header(KEY, "k1").json(&new("T")).send().await.expect(201);
    assert_ne!(late.header("location"), path, "after a day the key is free again");
}

#[tokio::test]
async fn a_change_that_comes_again_is_not_late() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let change = || {
        let change = ada.patch(&query.path).header(KEY, "c").if_match("\"1\"");
        change.json(&json!({ "sql": "SELECT 2" })).send()
    };
    let first = change().await.expect(200);
    assert_eq!(first.etag(), "\"2\"");
    assert_eq!(change().await.ok(), first.json());
    let otherwise = ada.patch(&query.path).header(KEY, "c").if_match("\"2\"");
    otherwise.json(&json!({ "sql": "SELECT 2" })).send().await.problem(Kind::IdempotencyKeyReused);

    let restore = || {
        let path = format!("{}/versions/1/restore", query.path);
        ada.post(&path).header(KEY, "r").if_match("\"2\"").send()
    };
    assert_eq!(restore().await.ok(), restore().await.ok());
    assert_eq!(ada.all(&format!("{}/versions", query.path)).await.len(), 3);
}

#[tokio::test]
async fn the_query_may_be_gone_meanwhile() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let create = || ada.post("/v1/queries").header(KEY, "k").json(&new("T")).send();
    let path = create().await.expect(201).header("location").to_owned();
    ada.delete(&path).if_match("*").send().await.expect(204);
    create().await.problem(Kind::NotFound);
    assert!(ada.all("/v1/queries").await.is_empty());
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_under_its_key() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let bad = json!({ "title": "T", "sql": "SELECT 1", "dialect": "cobol" });
    ada.post("/v1/queries").header(KEY, "k").json(&bad).send().await.problem(Kind::InvalidField);
    ada.post("/v1/queries").header(KEY, "k").json(&new("T")).send().await.expect(201);
}

#[tokio::test]
async fn keys_that_are_none() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for bad in ["", "two words", &"x".repeat(256)] {
        let response = ada.post("/v1/queries").header(KEY, bad).json(&new("T")).send().await;
        assert_eq!(response.problem(Kind::InvalidHeader)["header"], KEY, "{bad}");
    }
    let two = ada.post("/v1/queries").header(KEY, "a").header(KEY, "b").json(&new("T"));
    two.send().await.problem(Kind::InvalidHeader);
    let latin = ada.post("/v1/queries").header(KEY, b"caf\xe9").json(&new("T"));
    latin.send().await.problem(Kind::InvalidHeader);
    assert!(ada.all("/v1/queries").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_make_one_query() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let create = || ada.post("/v1/queries").header(KEY, "same").json(&new("T")).send();
    let answers = tokio::join!(create(), create(), create(), create(), create(), create());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    let stored = ada.all("/v1/queries").await;
    assert_eq!(stored.len(), 1);
    for answer in answers {
        assert_eq!(answer.created()["id"], stored[0]["id"]);
    }
}
