//! `GET /v1/queries/{id}`

use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let fresh = ada.get(&query.path).send().await.expect(200);
    assert_eq!(fresh.etag(), query.etag);
    assert_eq!(fresh.header("cache-control"), "private, no-cache");
    for known in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let response = ada.get(&query.path).if_none_match(known).send().await.expect(304);
        assert!(response.body.is_empty(), "{known}");
        assert_eq!(response.etag(), query.etag, "{known}");
    }
    for other in ["\"2\"", "\"\"", "W/\"11\""] {
        ada.get(&query.path).if_none_match(other).send().await.expect(200);
    }
    let problem = ada.get(&query.path).if_none_match("1").send().await.problem(Kind::InvalidHeader);
    assert_eq!(problem["header"], "if-none-match");
}

#[tokio::test]
async fn a_version_stays_what_it_is() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    ada.patch(&query.path).if_match("*").json(&serde_json::json!({ "sql": "SELECT 2" })).send().await.ok();
    let path = format!("{}/versions/1", query.path);
    let first = ada.get(&path).send().await.expect(200);
    assert_eq!(first.json(), query.document);
    assert_eq!(first.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(first.etag(), "\"1\"");
    ada.get(&path).if_none_match("\"1\"").send().await.expect(304);
    ada.get(&format!("{}/versions/3", query.path)).send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let head = ada.call("HEAD", &query.path).send().await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.etag(), query.etag);
}
