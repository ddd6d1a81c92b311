//! Executions over HTTP: counted once, by the hour and by the day, with what came before a regression.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User};

/// A day before the clock's, at eight.
fn day(before: i64) -> Timestamp {
    let today: Timestamp = "2027-01-15T08:00:00Z".parse().unwrap();
    today - SignedDuration::from_hours(24 * before)
}

/// Twenty executions around this time, in milliseconds.
fn around(day: Timestamp, millis: u32, plan: &str) -> Vec<Value> {
    let run = |n: u32| {
        let at = day - SignedDuration::from_mins(i64::from(n));
        let plan = format!("{plan}  (cost=0.00..{n}.00 rows={n} width=4)");
        json!({ "at": at.to_string(), "duration_ms": f64::from(millis) * (0.9 + f64::from(n) / 100.0), "rows": n, "plan": plan })
    };
    (0..20).map(run).collect()
}

async fn record(ada: &User<'_>, query: &Stored, runs: &[Value]) -> Value {
    ada.post(&format!("{}/runs", query.path)).json(&json!({ "runs": runs })).send().await.ok()
}

async fn summary(ada: &User<'_>, query: &Stored, parameters: &str) -> Value {
    ada.get(&format!("{}/runs?{parameters}", query.path)).send().await.ok()
}

#[tokio::test]
async fn nothing_has_run() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let found = summary(&ada, &query, "").await;
    assert_eq!(
        (&found["total"], &found["windows"], &found["trend"]),
        (&Value::Null, &json!([]), &Value::Null)
    );
    assert_eq!((&found["regressions"], &found["relative_error"]), (&json!([]), &json!(0.02)));
}

#[tokio::test]
async fn executions_count_once_and_add_up() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let runs = around(day(1), 100, "Seq Scan on t");
    assert_eq!(record(&ada, &query, &runs).await, json!({ "recorded": 20, "known": 0 }));
    assert_eq!(record(&ada, &query, &runs).await, json!({ "recorded": 0, "known": 20 }));
    let found = summary(&ada, &query, "").await;
    let window = &found["windows"][0];
    assert_eq!((&window["runs"], &window["rows"], &window["bytes"]), (&json!(20), &json!(190), &Value::Null));
    let near = |value: &Value, exact: f64| (value.as_f64().unwrap() / exact - 1.0).abs() <= 0.021;
    assert!(near(&window["p50_ms"], 99.0) && near(&window["p95_ms"], 108.0), "{window}");
    assert!(near(&window["max_ms"], 109.0) && near(&window["mean_ms"], 99.5), "{window}");
    assert_eq!(window["plans"].as_array().unwrap().len(), 1);
    assert_eq!(found["windows"].as_array().unwrap().len(), 1);
    // By the hour the same twenty lie in two.
    let hours = summary(&ada, &query, &format!("by=hour&from={}", day(2))).await;
    let counts: Vec<_> = hours["windows"].as_array().unwrap().iter().map(|window| &window["runs"]).collect();
    assert_eq!(counts, [&json!(19), &json!(1)]);
    assert_eq!(hours["total"]["runs"], 20);

    // With a name of its own an execution counts once whatever else is said of it.
    let named = |millis: u32| json!({ "id": "etl/4711", "at": day(0).to_string(), "duration_ms": millis });
    assert_eq!(record(&ada, &query, &[named(5), named(6)]).await, json!({ "recorded": 1, "known": 1 }));
    let several = json!({ "at": day(0).to_string(), "duration_ms": 2.5, "calls": 400, "bytes": 9 });
    record(&ada, &query, &[several]).await;
    let today = &summary(&ada, &query, "").await["windows"][1];
    assert_eq!(
        (&today["runs"], &today["summarized"], &today["bytes"]),
        (&json!(401), &json!(400), &json!(9))
    );
}

#[tokio::test]
async fn a_regression_names_what_came_before_it() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT PRIMARY KEY, b INT)").await;
    let body = json!({ "title": "T", "sql": "SELECT a FROM t WHERE b = 1", "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    // Ten days pass, of which each has its executions.
    for _ in 0..10 {
        app.clock.advance(86_400);
        let now = Timestamp::from_second(app.clock.seconds()).unwrap();
        record(&ada, &query, &around(now, 100, "Index Scan using t_b on t")).await;
    }
    ada.store_catalog("shop", "CREATE TABLE t (a INT, b INT)").await;
    let changed = json!({ "sql": "SELECT a FROM t WHERE b + 0 = 1" });
    ada.patch(&query.path).if_match("*").json(&changed).send().await.expect(200);
    for _ in 0..5 {
        app.clock.advance(86_400);
        let now = Timestamp::from_second(app.clock.seconds()).unwrap();
        record(&ada, &query, &around(now, 300, "Seq Scan on t")).await;
    }
    let found = summary(&ada, &query, "").await;
    let regressions = found["regressions"].as_array().unwrap();
    assert_eq!((regressions.len(), &found["improvements"]), (1, &json!([])), "{found}");
    let regression = &regressions[0];
    assert!((2.9..3.1).contains(&regression["factor"].as_f64().unwrap()), "{regression}");
    assert_eq!(regression["at"], "2027-01-26T00:00:00Z");
    assert_eq!((&regression["before"]["runs"], &regression["after"]["runs"]), (&json!(200), &json!(100)));
    assert_eq!(regression["before"]["plans"][0]["outline"], "Index Scan by t_b on t\n");
    assert_eq!(regression["after"]["plans"][0]["outline"], "Seq Scan on t\n");
    let changes: Vec<_> =
        regression["changes"].as_array().unwrap().iter().map(|it| (&it["of"], &it["version"])).collect();
    assert_eq!(changes, [(&json!("query"), &json!(2)), (&json!("catalog"), &json!(2))]);
    assert_eq!(found["trend"]["direction"], "rising");

    // And back.
    ada.post(&format!("{}/versions/1/restore", query.path)).if_match("*").send().await.expect(200);
    for _ in 0..4 {
        app.clock.advance(86_400);
        let now = Timestamp::from_second(app.clock.seconds()).unwrap();
        record(&ada, &query, &around(now, 90, "Index Scan using t_b on t")).await;
    }
    let found = summary(&ada, &query, "").await;
    assert_eq!(found["regressions"].as_array().unwrap().len(), 1);
    let improvement = &found["improvements"][0];
    assert_eq!(
        improvement["changes"],
        json!([{ "of": "query", "version": 3, "at": improvement["changes"][0]["at"] }])
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_recorded() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let path = format!("{}/runs", query.path);
    let good = json!({ "at": day(0).to_string(), "duration_ms": 1 });
    let with = |field: &str, value: Value| {
        let mut bad = good.clone();
        bad[field] = value;
        json!({ "runs": [good, bad] })
    };
    for (body, field) in [
        (json!({}), "runs"),
        (json!({ "runs": [] }), "runs"),
        (json!({ "runs": vec![good.clone(); 1_001] }), "runs"),
        (json!({ "runs": [{ "at": day(0).to_string() }] }), "runs[0].duration_ms"),
        (with("at", json!("yesterday")), "runs[1].at"),
        (with("at", json!("2027-01-16T08:00:00Z")), "runs[1].at"),
        (with("at", json!("2025-01-16T08:00:00Z")), "runs[1].at"),
        (with("duration_ms", json!(-1)), "runs[1].duration_ms"),
        (with("duration_ms", json!(1e300)), "runs[1].duration_ms"),
        (with("duration_ms", json!("1")), "runs[1].duration_ms"),
        (with("calls", json!(0)), "runs[1].calls"),
        (with("rows", json!(-1)), "runs[1].rows"),
        (with("bytes", json!(1_u64 << 60)), "runs[1].bytes"),
        (with("id", json!("a b")), "runs[1].id"),
        (with("engine", json!("")), "runs[1].engine"),
        (with("plan", json!("what is this")), "runs[1].plan"),
        (with("plan", json!([])), "runs[1].plan"),
        (with("sql", json!("SELECT 1")), "runs[1].sql"),
    ] {
        let problem = ada.post(&path).json(&body).send().await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], field, "{problem}");
    }
    assert_eq!(summary(&ada, &query, "").await["total"], Value::Null);
    for (parameters, name) in [
        ("by=week", "by"),
        ("from=x", "from"),
        ("from=2027-01-15T00:00:00Z&to=2027-01-15T00:00:00Z", "from"),
        ("from=2020-01-15T00:00:00Z", "from"),
        ("by=hour&from=2026-11-15T00:00:00Z", "from"),
        ("window=7", "window"),
    ] {
        let problem = ada.get(&format!("{path}?{parameters}")).send().await.problem(Kind::InvalidParameter);
        assert_eq!(problem["parameter"], name, "{problem}");
    }
    let nobody = "/v1/queries/01940000-0000-7000-8000-000000000000/runs";
    ada.get(nobody).send().await.problem(Kind::NotFound);
    ada.post(nobody).json(&json!({ "runs": [good] })).send().await.problem(Kind::NotFound);
    app.user("other").get(&path).send().await.problem(Kind::NotFound);
    app.user("other").post(&path).json(&json!({ "runs": [good] })).send().await.problem(Kind::NotFound);
}
