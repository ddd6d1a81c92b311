//! `GET /v1/analyses/{hash}`, and the answers that are kept there.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

const SQL: &str = "SELECT a FROM t WHERE a NOT IN (SELECT b FROM u)";
const DDL: &str = "CREATE TABLE t (a INT NOT NULL); CREATE TABLE u (b INT NOT NULL)";

fn path(answer: &Value) -> String {
    format!("/v1/analyses/{}", answer["analysis"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

/// The same without what says which stored query it is.
fn without_query(mut answer: Value) -> Value {
    for name in ["id", "version"] {
        answer.as_object_mut().unwrap().remove(name);
    }
    answer
}

async fn stored(ada: &User<'_>) -> String {
    ada.store_catalog("shop", DDL).await;
    let body = json!({ "title": "T", "sql": SQL, "dialect": "postgres", "catalog": "shop" });
    ada.store_as(body).await.path
}

#[tokio::test]
async fn what_was_answered_is_there_under_its_id_and_stays() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = stored(&ada).await;
    let text = json!({ "sql": SQL, "dialect": "postgres", "catalog": "shop" });
    let answers = [
        ada.get(&format!("{query}/lineage")).send().await.ok(),
        ada.post("/v1/lineage").json(&text).send().await.ok(),
    ];
    for answer in answers {
        let kept = ada.get(&path(&answer)).send().await.expect(200);
        assert_eq!(kept.json(), without_query(answer.clone()));
        assert_eq!(kept.header("cache-control"), "private, max-age=31536000, immutable");
        assert_eq!(kept.etag(), format!("\"{}\"", answer["analysis"].as_str().unwrap()));
        ada.get(&path(&answer)).if_none_match(kept.etag()).send().await.expect(304);
        // Another catalog, another text, another query: it is still what it was.
        ada.store_catalog("shop", "CREATE TABLE t (a TEXT, z INT)").await;
        assert_eq!(ada.get(&path(&answer)).send().await.ok(), kept.json());
        ada.store_catalog("shop", DDL).await;
    }
}

#[tokio::test]
async fn an_optimization_is_made_once() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = stored(&ada).await;
    let text =
        json!({ "sql": SQL, "dialect": "postgres", "catalog": "shop", "measure": false, "databases": 5 });
    let asked = json!({ "measure": false, "databases": 5 });
    for (path_, body) in [("/v1/optimizations".to_owned(), &text), (format!("{query}/optimizations"), &asked)]
    {
        let first = ada.post(&path_).json(body).send().await.ok();
        // Only what the time sufficed for is kept; on a busy machine it may not.
        let Some(id) = first["analysis"].as_str() else { continue };
        assert_eq!(ada.post(&path_).json(body).send().await.ok(), first, "how long it took included");
        assert_eq!(ada.get(&path(&first)).send().await.ok(), without_query(first.clone()));
        let mut other = body.clone();
        other["seed"] = 7.into();
        let other = ada.post(&path_).json(&other).send().await.ok();
        assert_ne!(other["analysis"], id, "other databases");
        let refuted = ada.post(&format!("{path_}?include=refuted")).json(body).send().await.ok();
        assert_ne!(refuted["analysis"], id);
    }
}

#[tokio::test]
async fn the_same_text_has_another_id_in_another_workspace_and_is_not_there() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("acme"), app.user("other"));
    let text = json!({ "sql": SQL, "dialect": "postgres" });
    let (ours, theirs) = (
        ada.post("/v1/lineage").json(&text).send().await.ok(),
        eve.post("/v1/lineage").json(&text).send().await.ok(),
    );
    assert_ne!(ours["analysis"], theirs["analysis"]);
    eve.get(&path(&ours)).send().await.problem(Kind::NotFound);
    ada.get(&path(&theirs)).send().await.problem(Kind::NotFound);
    eve.get(&path(&ours))
        .if_none_match(format!("\"{}\"", ours["analysis"].as_str().unwrap()))
        .send()
        .await
        .problem(Kind::NotFound);
}

#[tokio::test]
async fn it_needs_what_was_needed_to_make_it() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = stored(&ada).await;
    let with = json!({ "sql": SQL, "dialect": "postgres", "catalog": "shop" });
    let without = json!({ "sql": SQL, "dialect": "postgres" });
    let cases = [
        (ada.get(&format!("{query}/lineage")).send().await.ok(), vec!["lineage:read", "queries:read"]),
        (ada.post("/v1/lineage").json(&with).send().await.ok(), vec!["lineage:read", "catalogs:read"]),
        (ada.post("/v1/lineage").json(&without).send().await.ok(), vec!["lineage:read"]),
    ];
    for (answer, needs) in cases {
        app.scoped("acme", &needs.join(" ")).get(&path(&answer)).send().await.expect(200);
        for missing in &needs {
            let others: Vec<_> = needs.iter().filter(|scope| scope != &missing).copied().collect();
            let refused = app.scoped("acme", &others.join(" ")).get(&path(&answer)).send().await;
            assert_eq!(refused.problem(Kind::MissingScope)["scope"], *missing);
        }
    }
}

#[tokio::test]
async fn ids_that_are_none() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let good = "0".repeat(64);
    ada.get(&format!("/v1/analyses/{good}")).send().await.problem(Kind::NotFound);
    for bad in ["x", "0", &good[1..], &format!("{good}0"), &good.replace('0', "A"), "%00", "..%2Fqueries"] {
        let refused = ada.get(&format!("/v1/analyses/{bad}")).send().await;
        assert_eq!(refused.problem(Kind::InvalidParameter)["parameter"], "hash", "{bad}");
    }
    ada.get(&format!("/v1/analyses/{good}?x=1")).send().await.problem(Kind::InvalidParameter);
}

#[tokio::test]
async fn what_came_with_a_request_is_gone_after_a_week_and_comes_again_under_the_same_id() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("data.db");
    let text = json!({ "sql": SQL, "dialect": "postgres" });
    let first = {
        let app = TestApp::builder().data(sqm_local::Data::File(file.clone())).start().await;
        app.user("acme").post("/v1/lineage").json(&text).send().await.ok()
    };
    // Another process, which has nothing in its memory.
    let app = TestApp::builder().data(sqm_local::Data::File(file.clone())).start().await;
    assert_eq!(app.user("acme").get(&path(&first)).send().await.ok(), first);
    drop(app);
    let app = TestApp::builder().data(sqm_local::Data::File(file)).start().await;
    app.clock.advance(8 * 86_400);
    let ada = app.user("acme");
    ada.get(&path(&first)).send().await.problem(Kind::NotFound);
    assert_eq!(ada.post("/v1/lineage").json(&text).send().await.ok(), first);
    assert_eq!(ada.get(&path(&first)).send().await.ok(), first);
}

#[tokio::test]
async fn no_level_is_a_reason_for_an_error() {
    use sqm_testkit::Fault;
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let wire = app.wire.as_ref().unwrap();
    let text = json!({ "sql": "SELECT 1 AS a", "dialect": "postgres" });
    for operation in ["GetItem", "PutItem"] {
        wire.plan(operation, Fault::Answer(503, "ServiceUnavailable"), 1_000);
    }
    let answer = ada.post("/v1/lineage").json(&text).send().await.ok();
    wire.mend();
    ada.get(&path(&answer)).send().await.expect(200);
    // Whether something is there cannot be known while the table does not answer.
    wire.plan("GetItem", Fault::Answer(503, "ServiceUnavailable"), 1_000);
    ada.get(&format!("/v1/analyses/{}", "0".repeat(64))).send().await.problem(Kind::Unavailable);
}

#[tokio::test]
async fn what_was_made_from_a_query_outlives_it_for_who_has_the_id_alone() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = stored(&ada).await;
    let lineage = format!("{query}/lineage");
    let answer = ada.get(&lineage).send().await.ok();
    ada.delete(&query).if_match("*").send().await.expect(204);
    ada.get(&lineage).send().await.problem(Kind::NotFound);
    assert_eq!(ada.get(&path(&answer)).send().await.ok(), without_query(answer.clone()));
    app.scoped("acme", "lineage:read").get(&path(&answer)).send().await.problem(Kind::MissingScope);
    app.user("other").get(&path(&answer)).send().await.problem(Kind::NotFound);
}
