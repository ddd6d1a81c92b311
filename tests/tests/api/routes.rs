//! The routes: the deployment's template and the table of `cargo lambda watch` are the same, and which methods
//! a path has is for its function to say, in the cloud as here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sqm_http::Kind;
use sqm_testkit::{Calls, Contract, Operation, Route, TestApp, deployed_routes, watch_routes};

/// Methods that people send.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

fn filled(path: &str) -> String {
    let id = "01940000-0000-7000-8000-000000000000";
    let name = if path.starts_with("/v1/graph/columns/") { "shop.orders" } else { "shop" };
    let path = path.replace("{id}", id).replace("{n}", "1").replace("{name}", name);
    path.replace("{hash}", &"0".repeat(64))
}

#[test]
fn the_template_and_the_local_table_have_the_same_paths() {
    let split =
        |routes: Vec<Route>| -> (Vec<Route>, Vec<Route>) { routes.into_iter().partition(Route::catches_all) };
    let ((cloud_default, mut cloud), (local_default, mut local)) =
        (split(deployed_routes()), split(watch_routes()));
    cloud.sort();
    local.sort();
    assert_eq!(cloud, local);
    let functions = |routes: &[Route]| -> BTreeSet<String> {
        routes.iter().map(|route| route.function.clone()).collect()
    };
    assert_eq!((cloud_default.len(), local_default.len()), (1, 2));
    assert_eq!(functions(&cloud_default), functions(&local_default));
}

#[tokio::test]
async fn the_operations() {
    let app = TestApp::start().await;
    let mut found = String::new();
    for Operation { method, route } in app.operations().await {
        writeln!(found, "{method:6} {:42} {}", route.path, route.function).unwrap();
    }
    insta::assert_snapshot!(found);
}

#[tokio::test]
async fn the_description_has_exactly_these_operations() {
    let app = TestApp::start().await;
    let there = app.operations().await.into_iter();
    let there: BTreeSet<String> =
        there.map(|Operation { method, route }| format!("{method} {}", route.path)).collect();
    assert_eq!(Contract::of_checkout().operations(), there);
    assert_eq!(Contract::of_checkout().loose_ends(), [""; 0]);
}

#[tokio::test]
async fn the_description_is_served() {
    let app = TestApp::start().await;
    let served = app.anonymous().get("/v1/openapi.yaml").send().await.expect(200);
    assert_eq!(served.header("content-type"), "application/yaml");
    assert!(served.text().contains("\nopenapi: 3.1"));
    assert!(served.text().contains(&format!("\n  version: {}\n", env!("CARGO_PKG_VERSION"))));
    let again = app.anonymous().get("/v1/openapi.yaml").if_none_match(served.etag()).send().await;
    again.expect(304);
}

#[tokio::test]
async fn the_routers_have_exactly_these_methods() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mut methods: BTreeMap<Route, BTreeSet<String>> = BTreeMap::new();
    for operation in app.operations().await {
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
            if route.function == *function || route.is_open() || route.catches_all() {
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
        for method in ["GET", "POST", "DELETE"] {
            ada.call(method, path).send().await.problem(Kind::NotFound);
            for function in ["queries", "lineage", "optimize"] {
                let response = ada.call(method, path).to_function(function).send().await;
                response.problem(Kind::NotFound);
            }
        }
    }
}
