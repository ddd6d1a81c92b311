//! `POST /v1/verifications`: a verdict on two queries, and a counterexample that holds on another engine.

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

const SHOP: &str = "\
CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, city TEXT);\
CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL REFERENCES customers (id), rep INT, total INT NOT NULL);";

/// Pairs that look alike and are not.
const DIFFERENT: &[(&str, &str)] = &[
    ("SELECT id FROM orders WHERE total > 1000", "SELECT id FROM orders WHERE total >= 1000"),
    (
        "SELECT id FROM orders WHERE total > 10 AND rep = 1",
        "SELECT id FROM orders WHERE total > 10 OR rep = 1",
    ),
    (
        "SELECT city FROM customers UNION SELECT name FROM customers",
        "SELECT city FROM customers UNION ALL SELECT name FROM customers",
    ),
    (
        "SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer = c.id",
        "SELECT c.name FROM customers c JOIN orders o ON o.customer = c.id",
    ),
    ("SELECT count(*) FROM orders", "SELECT count(rep) FROM orders"),
    (
        "SELECT id FROM customers WHERE id NOT IN (SELECT rep FROM orders)",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.rep = c.id)",
    ),
    ("SELECT DISTINCT customer FROM orders", "SELECT customer FROM orders"),
    (
        "SELECT customer, sum(total) FROM orders GROUP BY customer",
        "SELECT customer, max(total) FROM orders GROUP BY customer",
    ),
    ("SELECT id, total FROM orders ORDER BY total", "SELECT id, total FROM orders ORDER BY total DESC"),
    ("SELECT id FROM orders WHERE rep <> 1", "SELECT id FROM orders WHERE rep <> 1 OR rep IS NULL"),
];

/// Pairs that are the same query, some of them because of the keys.
const SAME: &[(&str, &str)] = &[
    ("SELECT id FROM orders WHERE total > 1000", "SELECT id FROM orders WHERE 1000 < total"),
    ("SELECT count(*) FROM orders", "SELECT count(total) FROM orders"),
    ("SELECT DISTINCT id FROM orders", "SELECT id FROM orders"),
    ("SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer", "SELECT id FROM orders"),
    (
        "SELECT id FROM customers WHERE id NOT IN (SELECT customer FROM orders)",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id)",
    ),
    ("SELECT id FROM orders WHERE total IN (1, 2)", "SELECT id FROM orders WHERE total = 1 OR total = 2"),
];

async fn verdict(ada: &User<'_>, (q1, q2): (&str, &str), more: Value) -> Value {
    let mut body = json!({ "q1": q1, "q2": q2, "dialect": "postgres", "schema": SHOP });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ada.post("/v1/verifications").json(&body).send().await.ok()
}

/// The rows of a query on the database of a counterexample, in SQLite.
fn run(counterexample: &Value, sql: &str) -> Vec<Vec<Value>> {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    database.execute_batch(SHOP).unwrap();
    for insert in counterexample["inserts"].as_array().unwrap() {
        database.execute_batch(insert.as_str().unwrap()).unwrap();
    }
    let mut query = database.prepare(sql).unwrap();
    let columns = query.column_count();
    let cell = |cell: Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        Cell::Text(text) => json!(text),
        Cell::Blob(bytes) => json!(bytes),
    };
    let rows = query.query_map([], |row| (0..columns).map(|at| row.get(at).map(cell)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Rows in an order that does not count.
fn bag(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by_key(|row| Value::from(row.clone()).to_string());
    rows
}

fn rows(rows: &Value) -> Vec<Vec<Value>> {
    rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn a_counterexample_holds_on_another_engine() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for pair in DIFFERENT {
        let answer = verdict(&ada, *pair, json!({})).await;
        assert_eq!(answer["verdict"], "refuted", "{pair:?}: {answer}");
        let counterexample = &answer["counterexample"];
        let engines = counterexample["confirmed_by"].as_array().unwrap();
        assert_eq!(engines, &[json!("DataFusion"), json!("SQLite")], "{pair:?}: {counterexample}");
        let (first, second) = (run(counterexample, pair.0), run(counterexample, pair.1));
        let (one, two) = (rows(&counterexample["result1"]), rows(&counterexample["result2"]));
        if counterexample["difference"] == "order" {
            assert_ne!(first, second, "{pair:?}: {counterexample}");
            assert_eq!((first, second), (one, two), "{pair:?}: {counterexample}");
        } else {
            assert_ne!(bag(first.clone()), bag(second.clone()), "{pair:?}: {counterexample}");
            assert_eq!((bag(first), bag(second)), (bag(one), bag(two)), "{pair:?}: {counterexample}");
        }
        assert_eq!((&answer["proof"], &answer["coverage"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn what_is_the_same_is_not_refuted() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for pair in SAME {
        let answer = verdict(&ada, *pair, json!({})).await;
        assert!(matches!(answer["verdict"].as_str(), Some("tested" | "proved")), "{pair:?}: {answer}");
        assert_eq!(answer["counterexample"], Value::Null);
        if answer["verdict"] == "tested" {
            let coverage = &answer["coverage"];
            assert!(coverage["compared"].as_u64() > Some(0), "{answer}");
            for side in ["first_returned_rows", "second_returned_rows"] {
                assert!(coverage[side].as_u64() > Some(0), "nothing was seen of it: {pair:?}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn keys_make_the_difference() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    // The same pairs, without what made them the same.
    let without = "CREATE TABLE customers (id INT, name TEXT, city TEXT);\
        CREATE TABLE orders (id INT, customer INT, rep INT, total INT);";
    for pair in &SAME[1..5] {
        let answer = verdict(&ada, *pair, json!({ "schema": without })).await;
        assert_eq!(answer["verdict"], "refuted", "{pair:?}: {answer}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_unknown_and_says_why() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for (pair, said) in [
        (("SELECT id FROM orders", "SELECT (id FROM orders"), "second"),
        (("SELECT id FROM nowhere", "SELECT id FROM orders"), "nowhere"),
        (("SELECT nothing FROM orders", "SELECT id FROM orders"), "nothing"),
        (("DELETE FROM orders", "SELECT id FROM orders"), ""),
        (("SELECT 1; SELECT 2", "SELECT 1"), ""),
        (("SELECT id FROM orders WHERE random() < 0.5", "SELECT id FROM orders WHERE random() < 0.5"), ""),
    ] {
        let answer = verdict(&ada, pair, json!({})).await;
        assert_eq!(answer["verdict"], "unknown", "{pair:?}: {answer}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(!reason.is_empty() && reason.contains(said), "{pair:?}: {reason}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answer() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let asked = async |pair: (&str, &str), seed: u64| {
        let mut answer = verdict(&ada, pair, json!({ "seed": seed, "databases": 30 })).await;
        answer.as_object_mut().unwrap().remove("ms");
        answer
    };
    for pair in [DIFFERENT[0], SAME[0]] {
        assert_eq!(asked(pair, 7).await, asked(pair, 7).await);
    }
    assert_ne!(
        asked(DIFFERENT[0], 7).await["counterexample"],
        asked(DIFFERENT[0], 8).await["counterexample"]
    );
    assert_eq!(asked(SAME[0], 7).await["options"], json!({ "databases": 30, "seed": 7 }));
}

#[tokio::test]
async fn what_is_asked_for_has_bounds() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for (field, value) in [
        ("databases", json!(0)),
        ("databases", json!(1_001)),
        ("databases", json!(-1)),
        ("databases", json!("9")),
        ("seed", json!(-1)),
        ("seed", json!(1.5)),
        ("time", json!(1)),
    ] {
        let body = json!({ "q1": "SELECT 1", "q2": "SELECT 1", "dialect": "ansi", field: value });
        let problem = ada.post("/v1/verifications").json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], field, "{body}");
    }
    let most = json!({ "databases": 1_000, "seed": u64::MAX });
    verdict(&ada, SAME[0], most).await;
}

/// What would take all time and memory is answered within the budget, and whoever comes next is served.
#[tokio::test]
async fn expensive_pairs_leave_the_function_free_for_others() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let joined = |tables: usize| {
        let tables: Vec<_> = (0..tables).map(|n| format!("orders t{n}")).collect();
        format!("SELECT count(*) + sum(t0.total * t1.total) FROM {}", tables.join(", "))
    };
    let (nine, ten) = (joined(9), joined(10));
    let texts = ("SELECT repeat('x', 2000000000)", "SELECT repeat('y', 2000000000)");
    let (one, two, three, four) = tokio::join!(
        verdict(&ada, (&nine, &ten), json!({})),
        verdict(&ada, texts, json!({})),
        verdict(&ada, (&ten, &nine), json!({})),
        verdict(&ada, texts, json!({})),
    );
    for answer in [one, two, three, four] {
        assert!(matches!(answer["verdict"].as_str(), Some("unknown" | "refuted")), "{answer}");
    }
    assert_eq!(verdict(&ada, SAME[0], json!({})).await["verdict"], "proved");
}

#[tokio::test]
async fn names_are_compared_where_a_request_asks_for_it() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let pair = ("SELECT id AS n FROM orders", "SELECT id AS m FROM orders");
    assert_eq!(verdict(&ada, pair, json!({})).await["verdict"], "proved");
    let found = verdict(&ada, pair, json!({ "names": true })).await;
    assert_eq!((&found["verdict"], &found["options"]["names"]), (&json!("refuted"), &json!(true)));
    let counterexample = &found["counterexample"];
    assert_eq!(counterexample["difference"], "names");
    assert_eq!((&counterexample["outputs1"], &counterexample["outputs2"]), (&json!(["n"]), &json!(["m"])));
}
