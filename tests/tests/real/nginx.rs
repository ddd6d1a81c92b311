//! What nginx makes of what caches are told, configured from the same table of routes: it keeps what is addressed, shows
//! nothing that may have changed, and keeps callers apart.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use http::StatusCode;
use serde_json::json;
use sqm_domain::JobId;
use sqm_http::Clock;
use sqm_http::caching::{Edge, Kept, RULES, Rule};
use sqm_local::{Nginx, Tools};
use sqm_testkit::{Calls, Stored, TestApp, checkout, empty_report};
use tokio::task::JoinHandle;

/// The application behind nginx.
struct Before {
    app: Arc<TestApp>,
    nginx: Nginx,
    server: JoinHandle<std::io::Result<()>>,
}

impl Before {
    async fn start() -> Self {
        let app = Arc::new(TestApp::builder().edge(Edge::KnowsTenants).start().await);
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = async |State(app): State<Arc<TestApp>>, request: Request| app.answer(request).await;
        let router = Router::new().fallback(origin).with_state(app.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let nginx = Nginx::start(&Tools::of_checkout(&checkout::root()), port).await.unwrap();
        Self { app, nginx, server }
    }
}

/// An answer through nginx: its status, what nginx says of it, and its body.
async fn get(nginx: &Nginx, path: &str, token: &str, more: &[(&str, &str)]) -> (StatusCode, String, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("{}{path}", nginx.url())).bearer_auth(token);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let told = answer.headers().get("x-cache").map_or("", |told| told.to_str().unwrap()).to_owned();
    (answer.status(), told, answer.text().await.unwrap())
}

fn job() -> JobId {
    JobId::from_parts(1_800_000_000_000, [7; 10])
}

/// What a row of the table is asked for with, where there is something.
fn path(rule: &Rule, query: &Stored, analysis: &str) -> String {
    let name = match rule.path {
        "/v1/graph/columns/{name}" => "t.a",
        "/v1/graph/tables/{name}" => "t",
        _ => "shop",
    };
    let hash = analysis.rsplit('/').next().unwrap();
    let path = rule.path.replace("/v1/jobs/{id}", &format!("/v1/jobs/{}", job()));
    let path = path.replace("{id}", &query.id).replace("{n}", "2");
    path.replace("{name}", name).replace("{hash}", hash)
}

#[tokio::test]
async fn nginx_makes_of_each_row_of_the_table_what_the_row_says() {
    let it = Before::start().await;
    let ada = it.app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    let connection = json!({ "engine": "postgres", "secret": "sqm/acme/x" });
    ada.put("/v1/connections/shop").json(&connection).send().await.expect(201);
    let query = ada.store("SELECT a FROM t").await;
    ada.patch(&query.path).if_match("*").json(&json!({ "sql": "SELECT a, 1 FROM t" })).send().await.ok();
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    let analysis = lineage["analysis"].as_str().unwrap();
    let (workspace, now) = ("acme".parse().unwrap(), it.app.clock.now());
    it.app.store.open_job(&workspace, job(), now).await.unwrap();
    it.app.store.keep_report(&workspace, &empty_report(now)).await.unwrap();
    let token = it.app.keys.sign(&it.app.claims("acme"));
    for rule in RULES {
        let path = path(rule, &query, analysis);
        let first = get(&it.nginx, &path, &token, &[]).await;
        let again = get(&it.nginx, &path, &token, &[]).await;
        assert_eq!((first.0, again.0), (StatusCode::OK, StatusCode::OK), "{path}: {first:?}");
        let expected = match rule.kept {
            Kept::Never | Kept::Private => ["passed", "passed"],
            Kept::Addressed | Kept::Open => ["MISS", "HIT"],
            // Nginx keeps nothing that is stale at once.
            Kept::Revalidated | Kept::Fixed => ["MISS", "MISS"],
        };
        assert_eq!([first.1.as_str(), &again.1], expected, "{path}");
    }
}

#[tokio::test]
async fn nginx_keeps_what_is_addressed_and_shows_nothing_that_may_have_changed() {
    let Before { app, nginx, server } = Before::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT a AS of_acme FROM t").await;
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    let analysis = format!("/v1/analyses/{}", lineage["analysis"].as_str().unwrap());
    let token = |workspace: &str| app.keys.sign(&app.claims(workspace));
    let (ours, theirs) = (token("acme"), token("other"));

    let first = get(&nginx, &analysis, &ours, &[]).await;
    assert_eq!((first.0, first.1.as_str()), (StatusCode::OK, "MISS"));
    let again = get(&nginx, &analysis, &ours, &[]).await;
    assert_eq!((again.1.as_str(), &again.2), ("HIT", &first.2));
    for stranger in [theirs.as_str(), "x.y.z", ""] {
        let answer = get(&nginx, &analysis, stranger, &[("x-sqm-tenant", "acme")]).await;
        assert!(!answer.0.is_success() && !answer.2.contains("of_acme"), "{answer:?}");
        assert_ne!(answer.1, "HIT");
    }
    let lineage = format!("{}/lineage", query.path);
    for (n, path) in
        [&query.path, &lineage, "/v1/queries", &format!("{}/versions", query.path)].into_iter().enumerate()
    {
        let before = get(&nginx, path, &ours, &[]).await;
        assert_eq!(before.0, StatusCode::OK, "{path}");
        let change = json!({ "title": format!("T{n}"), "sql": format!("SELECT b{n} FROM t") });
        ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
        let after = get(&nginx, path, &ours, &[]).await;
        assert!(after.0 == StatusCode::OK && after.1 != "HIT" && after.2 != before.2, "{path}: {after:?}");
    }
    let version = format!("{}/versions/1", query.path);
    get(&nginx, &version, &ours, &[]).await;
    ada.delete(&query.path).if_match("*").send().await.expect(204);
    assert_eq!(get(&nginx, &version, &ours, &[]).await.0, StatusCode::NOT_FOUND);
    let passed = get(&nginx, "/v1/usage", &ours, &[]).await;
    assert_eq!((passed.0, passed.1.as_str()), (StatusCode::OK, "passed"));
    // With the origin gone: what is fresh is there, everything else says so.
    server.abort();
    let _ = server.await;
    assert_eq!(get(&nginx, &analysis, &ours, &[]).await.1, "HIT");
    assert!(get(&nginx, "/v1/queries", &ours, &[]).await.0.is_server_error());
}
