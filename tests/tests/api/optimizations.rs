//! `POST /v1/optimizations` and `POST /v1/queries/{id}/optimizations`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

const SHOP: &str = "\
CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL);\
CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL REFERENCES customers (id), placed DATE NOT NULL, total INT NOT NULL);";

const ABOVE_AVERAGE: &str = "\
SELECT o.id FROM orders o WHERE o.total > (SELECT AVG(p.total) FROM orders p WHERE p.customer = o.customer)";

async fn ad_hoc(ada: &User<'_>, sql: &str, more: Value) -> Value {
    let mut body = json!({ "sql": sql, "dialect": "postgres", "schema": SHOP, "measure": false });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ada.post("/v1/optimizations?include=refuted").json(&body).send().await.ok()
}

fn is_verified(rewrite: &Value) -> bool {
    matches!(rewrite["verdict"].as_str(), Some("tested" | "proved"))
}

#[tokio::test]
async fn each_of_the_promised_rewrites_is_offered_with_its_verdict() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for (sql, origin) in [
        (ABOVE_AVERAGE, "rule:correlated-aggregate-to-join"),
        (
            "SELECT c.name FROM customers c WHERE (SELECT COUNT(*) FROM orders o WHERE o.customer = c.id) > 0",
            "rule:count-to-exists",
        ),
        ("SELECT id FROM orders WHERE EXTRACT(YEAR FROM placed) = 2025", "rule:function-to-range"),
        (
            "SELECT DISTINCT c.id, c.name FROM customers c JOIN orders o ON o.customer = c.id",
            "rule:distinct-join-to-exists",
        ),
    ] {
        let answer = ad_hoc(&ada, sql, json!({})).await;
        let rewrites = answer["rewrites"].as_array().unwrap();
        let origins: Vec<_> = rewrites.iter().map(|rewrite| &rewrite["origin"]).collect();
        let rewrite = rewrites.iter().find(|rewrite| rewrite["origin"] == origin);
        let rewrite = rewrite.unwrap_or_else(|| panic!("{origin} is not among {origins:?}: {answer}"));
        assert!(is_verified(rewrite), "{rewrite}");
        for said in ["title", "explanation", "reason", "sql"] {
            assert!(!rewrite[said].as_str().unwrap().is_empty(), "{said}: {rewrite}");
        }
        assert_eq!(rewrite["verification"]["verdict"], rewrite["verdict"]);
    }
}

#[tokio::test]
async fn indexes_that_would_serve_are_named_unless_they_are_there() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let answer = ad_hoc(&ada, ABOVE_AVERAGE, json!({})).await;
    let index = &answer["indexes"][0];
    assert_eq!((&index["table"], &index["columns"]), (&json!("orders"), &json!(["customer"])));
    assert_eq!(index["serves"][0]["purpose"], "correlation");
    assert_eq!(index["serves"][0]["span"]["start"], json!({"line": 1, "column": 84}));
    let with_index = format!("{SHOP}{};", index["ddl"].as_str().unwrap());
    let answer = ad_hoc(&ada, ABOVE_AVERAGE, json!({ "schema": with_index })).await;
    assert_eq!(answer["indexes"], json!([]), "{answer}");
    let answer = ad_hoc(&ada, ABOVE_AVERAGE, json!({ "dialect": "bigquery" })).await;
    assert_eq!(answer["indexes"], json!([]));
    assert!(
        answer["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("no index"))
    );
}

#[tokio::test]
async fn what_changes_the_result_is_no_rewrite() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let answer = ad_hoc(&ada, "SELECT total FROM orders ORDER BY id LIMIT 20 OFFSET 5000", json!({})).await;
    let [other] = &answer["alternatives"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(other["sql"], "SELECT total FROM orders WHERE id > $1 ORDER BY id LIMIT 20");
    assert!(other["explanation"].as_str().unwrap().contains("Bind $1 for `id`"), "{other}");
    assert!(!other["changes"].as_array().unwrap().is_empty() && other.get("verdict").is_none(), "{other}");
    assert!(!answer["rewrites"].to_string().contains("id > $1"), "{answer}");
    assert_eq!(ad_hoc(&ada, ABOVE_AVERAGE, json!({})).await["alternatives"], json!([]));
}

#[tokio::test]
async fn findings_say_where() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let sql = "SELECT *\nFROM orders\nWHERE total = NULL";
    let answer = ad_hoc(&ada, sql, json!({})).await;
    let findings = answer["findings"].as_array().unwrap();
    let at = |line: u64| findings.iter().find(|finding| finding["line"] == line);
    let null = at(3).unwrap_or_else(|| panic!("{answer}"));
    assert!(null["code"].as_str().unwrap().starts_with("SQM"), "{null}");
    assert!(null["column"].as_u64() >= Some(7), "{null}");
    assert!(at(1).is_some(), "{answer}");
    let codes: std::collections::BTreeSet<_> =
        findings.iter().map(|finding| finding["code"].to_string()).collect();
    assert!(codes.len() >= 2);
}

#[tokio::test]
async fn a_stored_query_is_optimized_by_its_catalog() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", SHOP).await;
    let body = json!({ "title": "T", "sql": ABOVE_AVERAGE, "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let path = format!("{}/optimizations", query.path);
    let answer = ada.post(&path).send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json();
    assert_eq!((&answer["id"], &answer["version"]), (&json!(query.id), &json!(1)));
    assert_eq!(answer["basis"]["catalog"], json!({ "name": "shop", "version": 1 }));
    let best = &answer["rewrites"][0];
    assert!(is_verified(best), "{answer}");
    assert!(best["benefit"]["ratio"].is_number(), "{best}");
    assert!(answer.get("refuted").is_none(), "what was refuted is for whoever asks");
    assert!(answer["refuted_count"].is_u64());

    // The rewrite is taken, and says the same of the same tables.
    let change = json!({ "sql": best["sql"], "message": "the offered rewrite" });
    let changed = ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    assert_eq!((&changed["parse"]["ok"], &changed["reads"]), (&json!(true), &query.document["reads"]));
    let again = ada.post(&path).json(&json!({ "measure": false })).send().await.ok();
    assert_eq!((&again["version"], &again["options"]["measure"]), (&json!(2), &json!(false)));
    let same =
        again["rewrites"].as_array().unwrap().iter().all(|rewrite| rewrite["origin"] != best["origin"]);
    assert!(same, "the same rewrite is offered again: {again}");
    let first = ada.post(&format!("{path}?version=1")).json(&json!({ "measure": false })).send().await.ok();
    let rewrites = first["rewrites"].as_array().unwrap();
    assert!(rewrites.iter().any(|rewrite| rewrite["sql"] == best["sql"]), "{first}");
    ada.post(&format!("{path}?version=3")).send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn sql_that_does_not_parse_has_a_finding_that_says_where() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT (a\nFROM t").await;
    let answer = ada.post(&format!("{}/optimizations", query.path)).send().await.ok();
    assert_eq!(answer["rewrites"], json!([]));
    let finding = &answer["findings"][0];
    assert_eq!((&finding["code"], &finding["line"]), (&json!("SQM000"), &json!(2)), "{answer}");
}

#[tokio::test]
async fn what_is_asked_for_has_bounds() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    for (field, value) in [
        ("databases", json!(0)),
        ("databases", json!(1_001)),
        ("seed", json!("x")),
        ("measure", json!("yes")),
    ] {
        let ad_hoc = json!({ "sql": "SELECT 1", "dialect": "ansi", field: value });
        let stored = json!({ field: value });
        for (path, body) in
            [("/v1/optimizations".to_owned(), ad_hoc), (format!("{}/optimizations", query.path), stored)]
        {
            let problem = ada.post(&path).json(&body).send().await.problem(Kind::InvalidField);
            assert_eq!(problem["field"], field, "{path} {body}");
        }
    }
    for include in ["include=everything", "include=", "include=refuted&include=refuted"] {
        let body = json!({ "sql": "SELECT 1", "dialect": "ansi" });
        let response = ada.post(&format!("/v1/optimizations?{include}")).json(&body).send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "include", "{include}");
    }
}

#[tokio::test]
async fn statistics_give_generated_data_its_proportions() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let known = json!({
        "customers": { "rows": 20 },
        "orders": { "rows": 1_000_000, "columns": { "customer": { "distinct": 20 }, "total": { "distinct": 900 } } },
    });
    let answer = ad_hoc(&ada, ABOVE_AVERAGE, json!({ "measure": true, "statistics": known })).await;
    assert!(answer["rewrites"][0]["benefit"]["ratio"].is_number(), "{answer}");
    for (statistics, field, why) in [
        (json!({ "order": { "rows": 1 } }), "statistics.order", "no table"),
        (
            json!({ "orders": { "rows": 1, "columns": { "sum": {} } } }),
            "statistics.orders.columns.sum",
            "no column",
        ),
        (
            json!({ "orders": { "rows": 9, "columns": { "total": { "distinct": 10 } } } }),
            "statistics.orders.columns.total.distinct",
            "10 different values in 9 rows",
        ),
        (
            json!({ "orders": { "rows": 9, "columns": { "total": { "null_fraction": 2 } } } }),
            "statistics.orders.columns.total.null_fraction",
            "from 0 to 1",
        ),
    ] {
        let body = json!({
            "sql": ABOVE_AVERAGE, "dialect": "postgres", "schema": SHOP, "statistics": statistics,
        });
        let problem = ada.post("/v1/optimizations").json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], field);
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
}
