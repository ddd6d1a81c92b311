//! `PATCH /v1/queries/{id}`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User};

async fn full(ada: &User<'_>) -> Stored {
    ada.store_catalog("shop", "CREATE TABLE orders (id INT)").await;
    let body = json!({
        "title": "T", "description": "D", "sql": "SELECT * FROM orders", "dialect": "postgres",
        "tags": ["a", "b"], "owner": "bob", "catalog": "shop",
    });
    ada.store_as(body).await
}

/// What the query is after a change, except for what every change changes.
async fn changed(ada: &User<'_>, path: &str, change: Value) -> Value {
    ada.patch(path).if_match("*").json(&change).send().await.ok()
}

#[tokio::test]
async fn only_what_is_named_changes() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let fields = ["title", "description", "sql", "dialect", "tags", "owner", "catalog"];
    for (field, value) in [
        ("title", json!("U")),
        ("description", json!("E")),
        ("sql", json!("SELECT id FROM orders")),
        ("dialect", json!("snowflake")),
        ("tags", json!(["c"])),
        ("owner", json!("carol")),
        ("catalog", Value::Null),
    ] {
        let before = ada.get(&query.path).send().await.ok();
        let after = changed(&ada, &query.path, json!({ field: value })).await;
        for other in fields {
            let expected = if other == field { &value } else { &before[other] };
            assert_eq!(&after[other], expected, "{other} after a change of {field}");
        }
        assert_eq!(after["version"].as_u64(), before["version"].as_u64().map(|n| n + 1), "{field}");
        assert_eq!(ada.get(&query.path).send().await.ok(), after);
    }
}

#[tokio::test]
async fn null_empties_what_may_be_empty() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let change = json!({ "description": null, "tags": null, "catalog": null });
    let after = changed(&ada, &query.path, change).await;
    assert_eq!((&after["description"], &after["tags"]), (&json!(""), &json!([])));
    assert_eq!(after["catalog"], Value::Null);
    assert!(ada.all("/v1/queries?tag=a").await.is_empty());
    for field in ["title", "sql", "dialect", "owner", "message"] {
        let response = ada.patch(&query.path).if_match("*").json(&json!({ field: null })).send().await;
        assert_eq!(response.problem(Kind::InvalidField)["field"], field);
    }
    assert_eq!(ada.get(&query.path).send().await.ok(), after);
}

#[tokio::test]
async fn a_change_must_say_of_which_version() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let title = |title| json!({ "title": title });
    ada.patch(&query.path).json(&title("U")).send().await.problem(Kind::PreconditionRequired);
    ada.patch(&query.path).if_match("\"1\"").json(&title("U")).send().await.expect(200);
    for stale in ["\"1\"", "W/\"2\"", "\"3\"", "\"\"", "\"2"] {
        let response = ada.patch(&query.path).if_match(stale).json(&title("V")).send().await;
        match stale {
            "\"2" => response.problem(Kind::InvalidHeader),
            _ => response.problem(Kind::PreconditionFailed),
        };
        assert!(stale == "\"2" || response.etag() == "\"2\"", "the answer names the version there is");
    }
    let unchanged = ada.get(&query.path).send().await.ok();
    assert_eq!((&unchanged["title"], &unchanged["version"]), (&json!("U"), &json!(2)));
    let either = ada.patch(&query.path).if_match("\"9\", \"2\"").json(&title("W")).send().await.ok();
    assert_eq!(either["version"], 3);
}

#[tokio::test]
async fn what_is_the_same_makes_no_version() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    for change in [
        json!({}),
        json!({ "message": "nothing" }),
        json!({ "title": "T", "tags": ["b", "a", "a"], "dialect": "pg" }),
    ] {
        let response = ada.patch(&query.path).if_match("\"1\"").json(&change).send().await.expect(200);
        assert_eq!(response.etag(), "\"1\"", "{change}");
        assert_eq!(response.json(), query.document, "{change}");
    }
    assert_eq!(ada.all(&format!("{}/versions", query.path)).await.len(), 1);
}

#[tokio::test]
async fn lists_follow_a_change() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let change = json!({
        "sql": "INSERT INTO totals SELECT id FROM invoices", "tags": ["b", "c"], "owner": "carol",
        "dialect": "snowflake", "catalog": null,
    });
    let after = changed(&ada, &query.path, change).await;
    assert_eq!((&after["reads"], &after["writes"]), (&json!(["INVOICES"]), &json!(["TOTALS"])));
    let listed = async |filter: &str| ada.all(&format!("/v1/queries?{filter}")).await.len();
    for gone in ["tag=a", "owner=bob", "dialect=postgres", "reads=orders"] {
        assert_eq!(listed(gone).await, 0, "{gone}");
    }
    for there in ["tag=b", "tag=c", "owner=carol", "dialect=snowflake", "reads=invoices", "writes=totals"] {
        assert_eq!(listed(there).await, 1, "{there}");
    }
}

#[tokio::test]
async fn a_text_may_cease_to_parse_and_parse_again() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let broken = changed(&ada, &query.path, json!({ "sql": "SELECT (1\nFROM t" })).await;
    assert_eq!((&broken["parse"]["ok"], &broken["parse"]["error"]["line"]), (&json!(false), &json!(2)));
    assert_eq!(broken["reads"], json!([]));
    let mended = changed(&ada, &query.path, json!({ "sql": "SELECT 1 FROM orders" })).await;
    assert_eq!((&mended["parse"], &mended["reads"]), (&json!({ "ok": true }), &json!(["orders"])));
}

#[tokio::test]
async fn another_catalog_has_to_be_there_but_the_present_one_need_not() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = full(&ada).await;
    let other = ada.patch(&query.path).if_match("*").json(&json!({ "catalog": "nowhere" })).send().await;
    assert_eq!(other.problem(Kind::InvalidField)["field"], "catalog");
    ada.delete("/v1/catalogs/shop").if_match("*").send().await.expect(204);
    let after = changed(&ada, &query.path, json!({ "sql": "SELECT 2" })).await;
    assert_eq!((&after["catalog"], &after["version"]), (&json!("shop"), &json!(2)));
}
