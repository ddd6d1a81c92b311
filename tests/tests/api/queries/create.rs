//! `POST /v1/queries`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

#[tokio::test]
async fn a_query_comes_back_as_it_was_given() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT, total INT)").await;
    let given = json!({
        "title": "Umsätze «je» Region",
        "description": "Two lines\n\twith a tab",
        "sql": "SELECT id, total FROM Orders -- 🦀\r\n",
        "dialect": "pg",
        "tags": ["finance", "daily", "finance"],
        "owner": "team|revenue",
        "catalog": "shop",
        "message": "first",
    });
    let response = ada.post("/v1/queries").json(&given).send().await.expect(201);
    let query = response.json();
    let id = query["id"].as_str().unwrap();
    assert_eq!(response.header("location"), format!("/v1/queries/{id}"));
    assert_eq!(id.as_bytes()[14], b'7', "{id} is no UUID of version 7");
    for field in ["title", "description", "sql", "owner", "catalog", "message"] {
        assert_eq!(query[field], given[field], "{field}");
    }
    assert_eq!(query["dialect"], "postgres", "an alias is stored under its name");
    assert_eq!(query["tags"], json!(["daily", "finance"]));
    assert_eq!(query["version"], 1);
    assert_eq!(query["author"], "ada");
    assert_eq!(query["created_at"], query["updated_at"]);
    assert_eq!(query["parse"], json!({ "ok": true }));
    assert_eq!((&query["reads"], &query["writes"]), (&json!(["orders"]), &json!([])));
    assert_eq!(query["sql_bytes"], given["sql"].as_str().unwrap().len());
    assert_eq!(query["links"]["self"], response.header("location"));
    for link in ["versions", "lineage", "optimizations"] {
        assert_eq!(query["links"][link], format!("/v1/queries/{id}/{link}"));
    }
    assert_eq!(ada.get(response.header("location")).send().await.ok(), query);
}

#[tokio::test]
async fn what_is_not_said_is_empty_and_the_owner_is_the_caller() {
    let app = TestApp::start().await;
    let query = app.user_named("auth0|17", "acme").store("SELECT 1").await.document;
    assert_eq!(query["owner"], "auth0|17");
    assert_eq!(query["author"], "auth0|17");
    assert_eq!((&query["tags"], &query["catalog"]), (&json!([]), &Value::Null));
    assert_eq!((&query["description"], &query["message"]), (&json!(""), &json!("")));
}

#[tokio::test]
async fn the_hash_is_that_of_the_text() {
    let app = TestApp::start().await;
    let query = app.user("acme").store("SELECT 1").await.document;
    // printf 'SELECT 1' | sha256sum
    assert_eq!(query["sql_sha256"], "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5");
}

#[tokio::test]
async fn sql_that_does_not_parse_is_stored_and_the_answer_says_where() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT id FROM orders;\n  SELECT (id FROM items").await;
    let parse = &query.document["parse"];
    assert_eq!(parse["ok"], false);
    assert_eq!(parse["error"]["line"], 2, "{parse}");
    assert!(parse["error"]["column"].as_u64().unwrap() > 2, "{parse}");
    assert!(!parse["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(query.document["reads"], json!(["orders"]), "the statement before is read all the same");
    assert_eq!(ada.get(&query.path).send().await.ok(), query.document);
    let listed = ada.all("/v1/queries").await;
    assert_eq!(&listed[0]["parse"], parse);
}

#[tokio::test]
async fn a_catalog_that_is_not_there_is_refused() {
    let app = TestApp::start().await;
    let body = json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi", "catalog": "nowhere" });
    let problem = app.user("acme").post("/v1/queries").json(&body).send().await.problem(Kind::InvalidField);
    assert_eq!(problem["field"], "catalog");
    assert!(app.user("acme").all("/v1/queries").await.is_empty());
}

#[tokio::test]
async fn tags_are_limited() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let with = |count: usize| {
        let tags: Vec<_> = (0..count).map(|n| format!("tag-{n}")).collect();
        json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi", "tags": tags })
    };
    ada.store_as(with(20)).await;
    let problem = ada.post("/v1/queries").json(&with(21)).send().await.problem(Kind::InvalidField);
    assert_eq!((&problem["field"], &problem["limit"]), (&json!("tags"), &json!(20)));
}

#[tokio::test]
async fn the_longest_script_comes_back_to_the_last_byte() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    // Text that hardly compresses, in statements each within their own limit.
    let mut state = 1_u64;
    let mut sql = String::new();
    while sql.len() < 1024 * 1024 - 64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        sql += &format!("SELECT '{state:016x}' FROM t;\n");
    }
    sql += &"-".repeat(1024 * 1024 - sql.len());
    let query = ada.store(&sql).await;
    assert_eq!(query.document["sql_bytes"], 1024 * 1024);
    let read = ada.get(&query.path).send().await.ok();
    assert!(read["sql"] == sql.as_str(), "the text has changed");
    let changed = ada.patch(&query.path).if_match("\"1\"").json(&json!({ "title": "U" })).send().await.ok();
    assert!(changed["sql"] == sql.as_str(), "the text has changed with the title");
    let first = ada.get(&format!("{}/versions/1", query.path)).send().await.ok();
    assert!(first["sql"] == sql.as_str(), "the text of the first version has changed");
}
