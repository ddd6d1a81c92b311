//! `POST /v1/indexes`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

const SHOP: &str = "CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, state TEXT NOT NULL, placed DATE NOT NULL);";

const BY_CUSTOMER: &str = "SELECT id FROM orders WHERE customer = 7";
const BY_DAY: &str = "SELECT id FROM orders WHERE customer = 7 AND placed > DATE '2025-01-01'";
const BY_STATE: &str = "SELECT id FROM orders WHERE state = 'lost'";

async fn store(user: &User<'_>, sql: &str, tag: &str) -> String {
    let body = json!({ "title": "T", "sql": sql, "dialect": "postgres", "catalog": "shop", "tags": [tag] });
    user.store_as(body).await.id
}

async fn advised(user: &User<'_>, body: Value) -> Value {
    user.post("/v1/indexes").json(&body).send().await.ok()
}

fn columns(answer: &Value) -> Vec<Value> {
    let indexes = answer["groups"][0]["indexes"].as_array().unwrap();
    indexes.iter().map(|index| index["columns"].clone()).collect()
}

#[tokio::test]
async fn indexes_serve_all_queries_together_the_weightier_first() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", SHOP).await;
    let (one, two) = (store(&ada, BY_CUSTOMER, "shop").await, store(&ada, BY_DAY, "shop").await);
    let three = store(&ada, BY_STATE, "shop").await;
    let weights = json!({ &one: 3, &two: 0.5, &three: 1 });
    let answer = advised(&ada, json!({ "queries": [one, two, three], "weights": weights })).await;
    // What begins alike is one index, and both texts are named by their position.
    assert_eq!(columns(&answer), [json!(["customer", "placed"]), json!(["state"])], "{answer}");
    let group = &answer["groups"][0];
    assert_eq!(group["basis"]["catalog"]["name"], "shop");
    assert_eq!(group["queries"][1], json!({ "id": two, "version": 1, "weight": 0.5 }));
    let serves = group["indexes"][0]["serves"].as_array().unwrap();
    let mut queries: Vec<_> = serves.iter().map(|place| place["query"].as_u64().unwrap()).collect();
    queries.dedup();
    assert_eq!(queries, [0, 1], "{answer}");
    let heavy = json!({ &three: 1_000 });
    let answer = advised(&ada, json!({ "tag": "shop", "weights": heavy })).await;
    assert_eq!(columns(&answer)[0], json!(["state"]), "{answer}");
}

#[tokio::test]
async fn a_list_is_gone_through_page_by_page() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", SHOP).await;
    for sql in [BY_CUSTOMER, BY_STATE] {
        store(&ada, sql, "shop").await;
    }
    store(&ada, "SELECT 1", "other").await;
    let first = advised(&ada, json!({ "reads": "ORDERS", "limit": 1 })).await;
    let second = advised(&ada, json!({ "reads": "ORDERS", "limit": 1, "cursor": first["next"] })).await;
    let mut found = [columns(&first), columns(&second)].concat();
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, [json!(["customer"]), json!(["state"])], "{first} {second}");
    let all = ada.post("/v1/indexes").send().await.ok();
    assert_eq!(all["groups"][0]["queries"].as_array().unwrap().len(), 3, "{all}");
    assert_eq!(all["next"], Value::Null);
    let none = advised(&ada, json!({ "tag": "nothing" })).await;
    assert_eq!(none["groups"], json!([]));
    // Other dialects have other indexes.
    let body = json!({ "title": "T", "sql": BY_STATE, "dialect": "bigquery", "catalog": "shop" });
    ada.store_as(body).await;
    let apart = advised(&ada, json!({ "reads": "orders" })).await;
    let dialects: Vec<_> =
        apart["groups"].as_array().unwrap().iter().map(|group| &group["dialect"]).collect();
    assert_eq!(dialects.len(), 2, "{apart}");
}

#[tokio::test]
async fn what_is_asked_for_has_bounds() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mine = ada.store("SELECT 1").await.id;
    let foreign = app.user("other").store("SELECT 1").await.id;
    let many = vec![json!(mine); 101];
    for (body, field) in [
        (json!({ "queries": [mine, foreign] }), "queries[1]"),
        (json!({ "queries": [] }), "queries"),
        (json!({ "queries": many }), "queries"),
        (json!({ "queries": [mine], "tag": "x" }), "queries"),
        (json!({ "weights": { &mine: -1 } }), &*format!("weights.{mine}")),
        (json!({ "limit": 0 }), "limit"),
        (json!({ "limit": 101 }), "limit"),
        (json!({ "reads": "" }), "reads"),
    ] {
        let problem = ada.post("/v1/indexes").json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], field, "{body}");
    }
    let forged = json!({ "cursor": "nobody made this" });
    ada.post("/v1/indexes").json(&forged).send().await.problem(Kind::InvalidCursor);
}
