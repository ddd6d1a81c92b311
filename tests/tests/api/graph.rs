//! The graph of a workspace: what leads to what through the queries that write tables, and what a change breaks.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User};

async fn store(ada: &User<'_>, title: &str, sql: &str) -> Stored {
    ada.store_as(json!({ "title": title, "sql": sql, "dialect": "postgres", "catalog": "shop" })).await
}

/// Orders are staged, summed up by a view, and shown; a second way leads around in a circle.
async fn furnish(ada: &User<'_>) {
    let ddl = "CREATE TABLE orders (id INT PRIMARY KEY, total INT, state TEXT);
        CREATE TABLE staged (id INT, total INT); CREATE TABLE loop_a (x INT); CREATE TABLE loop_b (x INT)";
    ada.store_catalog("shop", ddl).await;
    store(ada, "stage", "INSERT INTO staged (id, total)\nSELECT id, total FROM orders WHERE state = 'open'")
        .await;
    store(ada, "sums", "CREATE VIEW sums AS SELECT id, SUM(total) AS spent FROM staged GROUP BY id").await;
    store(ada, "report", "SELECT spent FROM sums").await;
    store(ada, "direct", "SELECT o.state FROM orders o").await;
    store(ada, "around", "INSERT INTO loop_b SELECT x FROM loop_a").await;
    store(ada, "back", "INSERT INTO loop_a SELECT x FROM loop_b").await;
}

fn reached(found: &Value) -> Vec<(String, u64)> {
    let all = found["reached"].as_array().unwrap().iter();
    all.map(|it| (it["name"].as_str().unwrap().to_owned(), it["depth"].as_u64().unwrap())).collect()
}

fn titles(found: &Value) -> Vec<String> {
    let items = found["items"].as_array().unwrap().iter();
    let mut titles: Vec<String> = items
        .map(|it| format!("{}: {}", it["name"].as_str().unwrap(), it["query"]["title"].as_str().unwrap()))
        .collect();
    titles.sort();
    titles
}

fn owned(names: &[(&str, u64)]) -> Vec<(String, u64)> {
    names.iter().map(|(name, depth)| ((*name).to_owned(), *depth)).collect()
}

#[tokio::test]
async fn tables_lead_through_what_queries_write() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    furnish(&ada).await;
    let down = ada.get("/v1/graph/tables/ORDERS").send().await.ok();
    assert_eq!(reached(&down), owned(&[("orders", 0), ("staged", 1), ("sums", 2)]));
    assert_eq!(titles(&down), ["orders: direct", "orders: stage", "staged: sums", "sums: report"]);
    assert_eq!((&down["truncated"], &down["next"]), (&json!(false), &Value::Null));
    let near = ada.get("/v1/graph/tables/orders?depth=1").send().await.ok();
    assert_eq!(reached(&near), owned(&[("orders", 0), ("staged", 1)]));
    let up = ada.get("/v1/graph/tables/sums?direction=upstream").send().await.ok();
    assert_eq!(reached(&up), owned(&[("sums", 0), ("staged", 1), ("orders", 2)]));
    assert_eq!(titles(&up), ["staged: stage", "sums: sums"]);
    // A circle ends where it began.
    let around = ada.get("/v1/graph/tables/loop_a?depth=10").send().await.ok();
    assert_eq!(reached(&around), owned(&[("loop_a", 0), ("loop_b", 1)]));
    let nothing = ada.get("/v1/graph/tables/nobody.reads.this").send().await.ok();
    assert_eq!((reached(&nothing).len(), titles(&nothing).len()), (1, 0));
    // Another workspace has its own.
    let other = app.user("other").get("/v1/graph/tables/orders").send().await.ok();
    assert_eq!((reached(&other).len(), titles(&other).len()), (1, 0));
}

#[tokio::test]
async fn columns_lead_to_what_is_made_of_them() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    furnish(&ada).await;
    let total = ada.get("/v1/graph/columns/orders.total").send().await.ok();
    assert_eq!(reached(&total), owned(&[("orders.total", 0), ("staged.total", 1), ("sums.spent", 2)]));
    assert_eq!(titles(&total), ["orders.total: stage", "staged.total: sums", "sums.spent: report"]);
    let state = ada.get("/v1/graph/columns/orders.state").send().await.ok();
    assert_eq!(reached(&state), owned(&[("orders.state", 0), ("staged.*", 1)]));
    let up = ada.get("/v1/graph/columns/sums.spent?direction=upstream").send().await.ok();
    assert_eq!(reached(&up), owned(&[("sums.spent", 0), ("staged.total", 1), ("orders.total", 2)]));
}

#[tokio::test]
async fn what_is_changed_or_deleted_leads_nowhere() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("INSERT INTO b SELECT x FROM a").await;
    let names = async |name: &str| {
        let found = ada.get(&format!("/v1/graph/tables/{name}")).send().await.ok();
        reached(&found).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("a").await, ["a", "b"]);
    let change = json!({ "sql": "INSERT INTO c SELECT x FROM a" });
    ada.patch(&query.path).if_match("*").json(&change).send().await.expect(200);
    assert_eq!(names("a").await, ["a", "c"]);
    // A new title is no new text: the ways stay.
    ada.patch(&query.path).if_match("*").json(&json!({ "title": "T" })).send().await.expect(200);
    assert_eq!(names("a").await, ["a", "c"]);
    ada.delete(&query.path).if_match("*").send().await.expect(204);
    assert_eq!(names("a").await, ["a"]);
}

#[tokio::test]
async fn pages_show_each_query_once() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store("INSERT INTO b SELECT x FROM a").await;
    for n in 0..25 {
        ada.store(&format!("SELECT x + {n} FROM {}", if n % 2 == 0 { "a" } else { "b" })).await;
    }
    let all = ada.all("/v1/graph/tables/a?limit=4").await;
    assert_eq!(all.len(), 26);
    let mut ids: Vec<_> = all.iter().map(|item| item["query"]["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 26);
    let depths: Vec<_> = all.iter().map(|item| item["depth"].as_u64().unwrap()).collect();
    assert!(depths.is_sorted(), "{depths:?}");
}

#[tokio::test]
async fn a_change_breaks_those_that_name_what_is_gone() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    furnish(&ada).await;
    let impact = async |change: &str| {
        let body = json!({ "catalog": "shop", "change": change });
        ada.post("/v1/impact").json(&body).send().await.ok()
    };
    let effects = |found: &Value| {
        let items = found["items"].as_array().unwrap().iter();
        let mut effects: Vec<String> = items
            .map(|it| {
                format!("{} {}", it["query"]["title"].as_str().unwrap(), it["effect"].as_str().unwrap())
            })
            .collect();
        effects.sort();
        effects
    };
    let dropped = impact("ALTER TABLE orders DROP COLUMN total").await;
    assert_eq!(
        dropped["changes"],
        json!([{ "kind": "column_dropped", "table": "orders", "column": "total" }])
    );
    assert_eq!(effects(&dropped), ["report depends", "stage breaks", "sums depends"]);
    let stage =
        dropped["items"].as_array().unwrap().iter().find(|it| it["query"]["title"] == "stage").unwrap();
    let place = json!([{ "start": { "line": 2, "column": 12 }, "end": { "line": 2, "column": 17 } }]);
    assert_eq!(stage["places"], place);

    let typed = impact("ALTER TABLE orders ALTER COLUMN state TYPE INT").await;
    assert_eq!(typed["changes"][0]["kind"], "type_changed");
    assert_eq!(effects(&typed), ["direct may_break", "stage may_break"]);

    let table = impact("DROP TABLE staged").await;
    assert_eq!(effects(&table), ["report depends", "stage breaks", "sums breaks"]);

    let renamed = impact("ALTER TABLE loop_a RENAME COLUMN x TO y").await;
    assert_eq!(renamed["changes"][0]["kind"], "column_renamed", "{renamed}");
    assert_eq!(effects(&renamed), ["around breaks", "back breaks", "back depends"], "{renamed}");
    let nothing = impact("CREATE TABLE more (a INT)").await;
    assert_eq!((&nothing["changes"], &nothing["items"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    ada.put("/v1/catalogs/j")
        .json(&json!({ "dialect": "ansi", "tables": { "t": ["a"] } }))
        .send()
        .await
        .expect(201);
    for (path, name) in [
        ("tables/t?depth=11", "depth"),
        ("tables/t?depth=-1", "depth"),
        ("tables/t?direction=sideways", "direction"),
        ("tables/t?limit=0", "limit"),
        ("tables/t?x=1", "x"),
        ("columns/nodot", "name"),
    ] {
        let problem = ada.get(&format!("/v1/graph/{path}")).send().await.problem(Kind::InvalidParameter);
        assert_eq!(problem["parameter"], name, "{problem}");
    }
    let long = "x".repeat(1_025);
    ada.get(&format!("/v1/graph/tables/{long}")).send().await.problem(Kind::InvalidParameter);
    ada.get("/v1/graph/tables/t?cursor=x").send().await.problem(Kind::InvalidCursor);
    for (body, field) in [
        (json!({ "catalog": "none", "change": "DROP TABLE t" }), "catalog"),
        (json!({ "catalog": "shop" }), "change"),
        (
            json!({ "catalog": "shop", "change": "DROP TABLE t", "schema": "CREATE TABLE t (a INT)" }),
            "change",
        ),
        (json!({ "catalog": "j", "change": "DROP TABLE t" }), "change"),
        (json!({ "catalog": "shop", "change": "DROP TABLE t", "depth": 11 }), "depth"),
    ] {
        let problem = ada.post("/v1/impact").json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], field, "{problem}");
    }
    let whole = json!({ "catalog": "j", "schema": { "t": ["b"] } });
    let found = ada.post("/v1/impact").json(&whole).send().await.ok();
    assert_eq!(found["changes"][0]["column"], "a");
}
