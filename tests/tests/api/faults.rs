//! A database that fails: the caller is told so, nothing is half written, and what was stored before is
//! still there.

use std::sync::Arc;

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Fault, FaultyWire, Stored, TestApp, User, together};
use tokio::sync::Semaphore;

/// More often than anybody tries.
const ALWAYS: usize = 1_000;

fn wire(app: &TestApp) -> &FaultyWire {
    app.wire.as_ref().unwrap()
}

fn new(sql: &str) -> Value {
    json!({ "title": "T", "sql": sql, "dialect": "postgres" })
}

async fn versions(ada: &User<'_>, query: &Stored) -> Vec<u64> {
    let all = ada.all(&format!("{}/versions", query.path)).await;
    all.iter().map(|version| version["version"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_moment_s_failure_is_not_noticed() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    for fault in [
        Fault::Drop,
        Fault::Answer(500, "InternalServerError"),
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(503, "ServiceUnavailable"),
    ] {
        for operation in ["TransactWriteItems", "Query", "GetItem", "BatchGetItem"] {
            wire(&app).plan(operation, fault.clone(), 1);
        }
        let query = ada.store("SELECT a FROM t").await;
        ada.get(&query.path).send().await.expect(200);
        ada.all("/v1/queries?reads=t").await;
        wire(&app).mend();
    }
    assert_eq!(ada.all("/v1/queries").await.len(), 4);
}

#[tokio::test]
async fn a_database_that_fails_uses_up_its_own_retries_alone() {
    let (failing, other) =
        (TestApp::builder().faults().start().await, TestApp::builder().faults().start().await);
    let (bob, ada) = (failing.user("acme"), other.user("acme"));
    let query = bob.store("SELECT a FROM t").await;
    wire(&failing).plan("Query", Fault::Drop, ALWAYS);
    for response in together((0..50).map(|_| bob.get(&query.path).send())).await {
        response.problem(Kind::Unavailable);
    }
    wire(&other).plan("TransactWriteItems", Fault::Drop, 1);
    ada.store("SELECT a FROM t").await;
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_write_twice() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    wire(&app).plan("TransactWriteItems", Fault::LoseAnswer, 1);
    let query = ada.store("SELECT 1").await;
    wire(&app).plan("TransactWriteItems", Fault::LoseAnswer, 1);
    let change = ada.patch(&query.path).if_match("\"1\"").json(&json!({ "sql": "SELECT 2" }));
    assert_eq!(change.send().await.ok()["version"], 2);
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
    assert_eq!(versions(&ada, &query).await, [2, 1]);
}

#[tokio::test]
async fn who_got_no_answer_asks_again_under_the_same_key() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let create = || ada.post("/v1/queries").header("idempotency-key", "k").json(&new("SELECT 1")).send();
    wire(&app).plan("TransactWriteItems", Fault::LoseAnswer, ALWAYS);
    let response = create().await;
    response.problem(Kind::Unavailable);
    assert_eq!(response.header("retry-after"), "5");
    wire(&app).mend();
    let query = create().await.created();
    let stored = ada.all("/v1/queries").await;
    assert_eq!(stored.len(), 1, "it was written although nobody was told");
    assert_eq!(stored[0]["id"], query["id"]);
}

#[tokio::test]
async fn every_operation_says_that_it_could_not() {
    let outcomes = together(
        [Fault::Drop, Fault::Answer(500, "InternalServerError"), Fault::Answer(400, "ThrottlingException")]
            .map(unavailable),
    );
    outcomes.await;
}

async fn unavailable(fault: Fault) {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT a FROM t").await;
    ada.store_catalog("c", "CREATE TABLE t (a INT)").await;
    let retry_after = if matches!(fault, Fault::Answer(400, _)) { "1" } else { "5" };
    for operation in ["TransactWriteItems", "Query", "GetItem", "BatchGetItem"] {
        wire(&app).plan(operation, fault.clone(), ALWAYS);
    }
    let ddl = json!({ "ddl": "CREATE TABLE t (b INT)", "dialect": "postgres" });
    let calls = [
        ada.get(&query.path),
        ada.get("/v1/queries"),
        ada.get(&format!("{}/versions", query.path)),
        ada.get(&format!("{}/versions/1", query.path)),
        ada.get(&format!("{}/lineage", query.path)),
        ada.get("/v1/catalogs"),
        ada.get("/v1/catalogs/c"),
        ada.post("/v1/queries").json(&new("SELECT 1")),
        ada.patch(&query.path).if_match("\"1\"").json(&json!({ "sql": "SELECT b FROM u" })),
        ada.delete(&query.path).if_match("\"1\""),
        ada.put("/v1/catalogs/c").json(&ddl),
        ada.delete("/v1/catalogs/c").if_match("\"1\""),
        ada.get("/v1/connections"),
        ada.get("/v1/connections/c"),
        ada.put("/v1/connections/c").json(&json!({ "engine": "postgres", "secret": "sqm/acme/c" })),
        ada.delete("/v1/connections/c").if_match("\"1\""),
        ada.post(&format!("{}/optimizations", query.path)),
    ];
    // Boxed: so many of them at once are too large for the stack of a test.
    for response in together(calls.map(|call| Box::pin(call.send()))).await {
        response.problem(Kind::Unavailable);
        assert_eq!(response.header("retry-after"), retry_after, "{response:?}");
        assert!(!response.text().contains("planned"), "what is inside stays inside: {response:?}");
    }
    wire(&app).mend();
    assert_eq!(ada.get(&query.path).send().await.ok(), query.document);
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
    assert_eq!(ada.get("/v1/catalogs/c").send().await.ok()["version"], 1);
    let change = ada.patch(&query.path).if_match("\"1\"").json(&json!({ "sql": "SELECT b FROM u" }));
    assert_eq!(change.send().await.ok()["version"], 2);
}

#[tokio::test]
async fn an_error_that_is_ours_is_told_by_its_id_alone() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    wire(&app).plan("Query", Fault::Answer(400, "ValidationException"), ALWAYS);
    let response = ada.get(&query.path).send().await;
    let problem = response.problem(Kind::Internal);
    assert!(problem.get("detail").is_none(), "{problem}");
    assert!(!response.text().contains("Validation"), "{response:?}");
}

#[tokio::test]
async fn a_race_is_lost_by_who_comes_second_to_the_database() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1 FROM a").await;
    let gate = Arc::new(Semaphore::new(0));
    wire(&app).plan("TransactWriteItems", Fault::Hold(gate.clone()), 1);
    wire(&app).seen();
    let slow = async {
        let change = json!({ "sql": "SELECT 2 FROM slow" });
        ada.patch(&query.path).if_match("\"1\"").json(&change).send().await
    };
    let fast = async {
        while !wire(&app).seen().contains(&"TransactWriteItems".to_owned()) {
            tokio::task::yield_now().await;
        }
        // The slow one has read and checked, and its write is on its way.
        let change = json!({ "sql": "SELECT 3 FROM fast" });
        let answer = ada.patch(&query.path).if_match("\"1\"").json(&change).send().await;
        gate.add_permits(1);
        answer
    };
    let (slow, fast) = tokio::join!(slow, fast);
    let won = fast.ok();
    slow.problem(Kind::PreconditionFailed);
    assert_eq!(slow.etag(), "\"2\"");
    assert_eq!(ada.get(&query.path).send().await.ok(), won);
    assert_eq!(versions(&ada, &query).await, [2, 1]);
    assert!(ada.all("/v1/queries?reads=slow").await.is_empty());
}

#[tokio::test]
async fn a_deletion_that_broke_off_is_one_all_the_same() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT a FROM t").await;
    let other = ada.store("SELECT b FROM t").await;
    wire(&app).plan("BatchWriteItem", Fault::Answer(500, "InternalServerError"), ALWAYS);
    ada.delete(&query.path).if_match("\"1\"").send().await.problem(Kind::Unavailable);
    for path in ["", "/versions", "/versions/1", "/lineage"] {
        ada.get(&format!("{}{path}", query.path)).send().await.problem(Kind::NotFound);
    }
    let listed = ada.all("/v1/queries?reads=t").await;
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &json!(other.id)));
    wire(&app).mend();
    ada.delete(&query.path).if_match("\"1\"").send().await.expect(204);
    ada.delete(&query.path).if_match("\"1\"").send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn a_query_of_many_tables_is_there_whole_or_not_at_all() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let tables: Vec<_> = (0..400).map(|n| format!("t{n}")).collect();
    let body = new(&format!("SELECT 1 FROM {}", tables.join(", ")));
    let fails = async |operation: &'static str| {
        wire(&app).plan(operation, Fault::Answer(500, "InternalServerError"), ALWAYS);
        ada.post("/v1/queries").json(&body).send().await.problem(Kind::Unavailable);
        wire(&app).mend();
        assert!(ada.all("/v1/queries").await.is_empty(), "{operation}");
        for table in [0, 50, 399] {
            assert!(ada.all(&format!("/v1/queries?reads=t{table}")).await.is_empty(), "{operation}");
        }
    };
    fails("BatchWriteItem").await;
    fails("TransactWriteItems").await;
    ada.post("/v1/queries").json(&body).send().await.expect(201);
    for table in [0, 50, 399] {
        assert_eq!(ada.all(&format!("/v1/queries?reads=t{table}")).await.len(), 1);
    }
}

#[tokio::test]
async fn health_does_not_depend_on_the_database() {
    let app = TestApp::builder().faults().start().await;
    wire(&app).plan("Query", Fault::Drop, ALWAYS);
    app.anonymous().get("/v1/health").send().await.expect(200);
    assert!(wire(&app).seen().is_empty(), "nothing was asked for");
}
