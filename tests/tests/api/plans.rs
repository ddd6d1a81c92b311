//! `POST /v1/plans`

use rusqlite::Connection;
use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

const SQL: &str =
    "SELECT o.total\nFROM orders AS o\n  JOIN customers c ON c.id = o.customer\nWHERE o.status = 'open'";

const PLAN: &str = "\
Hash Join  (cost=3.25..2543.10 rows=10 width=4) (actual time=0.050..31.000 rows=12 loops=1)
  Hash Cond: (o.customer = c.id)
  ->  Seq Scan on orders o  (cost=0.00..2500.00 rows=10 width=8) (actual time=0.020..30.000 rows=12 loops=1)
        Filter: (status = 'open'::text)
        Rows Removed by Filter: 99988
  ->  Hash  (cost=2.00..2.00 rows=100 width=4) (actual time=0.020..0.020 rows=100 loops=1)
        Buckets: 1024  Batches: 1  Memory Usage: 12kB
        ->  Seq Scan on customers c  (cost=0.00..2.00 rows=100 width=4) (actual time=0.010..0.010 rows=100 loops=1)
Planning Time: 0.100 ms
Execution Time: 31.500 ms
";

#[tokio::test]
async fn a_finding_points_at_the_step_the_table_and_the_text() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let answer = ada.post("/v1/plans").json(&json!({ "plan": PLAN, "sql": SQL })).send().await.ok();
    assert_eq!((&answer["engine"], &answer["format"]), (&json!("postgres"), &json!("text")));
    let [finding] = &answer["findings"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(finding["code"], "sequential-scan");
    assert_eq!(finding["severity"], "warning");
    assert_eq!((&finding["node"], &finding["table"]), (&json!("0.0"), &json!("orders")));
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.starts_with("100,000 rows of orders were read to keep 12 (less than 0.1 %)"),
        "{message}"
    );
    assert_eq!(
        finding["relation_at"],
        json!({ "start": { "line": 2, "column": 6 }, "end": { "line": 2, "column": 12 } })
    );
    assert_eq!(
        finding["predicate_at"],
        json!({ "start": { "line": 4, "column": 7 }, "end": { "line": 4, "column": 24 } })
    );
    let scan = &answer["plan"]["children"][0];
    assert_eq!(scan["path"], "0.0");
    assert_eq!(scan["relation"], json!({ "name": "orders", "alias": "o" }));
    assert_eq!((&scan["operation"], &scan["rows_removed"]), (&json!("sequential_scan"), &json!(99988.0)));
    assert_eq!(answer["total"]["execution_ms"], 31.5);
    assert!(answer["basis"]["engine"].is_string());
}

#[tokio::test]
async fn without_the_text_there_are_no_places() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let answer = ada.post("/v1/plans").json(&json!({ "plan": PLAN, "engine": "postgres" })).send().await.ok();
    let finding = &answer["findings"][0];
    assert_eq!((&finding["code"], &finding["table"]), (&json!("sequential-scan"), &json!("orders")));
    assert!(finding.get("relation_at").is_none() && finding.get("predicate_at").is_none(), "{finding}");
    // A text that is of something else, or that nobody can read, does no harm.
    for sql in ["SELECT 1", "SELEKT", "SELECT * FROM other WHERE status = 'open'"] {
        let answer = ada.post("/v1/plans").json(&json!({ "plan": PLAN, "sql": sql })).send().await.ok();
        assert!(answer["findings"][0].get("relation_at").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_stored_catalog_says_which_keys_there_are() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT PRIMARY KEY, total INT)").await;
    let plan =
        "Seq Scan on orders  (cost=0.00..2500.00 rows=500 width=4)\n  Filter: ((id)::text = '5'::text)\n";
    let body =
        json!({ "plan": plan, "sql": "SELECT total FROM orders WHERE id::text = '5'", "catalog": "shop" });
    let answer = ada.post("/v1/plans").json(&body).send().await.ok();
    let [finding] = &answer["findings"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(finding["code"], "unused-index");
    assert!(finding["message"].as_str().unwrap().contains("casts id to text"), "{finding}");
    assert_eq!(answer["basis"]["catalog"], json!({ "name": "shop", "version": 1 }));
}

#[tokio::test]
async fn plans_of_sqlite_as_its_shell_and_its_libraries_print_them() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let ddl = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, code TEXT UNIQUE);
               CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);";
    let sqlite = Connection::open_in_memory().unwrap();
    sqlite.execute_batch(ddl).unwrap();
    for (sql, expected) in [
        ("SELECT * FROM orders WHERE id = 5", &[][..]),
        ("SELECT * FROM orders o WHERE lower(o.code) = 'x'", &["unused-index"]),
        ("SELECT c.name FROM orders o JOIN customers c ON c.id = o.customer", &[]),
        ("SELECT 1 FROM orders o JOIN orders p ON o.customer < p.customer + 1", &["nested-loop"]),
        ("SELECT 1 FROM customers c JOIN customers d ON c.name = d.name", &["automatic-index"]),
        (
            "SELECT id, (SELECT max(x.id) FROM orders x WHERE x.customer = c.id) FROM customers c ORDER BY name",
            &[],
        ),
    ] {
        let mut query = sqlite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = query.query_map([], |row| {
            let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(json!({ "id": id, "parent": parent, "notused": 0, "detail": row.get::<_, String>(3)? }))
        });
        let rows: Vec<Value> = rows.unwrap().map(Result::unwrap).collect();
        let cells = |row: &Value| json!([row["id"], row["parent"], 0, row["detail"]]);
        let unnamed: Vec<Value> = rows.iter().map(cells).collect();
        let line =
            |row: &Value| format!("{}|{}|0|{}\n", row["id"], row["parent"], row["detail"].as_str().unwrap());
        let printed: String = rows.iter().map(line).collect();
        let mut plans = Vec::new();
        for plan in [json!(rows), json!(unnamed), json!(printed)] {
            let body = json!({ "plan": plan, "sql": sql, "schema": ddl });
            let answer = ada.post("/v1/plans").json(&body).send().await.ok();
            assert_eq!(answer["engine"], "sqlite", "{plan}");
            let findings = answer["findings"].as_array().unwrap();
            let codes: Vec<_> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
            assert_eq!(codes, expected, "{sql}: {plan} {findings:?}");
            plans.push(answer["plan"].clone());
        }
        assert!(plans.windows(2).all(|two| two[0] == two[1]), "{plans:?}");
    }
}

#[tokio::test]
async fn what_is_no_plan_is_refused_with_the_remedy() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let deep_text: String = (0..1_000).map(|n| format!("{}->  Limit\n", " ".repeat(n + 2))).collect();
    let deep_text = format!("Limit  (cost=0.00..1.00 rows=1 width=4)\n{deep_text}");
    let deep_json =
        format!("{}{}", "{\"Node Type\": \"Limit\", \"Plans\": [".repeat(10_000), "]}".repeat(10_000));
    let wide = "  ->  Seq Scan on t\n".repeat(20_000);
    let long = format!("Limit  (cost=0.00..1.00 rows=1 width=4)\n  Output: {}", "x".repeat(2 * 1024 * 1024));
    for (plan, said) in [
        (json!("hello"), "this is no plan that is understood"),
        (json!(""), "this is no plan that is understood"),
        (json!({}), "this is no plan that is understood"),
        (json!([]), "this is no plan that is understood"),
        (json!(7), "this is no plan that is understood"),
        (json!("\u{0}\u{1b}[2J"), "this is no plan that is understood"),
        (json!("{\"Plan\": {"), "the plan starts as JSON and is none"),
        (json!({ "Plan": [] }), "[0].Plan: expected a step"),
        (json!({ "query_block": 5 }), "query_block: expected an object"),
        (json!({ "Operations": [] }), "there is no step in this plan of snowflake"),
        (json!(deep_text), "nested more than 60 levels deep"),
        (json!(deep_json), "recursion limit exceeded"),
        (json!(format!("Append  (cost=0.00..1.00 rows=1 width=4)\n{wide}")), "more than 10000 steps"),
        (json!(long), "at most 2097152 are taken"),
    ] {
        let started = std::time::Instant::now();
        let response = ada.post("/v1/plans").json(&json!({ "plan": plan })).send().await;
        let problem = response.problem(Kind::InvalidField);
        assert_eq!(problem["field"], "plan");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{said}: {detail}");
        assert!(started.elapsed().as_secs() < 10, "{said}");
    }
    let ten_megabytes = json!({ "plan": "x".repeat(10 * 1024 * 1024) });
    ada.post("/v1/plans").json(&ten_megabytes).send().await.problem(Kind::BodyTooLarge);
}

#[tokio::test]
async fn an_engine_that_is_unknown_or_another_s() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for engine in [json!("oracle"), json!(""), json!(7)] {
        let body = json!({ "plan": PLAN, "engine": engine });
        let problem = ada.post("/v1/plans").json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], "engine");
    }
    let body = json!({ "plan": PLAN, "engine": "mysql" });
    let problem = ada.post("/v1/plans").json(&body).send().await.problem(Kind::InvalidField);
    assert!(problem["detail"].as_str().unwrap().contains("no plan of mysql"), "{problem}");
}
