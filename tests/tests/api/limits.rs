//! How much is taken: each limit just kept and just passed.

use std::io::Read;

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

const STATEMENT: usize = 256 * 1024;
const SCRIPT: usize = 1024 * 1024;
const BODY: usize = 4 * 1024 * 1024;

/// A statement of this many bytes that is quick to look at.
fn statement(bytes: usize) -> String {
    let (head, tail) = ("SELECT a FROM t WHERE b = '", "'");
    format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()))
}

/// A script of this many bytes, each statement within its limit.
fn script(bytes: usize) -> String {
    let mut script = String::new();
    while script.len() + STATEMENT / 2 < bytes {
        script += &statement(STATEMENT / 2 - 1);
        script += "\n;\n";
    }
    let rest = bytes - script.len();
    script + &" ".repeat(rest)
}

/// Every place that takes SQL.
fn places(sql: &str) -> Vec<(&'static str, Value)> {
    let alone = json!({ "sql": sql, "dialect": "ansi", "databases": 1, "measure": false });
    let mut lineage = json!({ "sql": sql, "dialect": "ansi" });
    let places = vec![
        ("/v1/queries", json!({ "title": "T", "sql": sql, "dialect": "ansi" })),
        ("/v1/lineage", lineage.take()),
        ("/v1/lineage/plan", json!({ "plan": { "Node Type": "Result" }, "sql": sql, "dialect": "ansi" })),
        ("/v1/optimizations", alone),
        (
            "/v1/plans",
            json!({ "plan": "Result  (cost=0.00..0.01 rows=1 width=4)", "sql": sql, "dialect": "ansi" }),
        ),
        ("/v1/verifications", json!({ "q1": sql, "q2": "SELECT 1", "dialect": "ansi", "databases": 1 })),
        ("/v1/verifications", json!({ "q1": "SELECT 1", "q2": sql, "dialect": "ansi", "databases": 1 })),
    ];
    places
}

async fn check(ada: &User<'_>, sql: &str, expected: Option<(u64, u64, u64)>) {
    for (path, body) in places(sql) {
        let response = ada.post(path).json(&body).send().await;
        match expected {
            None => assert!(response.status.is_success(), "{path}: {response:?}"),
            Some((limit, line, column)) => {
                let problem = response.problem(Kind::InvalidSql);
                assert_eq!(problem["limit"], limit, "{path}");
                let field = body.as_object().unwrap().iter().find(|(_, value)| *value == sql).unwrap().0;
                assert_eq!(problem["field"], field.as_str(), "{path}");
                if line > 0 {
                    assert_eq!(
                        (&problem["line"], &problem["column"]),
                        (&json!(line), &json!(column)),
                        "{path}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_statement() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    check(&ada, &statement(STATEMENT), None).await;
    check(&ada, &statement(STATEMENT + 1), Some((STATEMENT as u64, 1, 1))).await;
    let second = format!("SELECT 1;\n  -- x\n  {}", statement(STATEMENT + 1));
    check(&ada, &second, Some((STATEMENT as u64, 2, 3))).await;
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
}

#[tokio::test]
async fn a_script() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    check(&ada, &script(SCRIPT), None).await;
    check(&ada, &script(SCRIPT + 1), Some((SCRIPT as u64, 0, 0))).await;
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
}

#[tokio::test]
async fn a_body() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let within = |bytes: usize| {
        let body = r#"{"title": "T", "sql": "SELECT 1", "dialect": "ansi"}"#;
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    ada.post("/v1/queries").raw("application/json", within(BODY)).send().await.expect(201);
    for bytes in [BODY + 1, 6_000_000, 20_000_000] {
        for (method, path) in [
            ("POST", "/v1/queries"),
            ("PATCH", query.path.as_str()),
            ("POST", "/v1/lineage"),
            ("POST", "/v1/lineage/plan"),
            ("PUT", "/v1/catalogs/c"),
            ("PUT", "/v1/connections/c"),
            ("POST", "/v1/optimizations"),
            ("POST", "/v1/plans"),
            ("POST", "/v1/verifications"),
        ] {
            let call = ada.call(method, path).if_match("*").raw("application/json", within(bytes));
            let problem = call.send().await.problem(Kind::BodyTooLarge);
            assert_eq!(problem["limit"], BODY, "{method} {path}");
        }
    }
    assert_eq!(ada.get(&query.path).send().await.ok(), query.document);
}

#[tokio::test]
async fn a_script_that_json_makes_long() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    // Two bytes in JSON for each one, and, where a client escapes all beyond ASCII, three.
    let quotes = format!("SELECT 1 /* {} */;\n", "\"".repeat(STATEMENT - 20));
    let quotes = quotes.repeat(SCRIPT / quotes.len());
    ada.store(&quotes).await;
    let accents = format!("SELECT 1 /* {} */;\n", "\\u00e9".repeat(STATEMENT / 2 - 20));
    let accents = accents.repeat(4).replace('\n', "");
    let body = format!("{{\"title\": \"T\", \"dialect\": \"ansi\", \"sql\": \"{accents}\"}}");
    ada.post("/v1/queries").raw("application/json", body).send().await.expect(201);
    // Six bytes each.
    let escapes = "\\u0041".repeat(SCRIPT);
    let body = format!("{{\"title\": \"T\", \"dialect\": \"ansi\", \"sql\": \"{escapes}\"}}");
    ada.post("/v1/queries").raw("application/json", body).send().await.problem(Kind::BodyTooLarge);
}

#[tokio::test]
async fn json_that_is_deep() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    for open in ["[", "{\"a\":", "{\"title\":[", "{\"schema\":{\"t\":{\"cols\":"] {
        let text = open.repeat(BODY / open.len());
        for (method, path) in [
            ("POST", "/v1/queries"),
            ("PATCH", query.path.as_str()),
            ("POST", "/v1/lineage"),
            ("POST", "/v1/lineage/plan"),
            ("PUT", "/v1/catalogs/c"),
            ("POST", "/v1/optimizations"),
            ("POST", "/v1/plans"),
            ("POST", "/v1/verifications"),
        ] {
            let call = ada.call(method, path).if_match("*").raw("application/json", text.clone());
            let response = call.send().await;
            let kind = response.kind();
            assert!(
                matches!(kind, Some(Kind::MalformedJson | Kind::InvalidField)),
                "{method} {path} {open}: {response:?}"
            );
        }
    }
    assert_eq!(ada.get(&query.path).send().await.ok(), query.document);
}

#[tokio::test]
async fn tables_that_a_query_names() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let naming = |tables: usize| {
        let statements: Vec<_> = (0..tables).map(|n| format!("SELECT 1 FROM t{n}")).collect();
        json!({ "title": "T", "sql": statements.join(";\n"), "dialect": "ansi" })
    };
    let query = ada.store_as(naming(5_000)).await;
    assert_eq!(query.document["reads"].as_array().unwrap().len(), 5_000);
    for table in ["t0", "t2500", "t4999"] {
        assert_eq!(ada.all(&format!("/v1/queries?reads={table}")).await.len(), 1, "{table}");
    }
    let problem = ada.post("/v1/queries").json(&naming(5_001)).send().await.problem(Kind::InvalidSql);
    assert_eq!(problem["field"], "sql");
    assert_eq!(ada.all("/v1/queries").await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_long_as_it_is_comes_compressed() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let script: String =
        (0..5_000).map(|n| format!("INSERT INTO t{n} SELECT a, b FROM s WHERE c = 1;\n")).collect();
    let body = json!({ "sql": script, "dialect": "ansi" });
    let problem = ada.post("/v1/lineage").json(&body).send().await.problem(Kind::AnswerTooLarge);
    assert!(problem["detail"].as_str().unwrap().contains("Accept-Encoding: gzip"), "{problem}");
    let call = ada.post("/v1/lineage").header("accept-encoding", "gzip, br");
    let response = call.json(&body).send().await.expect(200);
    assert_eq!(response.header("content-encoding"), "gzip");
    assert!(response.body.len() < 1_000_000, "{}", response.body.len());
    let mut plain = String::new();
    flate2::read::GzDecoder::new(response.body.as_slice()).read_to_string(&mut plain).unwrap();
    assert!(plain.len() > BODY, "{}", plain.len());
    let lineage: Value = serde_json::from_str(&plain).unwrap();
    assert_eq!(lineage["statements"].as_array().unwrap().len(), 5_000);
    // What is short comes as it is.
    let short = ada.store("SELECT 1").await;
    let response = ada.get(&format!("{}/lineage", short.path)).header("accept-encoding", "gzip").send().await;
    assert!(response.headers.get("content-encoding").is_none());
    response.ok();
}
