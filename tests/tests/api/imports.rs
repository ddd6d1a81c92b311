//! Imports and exports: each line alone, the same again changes nothing, and what is exported comes back byte by byte.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Response, TestApp, User};

const LINES: &str = "application/x-ndjson";

async fn send(ada: &User<'_>, text: impl Into<Vec<u8>>) -> Response {
    ada.post("/v1/imports").raw(LINES, text).send().await
}

async fn import(ada: &User<'_>, records: &[Value]) -> Value {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    send(ada, text).await.ok()
}

/// All pages.
async fn export(ada: &User<'_>) -> Vec<String> {
    let mut pages = Vec::new();
    let mut next = Some("/v1/exports".to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).send().await.expect(200);
        assert_eq!(page.header("content-type"), LINES);
        let link = page.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link.split(['<', '>']).nth(1).unwrap().to_owned());
        pages.push(page.text());
    }
    pages
}

fn query(origin: &str, sql: &str) -> Value {
    json!({ "kind": "query", "origin": origin, "title": "T", "sql": sql, "dialect": "postgres" })
}

fn outcomes(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().unwrap();
    results.iter().map(|result| result["outcome"].as_str().unwrap_or("failed")).collect()
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_another_text_is_a_version() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let records = [query("file:a.sql", "SELECT a FROM t"), query("file:b.sql", "SELECT b FROM t")];
    let first = import(&ada, &records).await;
    assert_eq!((&first["created"], &first["failed"]), (&json!(2), &json!(0)));
    assert_eq!(import(&ada, &records).await["unchanged"], 2);
    let id = first["results"][0]["query"].as_str().unwrap();
    let path = format!("/v1/queries/{id}");

    // What people change stays, as long as what is imported is the same.
    ada.patch(&path).if_match("*").json(&json!({ "title": "Mine" })).send().await.expect(200);
    assert_eq!(import(&ada, &records).await["unchanged"], 2);
    assert_eq!(ada.get(&path).send().await.ok()["title"], "Mine");

    let changed = import(&ada, &[query("file:a.sql", "SELECT a, b FROM t")]).await;
    assert_eq!((&changed["updated"], &changed["results"][0]["query"]), (&json!(1), &json!(id)));
    let now = ada.get(&path).send().await.ok();
    assert_eq!((&now["version"], &now["sql"]), (&json!(3), &json!("SELECT a, b FROM t")));
    assert_eq!(now["reads"], json!(["t"]));

    // A query that is gone comes back as another one.
    ada.delete(&path).if_match("*").send().await.expect(204);
    let again = import(&ada, &records).await;
    assert_eq!(outcomes(&again), ["created", "unchanged"]);
    assert_ne!(again["results"][0]["query"], id);
    assert_eq!(ada.all("/v1/queries").await.len(), 2);
    // Nor does it exist in another workspace.
    assert_eq!(import(&app.user("other"), &records).await["created"], 2);
}

#[tokio::test]
async fn without_an_origin_the_content_is_one() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let record =
        |title: &str| json!({ "kind": "query", "title": title, "sql": "SELECT 1", "dialect": "ansi" });
    let report = import(&ada, &[record("A"), record("B"), record("A")]).await;
    assert_eq!(outcomes(&report), ["created", "created", "unchanged"]);
    assert_eq!(import(&ada, &[record("B")]).await["unchanged"], 1);
    assert_eq!(ada.all("/v1/queries").await.len(), 2);
}

#[tokio::test]
async fn a_broken_line_costs_itself() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let good = |n: usize| query(&format!("file:{n}.sql"), &format!("SELECT {n}")).to_string();
    let long = format!("SELECT '{}'", "x".repeat(300_000));
    let lines = [
        good(1),
        "{\"kind\": \"query\", ".to_owned(),
        String::new(),
        good(2),
        json!({ "kind": "query", "title": "T", "sql": "SELECT 1" }).to_string(),
        json!({ "kind": "quest" }).to_string(),
        "[1]".to_owned(),
        query("x", &long).to_string(),
        json!({ "kind": "query", "title": "T", "sql": "SELECT 1", "dialect": "ansi", "catalog": "none" }).to_string(),
        json!({ "kind": "runs", "runs": [] }).to_string(),
        json!({ "kind": "runs", "origin": "file:none.sql", "runs": [] }).to_string(),
        json!({ "kind": "statistics", "origin": "file:1.sql", "source": "s", "at": "2027-01-15T07:00:00Z", "calls": 1, "total_ms": -1 })
            .to_string(),
        json!({ "kind": "catalog", "name": "c", "dialect": "ansi" }).to_string(),
        good(3),
    ];
    let report = send(&ada, lines.join("\n")).await.ok();
    let told: Vec<(u64, &str, &str)> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let problem = &result["problem"];
            let text = |name: &str| problem[name].as_str().unwrap_or_default();
            (result["line"].as_u64().unwrap(), text("type"), text("field"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "", ""),
            (2, "/problems/malformed-json", ""),
            (4, "", ""),
            (5, "/problems/invalid-field", "dialect"),
            (6, "/problems/invalid-field", "kind"),
            (7, "/problems/invalid-field", ""),
            (8, "/problems/invalid-sql", "sql"),
            (9, "/problems/invalid-field", "catalog"),
            (10, "/problems/invalid-field", "query"),
            (11, "/problems/invalid-field", "origin"),
            (12, "/problems/invalid-field", "total_ms"),
            (13, "/problems/invalid-field", "ddl"),
            (14, "", ""),
        ]
    );
    assert_eq!((&report["created"], &report["failed"]), (&json!(3), &json!(10)));
}

#[tokio::test]
async fn a_request_that_is_no_import() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let path = "/v1/imports";
    ada.post(path).json(&query("a", "SELECT 1")).send().await.problem(Kind::UnsupportedMediaType);
    ada.post(path).raw("text/csv", "a,b").send().await.problem(Kind::UnsupportedMediaType);
    send(&ada, b"{\"kind\": \"\xff\"}".to_vec()).await.problem(Kind::InvalidEncoding);
    send(&ada, "{}\n".repeat(2_001)).await.problem(Kind::BodyTooLarge);
    send(&ada, "\n".repeat(4 * 1024 * 1024 + 1)).await.problem(Kind::BodyTooLarge);
    assert_eq!(send(&ada, "\n\n").await.ok()["lines"], 0);
    ada.get("/v1/exports?cursor=x").send().await.problem(Kind::InvalidCursor);
    ada.get("/v1/exports?limit=3").send().await.problem(Kind::InvalidParameter);
}

#[tokio::test]
async fn counters_count_what_is_new() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let counted = |at: &str, calls: u64, total_ms: f64| json!({ "kind": "statistics", "origin": "pg:1", "source": "pg:5", "at": at, "calls": calls, "total_ms": total_ms });
    let first = import(&ada, &[query("pg:1", "SELECT $1"), counted("2027-01-14T07:00:00Z", 10, 50.0)]).await;
    assert_eq!(outcomes(&first), ["created", "recorded"]);
    for (at, calls, total_ms, recorded) in [
        ("2027-01-14T07:00:00Z", 10, 50.0, 0),
        ("2027-01-15T07:00:00Z", 30, 250.0, 1),
        ("2027-01-14T07:00:00Z", 10, 50.0, 0),
        ("2027-01-15T07:30:00Z", 30, 250.0, 0),
        // Somebody has set them back.
        ("2027-01-15T07:45:00Z", 4, 8.0, 1),
    ] {
        let report = import(&ada, &[counted(at, calls, total_ms)]).await;
        assert_eq!(report["runs"]["recorded"], recorded, "{at} {calls}: {report}");
    }
    let id = first["results"][0]["query"].as_str().unwrap();
    let runs = ada.get(&format!("/v1/queries/{id}/runs")).send().await.ok();
    let days: Vec<_> =
        runs["windows"].as_array().unwrap().iter().map(|day| (&day["runs"], &day["mean_ms"])).collect();
    assert_eq!(days, [(&json!(10), &json!(5.0)), (&json!(24), &json!(8.667))]);
    assert_eq!(runs["total"]["summarized"], 34);
}

/// A workspace with something of everything.
async fn furnish(app: &TestApp) {
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT PRIMARY KEY, total INT)").await;
    ada.store_catalog("shop", "CREATE TABLE orders (id INT PRIMARY KEY, total NUMERIC(9, 2))").await;
    let tables = json!({ "dialect": "snowflake", "tables": { "b.t": { "cols": { "z": "INT", "a": null } }, "a": ["x", "ä"] } });
    ada.put("/v1/catalogs/b.c").json(&tables).send().await.expect(201);
    // The numbers of one that was deleted do not come again.
    ada.store_catalog("again", "CREATE TABLE a (a INT)").await;
    ada.delete("/v1/catalogs/again").if_match("*").send().await.expect(204);
    ada.store_catalog("again", "CREATE TABLE b (b INT)").await;
    let full = json!({
        "title": "Grüße \u{1F680}", "sql": "SELECT id,\n\t'\"quoted\"\\' FROM orders -- ü\n", "dialect": "postgres",
        "description": "two\nlines", "tags": ["b", "a"], "owner": "team|finance", "catalog": "shop", "message": "first",
    });
    let query = ada.store_as(full).await;
    let eve = app.user_named("eve", "acme");
    for change in [
        json!({ "sql": "SELECT total FROM orders", "message": "shorter" }),
        json!({ "title": "Other", "catalog": "gone" }),
        json!({ "tags": null }),
    ] {
        let sent = eve.patch(&query.path).if_match("*").json(&change).send().await;
        assert!(sent.status.is_success() || change["catalog"] == "gone", "{sent:?}");
    }
    ada.store("this is no SQL").await;
    let gone = ada.store("SELECT 0").await;
    ada.delete(&gone.path).if_match("*").send().await.expect(204);
    let plan = "Seq Scan on orders  (cost=0.00..9.00 rows=1 width=4)";
    let run = |n: u32| {
        let mut run = json!({
            "at": format!("2027-01-{:02}T0{}:00:00.00{}Z", 1 + n % 14, n % 8, n % 10),
            "duration_ms": f64::from(n) * 1.001, "rows": n, "engine": "PostgreSQL 17.2",
        });
        if n.is_multiple_of(3) {
            run["plan"] = json!(plan);
            run["id"] = json!(format!("run/{n}"));
        }
        if n.is_multiple_of(7) {
            run["calls"] = json!(n + 2);
            run["parameters_hash"] = json!("abc");
        }
        run
    };
    let runs: Vec<Value> = (0..450).map(run).collect();
    ada.post(&format!("{}/runs", query.path)).json(&json!({ "runs": runs })).send().await.expect(200);
    for n in 0..30 {
        let origin = format!("pg:{n}");
        let sql = format!("SELECT {n} -- {}", "x".repeat(80_000));
        let statistics = json!({
            "kind": "statistics", "origin": origin, "source": "pg:ä", "at": "2027-01-14T07:00:00Z",
            "calls": n + 1, "total_ms": 0.5, "rows": 3,
        });
        import(&ada, &[self::query(&origin, &sql), statistics]).await;
    }
}

#[tokio::test]
async fn what_is_exported_comes_back_byte_by_byte() {
    let from = TestApp::start().await;
    furnish(&from).await;
    let pages = export(&from.user("acme")).await;
    assert!(pages.len() > 2, "{} pages", pages.len());

    let to = TestApp::start().await;
    let bob = to.user_named("bob", "acme");
    for page in &pages {
        let report = send(&bob, page.clone()).await.ok();
        assert_eq!((&report["failed"], &report["next_line"]), (&json!(0), &Value::Null), "{report}");
    }
    let back = export(&bob).await;
    assert_eq!(back.concat(), pages.concat());
    assert_eq!(back.len(), pages.len());

    // Twice is once: what is there stays, and no execution counts again.
    for page in &pages {
        let report = send(&bob, page.clone()).await.ok();
        assert_eq!(
            (&report["failed"], &report["created"], &report["updated"]),
            (&json!(0), &json!(0), &json!(0))
        );
        assert_eq!(report["runs"]["recorded"], 0);
    }
    assert_eq!(export(&bob).await.concat(), pages.concat());
    // What they add up to is the same, too.
    let all = |page: &Value| page["items"].as_array().unwrap().clone();
    let ada = from.user("acme");
    let queries = all(&ada.get("/v1/queries?limit=100").send().await.ok());
    assert_eq!(all(&bob.get("/v1/queries?limit=100").send().await.ok()), queries);
    for query in queries {
        let path = format!(
            "/v1/queries/{}/runs?from=2026-12-01T00:00:00Z&to=2027-01-16T00:00:00Z",
            query["id"].as_str().unwrap()
        );
        assert_eq!(bob.get(&path).send().await.ok(), ada.get(&path).send().await.ok());
    }
    // And what was imported there before is known here.
    let known = import(&bob, &[self::query("pg:3", &format!("SELECT 3 -- {}", "x".repeat(80_000)))]).await;
    assert_eq!(known["unchanged"], 1);
}

#[tokio::test]
async fn what_does_not_follow_is_refused() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let version = |number: u32, sql: &str| {
        json!({
            "kind": "version", "query": "01940000-0000-7000-8000-000000000000", "version": number,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": format!("2026-01-0{number}T00:00:00Z"),
            "author": "eve", "title": "T", "dialect": "ansi", "owner": "eve", "sql": sql,
        })
    };
    let gap = import(&ada, &[version(2, "SELECT 2")]).await;
    let problem = &gap["results"][0]["problem"];
    assert_eq!((&problem["type"], &problem["expected_version"]), (&json!("/problems/conflict"), &json!(1)));
    let report =
        import(&ada, &[version(1, "SELECT 1"), version(2, "SELECT 2"), version(1, "SELECT 1")]).await;
    assert_eq!(outcomes(&report), ["created", "created", "unchanged"]);
    let other = import(&ada, &[version(1, "SELECT 3")]).await;
    assert_eq!(other["results"][0]["problem"]["type"], "/problems/conflict");
    let stored = ada.get("/v1/queries/01940000-0000-7000-8000-000000000000").send().await.ok();
    assert_eq!((&stored["author"], &stored["updated_at"]), (&json!("eve"), &json!("2026-01-02T00:00:00Z")));

    // Whoever may write queries may not say that somebody else did.
    let scopes = "queries:write catalogs:write runs:write";
    let text = version(3, "SELECT 3").to_string();
    let refused = app.scoped("acme", scopes).post("/v1/imports").raw(LINES, text).send().await.ok();
    assert_eq!(refused["results"][0]["problem"]["scope"], "workspace:restore");
    let text = json!({ "kind": "catalog", "name": "c", "dialect": "ansi", "ddl": "CREATE TABLE t (a INT)" });
    let refused =
        app.scoped("acme", "queries:write").post("/v1/imports").raw(LINES, text.to_string()).send().await;
    assert_eq!(refused.ok()["results"][0]["problem"]["scope"], "catalogs:write");
}

#[tokio::test]
async fn many_lines_about_the_same_at_once() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let lines: String =
        (0..40).map(|n| format!("{}\n", query("file:x.sql", &format!("SELECT {}", n % 20)))).collect();
    let reports = sqm_testkit::together((0..4).map(|_| send(&ada, lines.clone()))).await;
    for report in reports {
        let report = report.ok();
        let failed =
            report["results"].as_array().unwrap().iter().filter(|line| line.get("problem").is_some());
        assert!(failed.clone().all(|line| line["problem"]["type"] == "/problems/unavailable"), "{report}");
    }
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
}
