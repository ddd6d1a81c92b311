//! `/v1/connections` and `/v1/connections/{name}`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

fn connection(secret: &str, run: bool) -> Value {
    json!({ "engine": "postgres", "secret": secret, "run": run })
}

#[tokio::test]
async fn from_the_first_version_to_deletion() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("acme"), app.user_named("bob", "acme"));
    let body = json!({ "engine": "postgres", "secret": "sqm/acme/shop" });
    let put = ada.put("/v1/connections/shop").json(&body).send().await.expect(201);
    assert_eq!((put.header("location"), put.etag().as_str()), ("/v1/connections/shop", "\"acme:1\""));
    let first = put.json();
    assert_eq!((&first["secret"], &first["run"]), (&json!("sqm/acme/shop"), &json!(false)));
    let again =
        bob.put("/v1/connections/shop").json(&connection("sqm/acme/shop", false)).send().await.expect(200);
    assert_eq!(
        (again.etag().as_str(), &again.json()["author"]),
        ("\"acme:1\"", &json!("ada")),
        "the same again"
    );

    let change =
        bob.put("/v1/connections/shop").if_match("\"acme:1\"").json(&connection("sqm/acme/shop", true));
    let second = change.send().await.expect(200);
    assert_eq!((second.etag().as_str(), &second.json()["run"]), ("\"acme:2\"", &json!(true)));
    let stale = ada.put("/v1/connections/shop").if_match("\"acme:1\"").json(&body).send().await;
    stale.problem(Kind::PreconditionFailed);
    let read = ada.get("/v1/connections/shop").send().await.expect(200);
    assert_eq!(read.json(), second.json());
    let known = ada.get("/v1/connections/shop").if_none_match(read.etag()).send().await;
    assert_eq!(known.status, 304);
    assert_eq!(ada.all("/v1/connections").await, [read.json()]);

    ada.delete("/v1/connections/shop").send().await.problem(Kind::PreconditionRequired);
    ada.delete("/v1/connections/shop").if_match("\"acme:1\"").send().await.problem(Kind::PreconditionFailed);
    ada.delete("/v1/connections/shop").if_match("\"acme:2\"").send().await.expect(204);
    ada.get("/v1/connections/shop").send().await.problem(Kind::NotFound);
    ada.delete("/v1/connections/shop").if_match("*").send().await.problem(Kind::NotFound);
    assert!(ada.all("/v1/connections").await.is_empty());
    let new = ada.put("/v1/connections/shop").json(&body).send().await.expect(201);
    assert_eq!(new.etag(), "\"acme:3\"", "a version's number never comes again");
}

#[tokio::test]
async fn lists_go_by_name() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for name in ["b", "a", "a.b"] {
        let path = format!("/v1/connections/{name}");
        ada.put(&path).json(&connection("sqm/acme/x", false)).send().await.expect(201);
    }
    let names: Vec<_> =
        ada.all("/v1/connections?limit=1").await.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["a", "a.b", "b"]);
    ada.get("/v1/connections?limit=0").send().await.problem(Kind::InvalidParameter);
    ada.get("/v1/connections?cursor=x").send().await.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn a_secret_lies_below_the_workspace_s_own_prefix() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for secret in [
        "sqm/other/shop",
        "sqm/acme",
        "sqm/acme/",
        "sqm/acme-2/shop",
        "sqm/",
        "shop",
        "other/sqm/acme/shop",
        "arn:aws:secretsmanager:eu-central-1:1:secret:sqm/acme/shop",
        "postgres://u:p@h/d",
        "",
    ] {
        let refused = ada.put("/v1/connections/shop").json(&connection(secret, false)).send().await;
        assert_eq!(refused.problem(Kind::InvalidField)["field"], "secret", "{secret}");
    }
    assert!(ada.all("/v1/connections").await.is_empty());
}

#[tokio::test]
async fn what_is_no_connection() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for (body, field) in [
        (json!({ "engine": "oracle", "secret": "sqm/acme/x" }), "engine"),
        (json!({ "secret": "sqm/acme/x" }), "engine"),
        (json!({ "engine": "postgres" }), "secret"),
        (json!({ "engine": "postgres", "secret": "sqm/acme/x", "run": "yes" }), "run"),
        (json!({ "engine": "postgres", "secret": "sqm/acme/x", "dsn": "postgres://u:p@h/d" }), "dsn"),
    ] {
        let problem = ada.put("/v1/connections/shop").json(&body).send().await.problem(Kind::InvalidField);
        assert!(problem.to_string().contains(field), "{body}: {problem}");
    }
    for name in ["a%2Fb", "%2e%2e", "a%20b"] {
        let response =
            ada.put(&format!("/v1/connections/{name}")).json(&connection("sqm/acme/x", false)).send().await;
        assert!(response.status.is_client_error(), "{name}: {response:?}");
    }
}

#[tokio::test]
async fn a_query_is_asked_about_on_a_connection_that_there_is_and_that_speaks_its_dialect() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.put("/v1/connections/shop").json(&connection("sqm/acme/shop", false)).send().await.expect(201);
    let ask = async |dialect: &str, connection: &str| {
        let body = json!({ "sql": "SELECT 1", "dialect": dialect, "connection": connection });
        ada.post("/v1/optimizations").json(&body).send().await
    };
    for (dialect, connection) in [("postgres", "nowhere"), ("mysql", "shop"), ("postgres", "a/b")] {
        let problem = ask(dialect, connection).await.problem(Kind::InvalidField);
        assert_eq!(problem["field"], "connection", "{dialect} {connection}");
    }
    let stranger = app.user("other");
    stranger.get("/v1/connections/shop").send().await.problem(Kind::NotFound);
    let body = json!({ "sql": "SELECT 1", "dialect": "postgres", "connection": "shop" });
    let problem = stranger.post("/v1/optimizations").json(&body).send().await.problem(Kind::InvalidField);
    assert_eq!(problem["field"], "connection");

    let without = app.scoped("acme", "optimizations:run queries:read");
    let problem = without.post("/v1/optimizations").json(&body).send().await.problem(Kind::MissingScope);
    assert_eq!(problem["scope"], "connections:read");
    let query = ada.store("SELECT 1").await;
    let asked = without.post(&format!("{}/optimizations", query.path)).json(&json!({ "connection": "shop" }));
    assert_eq!(asked.send().await.problem(Kind::MissingScope)["scope"], "connections:read");
}

#[tokio::test]
async fn where_secrets_manager_does_not_answer_the_rest_is_answered() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.put("/v1/connections/shop").json(&connection("sqm/acme/shop", true)).send().await.expect(201);
    let body = json!({
        "sql": "SELECT a FROM t WHERE (SELECT COUNT(*) FROM u WHERE u.b = t.a) > 0", "dialect": "postgres",
        "schema": "CREATE TABLE t (a INT PRIMARY KEY); CREATE TABLE u (b INT)", "connection": "shop",
    });
    let answer = ada.post("/v1/optimizations").json(&body).send().await.ok();
    assert!(
        !answer["rewrites"].as_array().unwrap().is_empty() && answer.get("database").is_none(),
        "{answer}"
    );
    let note = answer["notes"][0].as_str().unwrap();
    assert!(note.contains("connection shop") && !note.contains("sqm/acme"), "{note}");
}
