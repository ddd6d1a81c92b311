//! The report of the day, out of what the batch has found.

use serde_json::{Value, json};
use sqm_http::{Clock, Kind};
use sqm_testkit::{Calls, TestApp};

use super::lambda::Lambda;

fn count(report: &Value, name: &str) -> u64 {
    report[name]["count"].as_u64().unwrap()
}

#[tokio::test]
async fn what_happened_in_a_day() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    let ada = app.user("acme");
    let ddl = "CREATE TABLE orders (id INT, total INT); CREATE TABLE old (a INT)";
    ada.store_catalog("shop", ddl).await;
    let of = |sql: &str| json!({ "title": "T", "sql": sql, "dialect": "postgres", "catalog": "shop" });
    let slow = ada.store_as(of("SELECT total FROM orders WHERE id = 1")).await;
    ada.store_as(of("select total from orders where id = 2")).await;
    ada.store_as(of("INSERT INTO sink SELECT * FROM orders")).await;
    // Three quiet weeks, and a day that is slow.
    for day in 0..22_i64 {
        let at = app.clock.now() - jiff::SignedDuration::from_hours(24 * (22 - day));
        let runs: Vec<Value> = (0..40_i64)
            .map(|n| {
                let at = at + jiff::SignedDuration::from_secs(n);
                json!({ "at": at, "duration_ms": if day < 21 { 10 + n % 5 } else { 90 + n % 5 } })
            })
            .collect();
        ada.post(&format!("{}/runs", slow.path)).json(&json!({ "runs": runs })).send().await.expect(200);
    }
    ada.get("/v1/reports/latest").send().await.problem(Kind::NotFound);

    let first = lambda.due("2027-01-15T09:00:00Z").await.unwrap();
    assert_eq!(first.reports, 1);
    let report = ada.get("/v1/reports/latest").send().await.ok();
    assert_eq!((&report["day"], &report["queries"]), (&json!("2027-01-15"), &json!(3)));
    assert_eq!((count(&report, "changed_queries"), count(&report, "changed_catalogs")), (3, 1));
    assert_eq!(count(&report, "new_findings"), 0, "nobody has looked yet");
    let regression = &report["regressions"]["items"][0];
    assert_eq!((&regression["query"], count(&report, "regressions")), (&json!(slow.id), 1), "{report}");
    assert!(regression["factor"].as_f64().unwrap() > 5.0, "{regression}");
    let duplicates = &report["duplicates"]["items"];
    assert_eq!((&duplicates[0]["count"], duplicates.as_array().unwrap().len()), (&json!(2), 1));
    let dead: Vec<&str> = report["dead_tables"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["table"].as_str().unwrap())
        .collect();
    assert_eq!(dead, ["old", "sink"]);

    lambda.drain().await;
    assert_eq!(lambda.due("2027-01-15T10:00:00Z").await.unwrap().reports, 0, "one a day");
    app.clock.advance(86_400);
    assert_eq!(lambda.due("2027-01-16T00:00:00Z").await.unwrap().reports, 1);
    let report = ada.get("/v1/reports/latest").send().await.ok();
    assert_eq!((&report["day"], count(&report, "changed_queries")), (&json!("2027-01-16"), 0));
    assert!(count(&report, "new_findings") > 0, "{report}");
    app.clock.advance(86_400);
    lambda.due("2027-01-17T00:00:00Z").await.unwrap();
    let report = ada.get("/v1/reports/latest").send().await.ok();
    assert_eq!(count(&report, "new_findings"), 0, "they are new once: {report}");
    app.user("other").get("/v1/reports/latest").send().await.problem(Kind::NotFound);
}
