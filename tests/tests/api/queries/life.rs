//! The whole life of one query.

use serde_json::json;
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

#[tokio::test]
async fn from_creation_to_deletion() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user_named("ada", "acme"), app.user_named("bob", "acme"));

    let query = ada.store("SELECT id FROM orders").await;
    assert_eq!(query.etag, "\"1\"");

    let change = json!({ "sql": "SELECT id, total FROM orders", "message": "the total too" });
    let changed = bob.patch(&query.path).if_match(&query.etag).json(&change).send().await.expect(200);
    assert_eq!(changed.etag(), "\"2\"");
    let second = changed.json();
    assert_eq!((&second["version"], &second["author"]), (&json!(2), &json!("bob")));
    assert_eq!(second["owner"], "ada", "who changes a query does not become its owner");
    assert_eq!(second["created_at"], query.document["created_at"]);
    assert!(second["updated_at"].as_str() > query.document["updated_at"].as_str());

    let back = ada.post(&format!("{}/versions/1/restore", query.path)).if_match("\"2\"").send().await;
    let third = back.expect(200).json();
    assert_eq!((&third["version"], &third["sql"]), (&json!(3), &json!("SELECT id FROM orders")));
    assert_eq!(third["message"], "restores version 1");

    let history = ada.all(&format!("{}/versions", query.path)).await;
    let history: Vec<_> =
        history.iter().map(|version| (version["version"].clone(), version["author"].clone())).collect();
    let expected = [(3, "ada"), (2, "bob"), (1, "ada")].map(|(n, author)| (json!(n), json!(author)));
    assert_eq!(history, expected);

    ada.delete(&query.path).if_match("\"3\"").send().await.expect(204);
    for path in ["", "/versions", "/versions/1", "/versions/3", "/versions/3/diff"] {
        ada.get(&format!("{}{path}", query.path)).send().await.problem(Kind::NotFound);
    }
    let restore = ada.post(&format!("{}/versions/1/restore", query.path)).if_match("\"3\"");
    restore.send().await.problem(Kind::NotFound);
    let change = ada.patch(&query.path).if_match("\"3\"").json(&json!({ "title": "T" }));
    change.send().await.problem(Kind::NotFound);
    ada.delete(&query.path).if_match("\"3\"").send().await.problem(Kind::NotFound);
    assert!(ada.all("/v1/queries").await.is_empty());
}
