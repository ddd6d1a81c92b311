//! `DELETE /v1/queries/{id}`

use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

#[tokio::test]
async fn only_who_has_seen_the_newest_version_deletes() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    ada.patch(&query.path).if_match("*").json(&serde_json::json!({ "title": "U" })).send().await.ok();
    ada.delete(&query.path).send().await.problem(Kind::PreconditionRequired);
    let late = ada.delete(&query.path).if_match("\"1\"").send().await;
    late.problem(Kind::PreconditionFailed);
    assert_eq!(late.etag(), "\"2\"");
    ada.get(&query.path).send().await.expect(200);
    let response = ada.delete(&query.path).if_match("\"2\"").send().await.expect(204);
    assert!(response.body.is_empty());
}

#[tokio::test]
async fn others_stay_and_the_id_never_comes_again() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let (one, two) = (ada.store("SELECT a FROM t").await, ada.store("SELECT b FROM t").await);
    ada.delete(&one.path).if_match("*").send().await.expect(204);
    let left = ada.all("/v1/queries?reads=t").await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["id"], two.id);
    assert_eq!(ada.get(&two.path).send().await.ok(), two.document);
    assert_ne!(ada.store("SELECT a FROM t").await.id, one.id);
}

#[tokio::test]
async fn many_versions_and_tables_go_as_well() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let tables: Vec<_> = (0..300).map(|n| format!("t{n}")).collect();
    let query = ada.store(&format!("SELECT 1 FROM {}", tables.join(", "))).await;
    for n in 0..12 {
        let change = serde_json::json!({ "sql": format!("SELECT {n} FROM {}", tables.join(", ")) });
        ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    }
    assert_eq!(ada.all("/v1/queries?reads=T299").await.len(), 1);
    ada.delete(&query.path).if_match("*").send().await.expect(204);
    for table in [0, 150, 299] {
        assert!(ada.all(&format!("/v1/queries?reads=t{table}")).await.is_empty());
    }
}
