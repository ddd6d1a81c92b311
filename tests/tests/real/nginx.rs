//! What nginx makes of what caches are told, configured from the same table of routes: it keeps what is addressed, shows
//! nothing that may have changed, and keeps callers apart.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use http::StatusCode;
use serde_json::json;
use sqm_http::caching::Edge;
use sqm_local::{Nginx, Tools};
use sqm_testkit::{Calls, TestApp, checkout};

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

#[tokio::test]
async fn nginx_keeps_what_is_addressed_and_shows_nothing_that_may_have_changed() {
    let app = Arc::new(TestApp::builder().edge(Edge::KnowsTenants).start().await);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let origin = async |State(app): State<Arc<TestApp>>, request: Request| app.answer(request).await;
    let router = Router::new().fallback(origin).with_state(app.clone());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let nginx = Nginx::start(&Tools::of_checkout(&checkout::root()), port).await.unwrap();

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
