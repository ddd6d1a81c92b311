//! `POST /v1/queries/{id}/versions/{n}/restore`

use serde_json::json;
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User};

/// A query whose second version differs from the first in everything.
async fn changed(ada: &User<'_>) -> Stored {
    let body = json!({
        "title": "T", "description": "D", "sql": "SELECT a FROM one", "dialect": "postgres", "tags": ["x"],
    });
    let query = ada.store_as(body).await;
    let change = json!({
        "title": "U", "description": "E", "sql": "SELECT b FROM two", "dialect": "snowflake",
        "tags": ["y"], "owner": "bob",
    });
    ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    query
}

#[tokio::test]
async fn everything_but_the_owner_comes_back_as_a_new_version() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = changed(&ada).await;
    let restore = ada.post(&format!("{}/versions/1/restore", query.path)).if_match("\"2\"");
    let response = restore.json(&json!({ "message": "the old one was right" })).send().await.expect(200);
    assert_eq!(response.etag(), "\"3\"");
    let restored = response.json();
    for field in ["title", "description", "sql", "dialect", "tags", "reads", "parse", "sql_sha256"] {
        assert_eq!(restored[field], query.document[field], "{field}");
    }
    assert_eq!((&restored["owner"], &restored["author"]), (&json!("bob"), &json!("ada")));
    assert_eq!(restored["message"], "the old one was right");
    assert_eq!(ada.all("/v1/queries?reads=one&tag=x&dialect=postgres").await.len(), 1);
    assert!(ada.all("/v1/queries?reads=TWO").await.is_empty());
    let second = ada.get(&format!("{}/versions/2", query.path)).send().await.ok();
    assert_eq!(second["sql"], "SELECT b FROM two", "what was replaced stays in the history");
}

#[tokio::test]
async fn a_restore_is_a_change_like_any_other() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = changed(&ada).await;
    let restore = |n: &str| ada.post(&format!("{}/versions/{n}/restore", query.path));
    restore("1").send().await.problem(Kind::PreconditionRequired);
    restore("1").if_match("\"1\"").send().await.problem(Kind::PreconditionFailed);
    restore("9").if_match("\"2\"").send().await.problem(Kind::NotFound);
    let unknown = restore("1").if_match("\"2\"").json(&json!({ "mesage": "typo" })).send().await;
    assert_eq!(unknown.problem(Kind::InvalidField)["field"], "mesage");
    let same = restore("2").if_match("\"2\"").send().await.expect(200);
    assert_eq!(same.etag(), "\"2\"", "the newest version restored is itself");
    assert_eq!(ada.all(&format!("{}/versions", query.path)).await.len(), 2);
}
