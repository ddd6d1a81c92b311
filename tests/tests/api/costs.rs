//! What operations cost, counted on the wire to the database and held against `docs/costs.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use sqm_testkit::{Calls, TestApp, checkout};

/// How far a figure of the document may be from what is counted, as a part of it: ids and times vary a little.
const OFF: f64 = 0.05;

/// The figures of the document.
fn documented() -> BTreeMap<String, (u64, u64)> {
    let text = std::fs::read_to_string(checkout::root().join("docs/costs.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, writes, reads] = cells.as_slice() else { return None };
        Some(((*name).to_owned(), (writes.parse().ok()?, reads.parse().ok()?)))
    });
    rows.collect()
}

/// A query of two kilobytes over three tables and twelve columns.
fn ordinary(n: usize) -> Value {
    let mut sql = format!(
        "-- Revenue of the last days, by customer and product; number {n}\n\
         SELECT c.customer_id, c.name, c.country, p.category, p.product_name,\n       \
         SUM(o.quantity * o.price) AS revenue, MAX(o.ordered_at) AS last_order\n\
         FROM sales.orders o\nJOIN sales.customers c ON c.customer_id = o.customer_id\n\
         JOIN sales.products p ON p.product_id = o.product_id\n\
         WHERE o.state = 'paid' AND o.ordered_at >= DATE '2026-01-01'\n"
    );
    let mut group = String::from("GROUP BY c.customer_id, c.name, c.country, p.category, p.product_name\n");
    while sql.len() + group.len() < 2_000 {
        writeln!(sql, "  AND o.price <> {}", sql.len()).unwrap();
    }
    group.push_str("ORDER BY revenue DESC\n");
    json!({
        "title": format!("Revenue by customer {n}"), "description": "What each customer has brought, by product.",
        "sql": sql + &group, "dialect": "postgres", "tags": ["finance", "daily"],
    })
}

#[tokio::test]
async fn operations_cost_what_is_said() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let wire = app.wire.as_ref().unwrap();
    let mut counted: Vec<(&str, u64, u64)> = Vec::new();
    let mut count = |name: &'static str| {
        let spent = wire.spent();
        counted.push((name, spent.writes, spent.reads));
    };
    // The number of list shards is read once a minute.
    let first = ada.store_as(ordinary(0)).await;
    wire.spent();

    let query = ada.store_as(ordinary(1)).await;
    count("create a query");
    let mut writing = ordinary(2);
    writing["sql"] = format!("CREATE TABLE sales.top AS\n{}", writing["sql"].as_str().unwrap()).into();
    ada.store_as(writing).await;
    count("create one that writes a table");
    ada.patch(&query.path)
        .if_match("*")
        .json(&json!({ "title": "Revenue by buyer 1" }))
        .send()
        .await
        .expect(200);
    count("change its title");
    let sql = ordinary(3)["sql"].clone();
    ada.patch(&query.path).if_match("*").json(&json!({ "sql": sql })).send().await.expect(200);
    count("change its SQL");
    ada.get(&query.path).send().await.expect(200);
    count("read it");

    let mut record = ordinary(4);
    record["kind"] = "query".into();
    record["origin"] = "file:revenue.sql".into();
    let import = async || {
        let sent = ada.post("/v1/imports").raw("application/x-ndjson", record.to_string()).send().await;
        sent.ok()
    };
    assert_eq!(import().await["created"], 1);
    count("import it");
    assert_eq!(import().await["unchanged"], 1);
    count("import it again");

    let run = |n: u32| json!({ "at": format!("2027-01-15T07:{:02}:{:02}Z", n / 2, n % 2), "duration_ms": 90 + n % 20, "rows": 5 });
    let runs = json!({ "runs": (0..90).map(run).collect::<Vec<_>>() });
    for (name, recorded) in [("record 90 executions of an hour", 90), ("record them again", 0)] {
        let sent = ada.post(&format!("{}/runs", query.path)).json(&runs).send().await.ok();
        assert_eq!(sent["recorded"], recorded);
        count(name);
    }
    for day in 1..30 {
        let at = format!("2026-12-{day:02}T07:00:00Z");
        let runs = json!({ "runs": [{ "at": at, "duration_ms": 90 + day }] });
        ada.post(&format!("{}/runs", query.path)).json(&runs).send().await.expect(200);
    }
    wire.spent();
    ada.get(&format!("{}/runs?from=2026-12-16T00:00:00Z", query.path)).send().await.expect(200);
    count("executions of 30 days");

    for n in 5..11 {
        ada.store_as(ordinary(n)).await;
    }
    wire.spent();
    let reach = ada.get("/v1/graph/tables/sales.orders?depth=1").send().await.ok();
    assert_eq!(
        (reach["items"].as_array().unwrap().len(), reach["reached"].as_array().unwrap().len()),
        (10, 2)
    );
    count("what a table feeds, one step, ten queries");
    let found = ada.get("/v1/queries?q=revenue").send().await.ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 10);
    count("search for a word that ten queries have");
    ada.get("/v1/queries").send().await.expect(200);
    count("list ten queries");
    ada.delete(&first.path).if_match("*").send().await.expect(204);
    count("delete it");

    let documented = documented();
    let mut wrong = String::new();
    for (name, writes, reads) in counted {
        let near = |said: u64, counted: u64| said.abs_diff(counted) <= 1.max((counted as f64 * OFF) as u64);
        let is_said = documented.get(name).is_some_and(|said| near(said.0, writes) && near(said.1, reads));
        if !is_said {
            writeln!(wrong, "| {name} | {writes} | {reads} |").unwrap();
        }
    }
    assert!(wrong.is_empty(), "docs/costs.md says otherwise; counted:\n{wrong}");
}
