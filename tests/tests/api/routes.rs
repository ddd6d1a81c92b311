//! The routes: the deployment's template, the table of `cargo lambda watch` and what the routers answer are
//! the same.

use std::collections::{BTreeMap, BTreeSet};

use sqm_http::Kind;
use sqm_testkit::{Calls, Route, TestApp, operations, watch_routes};

/// Methods that people send.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

fn filled(path: &str) -> String {
    let id = "01940000-0000-7000-8000-000000000000";
    path.replace("{id}", id).replace("{n}", "1").replace("{name}", "shop")
}

#[test]
fn the_template_and_the_local_table_have_the_same_paths() {
    let template: BTreeSet<Route> = operations().into_iter().map(|operation| operation.route).collect();
    let local: BTreeSet<Route> = watch_routes().into_iter().collect();
    assert_eq!(template, local);
    assert_eq!(local.len(), watch_routes().len(), "a path stands twice");
}

#[tokio::test]
async fn the_routers_have_exactly_these_methods() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mut methods: BTreeMap<Route, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        let of_path = methods.entry(operation.route).or_default();
        if operation.method == "GET" {
            of_path.insert("HEAD".to_owned());
        }
        of_path.insert(operation.method);
    }
    for (route, there) in methods {
        let path = filled(&route.path);
        for method in METHODS {
            let response = ada.call(method, &path).send().await;
            if there.contains(*method) {
                let missing = response.status == 405
                    || (response.status == 404 && response.text().contains("no route"));
                assert!(!missing, "{method} {path}: {response:?}");
                continue;
            }
            assert_eq!(response.status, 405, "{method} {path}: {response:?}");
            if *method != "HEAD" {
                response.problem(Kind::MethodNotAllowed);
            }
            let allowed: BTreeSet<String> = response.header("allow").split(',').map(str::to_owned).collect();
            assert_eq!(allowed, there, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_function_answers_its_own_paths_alone() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let functions: BTreeSet<_> = watch_routes().into_iter().map(|route| route.function).collect();
    for function in &functions {
        ada.get("/v1/health").to_function(function).send().await.expect(200);
        for route in watch_routes() {
            if route.function == *function || route.path == "/v1/health" {
                continue;
            }
            let response = ada.get(&filled(&route.path)).to_function(function).send().await;
            response.problem(Kind::NotFound);
            assert!(response.text().contains("no route"), "{function} has {}", route.path);
        }
    }
}

#[tokio::test]
async fn paths_that_are_no_routes() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/queries",
        "/v1/queries/",
        "/v1/query",
        "/V1/queries",
        "/v1/queries/x/y",
        "//v1/queries",
        "/v1//queries",
        "/v1/queries/%2e%2e/catalogs",
        "/v1/queries/x/versions/1/diff/",
        "/v1/queries/x/versions/1/restore/now",
        "/favicon.ico",
        "/.env",
        "/v1/health/",
    ] {
        for function in ["queries", "lineage", "optimize"] {
            for method in ["GET", "POST", "DELETE"] {
                let response = ada.call(method, path).to_function(function).send().await;
                response.problem(Kind::NotFound);
            }
        }
    }
}
