//! What is found to need analysis, analysed once, and known afterwards.

use serde_json::json;
use sqm_testkit::{Calls, TestApp};

use super::lambda::{Lambda, counts};

const NINE: &str = "2027-01-15T09:00:00Z";
const TEN: &str = "2027-01-15T10:00:00Z";
const ELEVEN: &str = "2027-01-15T11:00:00Z";

#[tokio::test]
async fn what_is_new_is_analysed_once() {
    let app = TestApp::builder().faults().start().await;
    let lambda = Lambda::new(&app).await;
    let (ada, eve) = (app.user("acme"), app.user("other"));
    let query = ada.store("SELECT a FROM t WHERE a NOT IN (SELECT b FROM u)").await;
    for n in 0..22 {
        ada.store(&format!("SELECT a + {n} FROM t")).await;
    }
    eve.store("SELECT this is no SQL").await;

    let done = lambda.due(NINE).await.unwrap();
    assert_eq!((done.workspaces, done.jobs, done.sent), (2, 2, 24));
    assert_eq!(counts(&lambda.job("acme").await), ("running", 23, 0, 0));
    assert_eq!(lambda.drain().await, 24);
    let job = lambda.job("acme").await;
    assert_eq!((counts(&job), &job["failures"]), (("finished", 23, 23, 0), &json!([])));
    assert_eq!(counts(&lambda.job("other").await), ("finished", 1, 1, 0), "it says that it does not parse");

    // What people ask for has been made.
    let wire = app.wire.as_ref().unwrap();
    wire.seen();
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    assert_eq!(lineage["tables_in"].as_array().unwrap().len(), 2);
    let optimized = ada.post(&format!("{}/optimizations", query.path)).send().await.ok();
    assert!(optimized["analysis"].is_string(), "{optimized}");
    assert!(!wire.seen().iter().any(|operation| operation == "PutItem"), "nothing had to be kept anew");

    // Nothing changed: nothing is done.
    let done = lambda.due(TEN).await.unwrap();
    assert_eq!((done.workspaces, done.jobs, done.sent), (2, 0, 0));
    assert_eq!(ada.get("/v1/jobs").send().await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_catalog_that_changes_leads_elsewhere_without_a_version() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (x INT); CREATE TABLE u (y INT)").await;
    let body = json!({
        "title": "T", "sql": "INSERT INTO w (a) SELECT z FROM t, u", "dialect": "postgres", "catalog": "shop",
    });
    let query = ada.store_as(body).await;
    ada.store("SELECT 1").await;
    lambda.due(NINE).await.unwrap();
    lambda.drain().await;
    let reached = async |column: &str| {
        let found = ada.get(&format!("/v1/graph/columns/{column}")).send().await.ok();
        found["reached"].as_array().unwrap().len()
    };
    assert_eq!(reached("u.z").await, 1, "nobody knows whose column it is");
    let before = ada.get(&query.path).send().await;
    let tag = before.header("etag").to_owned();

    let ddl = json!({ "ddl": "CREATE TABLE t (x INT); CREATE TABLE u (z INT)", "dialect": "postgres" });
    ada.put("/v1/catalogs/shop").if_match("*").json(&ddl).send().await.expect(200);
    let done = lambda.due(TEN).await.unwrap();
    assert_eq!((done.jobs, done.sent), (1, 1), "of two queries one names the catalog");
    lambda.drain().await;
    assert_eq!(reached("u.z").await, 2);
    let now = ada.get(&query.path).send().await.ok();
    assert_eq!(now["version"], 1);
    // Whoever has read it before may change it.
    let change = json!({ "title": "U" });
    ada.patch(&query.path).if_match(&tag).json(&change).send().await.expect(200);
    assert_eq!(reached("u.z").await, 2, "a title is no reason to forget");
    assert_eq!(lambda.due(ELEVEN).await.unwrap().sent, 0);
}

#[tokio::test]
async fn what_people_write_meanwhile_wins() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    let ada = app.user("acme");
    let (changed, deleted) = (ada.store("SELECT a FROM t").await, ada.store("SELECT b FROM t").await);
    lambda.due(NINE).await.unwrap();
    let change = json!({ "sql": "SELECT a FROM elsewhere" });
    ada.patch(&changed.path).if_match("*").json(&change).send().await.expect(200);
    ada.delete(&deleted.path).if_match("*").send().await.expect(204);
    assert_eq!(lambda.drain().await, 2);
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 2, 2, 0));
    let found = ada.all("/v1/queries?reads=elsewhere").await;
    assert_eq!(found.len(), 1);
    assert_eq!(lambda.due(TEN).await.unwrap().sent, 0, "what was changed is analysed as it is now");
}
