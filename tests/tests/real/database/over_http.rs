//! Connections over HTTP, with a real Secrets Manager's client and a real database.

use std::time::Instant;

use aws_sdk_secretsmanager::Client;
use serde_json::{Value, json};
use sqm_http::serve::secrets_client;
use sqm_testkit::{Calls, TestApp, User, local_aws};
use tokio::net::TcpListener;

use super::server::dsn;
use crate::secrets::endpoint;

const SCHEMA: &str = "CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int NOT NULL, total numeric NOT NULL, weight float8);";

const ABOVE_AVERAGE: &str = "SELECT o.order_id FROM orders o \
    WHERE o.total > (SELECT avg(p.total) FROM orders p WHERE p.customer_id = o.customer_id)";

async fn secrets() -> Client {
    secrets_client(&local_aws(), Some(endpoint().await))
}

async fn app() -> TestApp {
    TestApp::builder().secrets(secrets().await).database_hosts("127.0.0.1").start().await
}

/// A connection whose secret holds this, in a workspace of its own.
async fn connect<'a>(app: &'a TestApp, workspace: &str, dsn: &str, run: bool) -> User<'a> {
    let secret = format!("sqm/{workspace}/shop");
    secrets().await.create_secret().name(&secret).secret_string(dsn).send().await.unwrap();
    let user = app.user(workspace);
    let body = json!({ "engine": "postgres", "secret": secret, "run": run });
    user.put("/v1/connections/shop").json(&body).send().await.expect(201);
    user
}

async fn optimized(user: &User<'_>, more: Value) -> Value {
    let mut body =
        json!({ "sql": ABOVE_AVERAGE, "dialect": "postgres", "schema": SCHEMA, "connection": "shop" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let response = user.post("/v1/optimizations").json(&body).send().await.expect(200);
    assert!(!response.text().contains("hunter"), "{response:?}");
    response.json()
}

#[tokio::test]
async fn a_rewrite_is_recommended_by_the_time_that_it_takes() {
    let app = app().await;
    let ada = connect(&app, "by-time", &dsn("postgres").await, true).await;
    let answer = optimized(&ada, json!({})).await;
    let best = &answer["rewrites"][0];
    assert_eq!(
        (&best["recommended"], &best["benefit"]["results"]),
        (&json!(true), &json!("same")),
        "{answer}"
    );
    assert_eq!(best["benefit"]["method"], "database, measured time");
    let database = &answer["database"];
    assert_eq!((&database["connection"], &database["runs"]), (&json!("shop"), &json!("allowed")));
    assert_eq!(database["indexes"][0]["name"], "orders_pkey", "{database}");
    assert!(database["server_version"].as_str().unwrap().starts_with("15."), "{database}");
    let unmeasured = optimized(&ada, json!({ "measure": false })).await;
    assert_eq!(unmeasured["rewrites"][0]["benefit"]["method"], "database, estimated cost");
    assert_eq!(unmeasured["database"]["runs"], "refused");
}

#[tokio::test]
async fn a_stored_query_is_estimated_where_nothing_may_be_run() {
    let app = app().await;
    let ada = connect(&app, "by-cost", &dsn("postgres").await, false).await;
    ada.store_catalog("shop", SCHEMA).await;
    let body = json!({ "title": "T", "sql": ABOVE_AVERAGE, "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let asked = ada.post(&format!("{}/optimizations", query.path)).json(&json!({ "connection": "shop" }));
    let answer = asked.send().await.ok();
    let best = &answer["rewrites"][0];
    assert_eq!(
        (&best["recommended"], &best["benefit"]["summary"]),
        (&json!(true), &json!("cheaper")),
        "{answer}"
    );
    assert_eq!(best["benefit"]["runs"], json!([]));
}

#[tokio::test]
async fn where_the_database_does_not_answer_the_rest_is_answered() {
    let app = app().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = dsn("postgres").await;
    for (workspace, dsn, why) in [
        ("metadata", "postgres://u:hunter2@169.254.169.254/d".to_owned(), "not allowed"),
        ("elsewhere", "postgres://u:hunter2@10.0.0.1/d".to_owned(), "not allowed"),
        ("no-dsn", "hunter2".to_owned(), "the DSN is not usable"),
        ("options", format!("{here}?options=hunter2"), "parameter options"),
        ("password", here.replace("hunter2", "hunter3"), "refuses the login"),
        ("silent", format!("postgres://u:hunter2@{}/d", silent.local_addr().unwrap()), "does not answer"),
        ("tls", format!("{here}?sslmode=verify-full"), "cannot be encrypted"),
    ] {
        let ada = connect(&app, workspace, &dsn, true).await;
        let begun = Instant::now();
        let answer = optimized(&ada, json!({ "measure": false })).await;
        assert!(begun.elapsed().as_secs() < 12, "{workspace}: {:?}", begun.elapsed());
        let notes = answer["notes"].to_string();
        assert!(notes.contains(why) && notes.contains("connection shop"), "{workspace}: {notes}");
        assert_eq!(answer["rewrites"][0]["verdict"], "proved", "{workspace}: {answer}");
        assert!(answer.get("database").is_none(), "{workspace}: {answer}");
    }
}

#[tokio::test]
async fn this_machine_is_reached_only_where_a_setting_names_it() {
    let app = TestApp::builder().secrets(secrets().await).start().await;
    let ada = connect(&app, "loopback", &dsn("postgres").await, true).await;
    let answer = optimized(&ada, json!({ "measure": false })).await;
    assert!(answer["notes"].to_string().contains("not allowed"), "{answer}");
}

#[tokio::test]
async fn a_password_that_was_changed_is_read_again() {
    let app = app().await;
    let wrong = dsn("postgres").await.replace("hunter2", "hunter3");
    let ada = connect(&app, "rotated", &wrong, false).await;
    assert!(optimized(&ada, json!({ "measure": false })).await["notes"].to_string().contains("login"));
    let right = dsn("postgres").await;
    secrets()
        .await
        .put_secret_value()
        .secret_id("sqm/rotated/shop")
        .secret_string(right)
        .send()
        .await
        .unwrap();
    let answer = optimized(&ada, json!({})).await;
    assert_eq!(answer["database"]["connection"], "shop", "{answer}");
}

#[tokio::test]
async fn a_secret_that_is_not_there() {
    let app = app().await;
    let ada = app.user("acme");
    let body = json!({ "engine": "postgres", "secret": "sqm/acme/nothing" });
    ada.put("/v1/connections/shop").json(&body).send().await.expect(201);
    let answer = optimized(&ada, json!({ "measure": false })).await;
    assert!(answer["notes"].to_string().contains("no such secret"), "{answer}");
}
