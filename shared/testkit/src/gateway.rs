//! One router before the functions, as the gateway has it in the cloud. Which function answers which path
//! it reads where `cargo lambda watch` reads it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use serde_yaml_ng::Value;
use tower::ServiceExt;

use crate::checkout;

/// The section of the workspace's manifest that holds the routes.
const SECTION: &str = "[workspace.metadata.lambda.watch.router]";

/// A path and the function that answers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The path, parameters in braces.
    pub path: String,
    /// The function.
    pub function: String,
}

/// The routes of the workspace's manifest, in its order. [`Route::catches_all`] of some.
pub fn watch_routes() -> Vec<Route> {
    let manifest = std::fs::read_to_string(checkout::root().join("Cargo.toml")).unwrap();
    let mut lines = manifest.lines().skip_while(|line| line.trim() != SECTION).skip(1);
    let mut routes = Vec::new();
    while let Some(line) = lines.next().map(str::trim).filter(|line| !line.starts_with('[')) {
        if !line.is_empty() && !line.starts_with('#') {
            routes.push(Route::read(line).unwrap_or_else(|| panic!("no route: {line}")));
        }
    }
    assert!(!routes.is_empty(), "no section {SECTION}");
    routes
}

/// The routes of the HTTP API in the deployment's template, for each method; the path of that which answers
/// whatever has no other route is `$default`.
pub fn deployed_routes() -> Vec<Route> {
    let template = std::fs::read_to_string(checkout::root().join("infra/template.yaml")).unwrap();
    let template: Value = serde_yaml_ng::from_str(&template).unwrap();
    let mut routes = Vec::new();
    for resource in template["Resources"].as_mapping().unwrap().values() {
        let Some(events) = resource["Properties"].get("Events") else { continue };
        let function = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        for event in events.as_mapping().unwrap().values() {
            // What a schedule or a queue starts has no path.
            if event["Type"] != "HttpApi" {
                continue;
            }
            let property = |name: &str| event["Properties"].get(name).map(|text| text.as_str().unwrap());
            let path = property("Path").unwrap_or("$default").to_owned();
            assert!(path == "$default" || property("Method") == Some("ANY"), "{path}");
            routes.push(Route { path, function: function.to_owned() });
        }
    }
    routes
}

/// A method of a path and the function that answers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The method.
    pub method: String,
    /// Where, and by which function.
    pub route: Route,
}

impl Route {
    /// Whether it is open to everybody.
    pub fn is_open(&self) -> bool {
        matches!(self.path.as_str(), "/v1/health" | "/v1/openapi.yaml")
    }

    /// Whether it is there for what has no other route.
    pub fn catches_all(&self) -> bool {
        matches!(self.path.as_str(), "$default" | "/" | "/{*path}")
    }

    /// Reads `"/path" = "function"`.
    fn read(line: &str) -> Option<Self> {
        let (path, function) = line.split_once('=')?;
        let text = |quoted: &str| quoted.trim().strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
        Some(Self { path: text(path)?, function: text(function)? })
    }
}

/// The functions by name, each as its binary serves it.
pub type Functions = BTreeMap<&'static str, Router>;

/// The functions behind one address.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    functions: Functions,
    routes: matchit::Router<String>,
}

impl Gateway {
    pub(crate) fn new(functions: Functions) -> Self {
        let mut routes = matchit::Router::new();
        for route in watch_routes() {
            let known = functions.contains_key(route.function.as_str());
            assert!(known, "the function {} is not built into the test", route.function);
            routes.insert(route.path, route.function).unwrap();
        }
        Self { functions, routes }
    }

    /// What the function of the path answers.
    pub(crate) async fn call(&self, request: Request<Body>) -> Response<Body> {
        let function = self.routes.at(request.uri().path()).unwrap().value.clone();
        self.function(&function, request).await
    }

    /// What this function answers, whatever the path.
    pub(crate) async fn function(&self, name: &str, request: Request<Body>) -> Response<Body> {
        let router = self.functions.get(name).unwrap_or_else(|| panic!("no function {name}")).clone();
        router.oneshot(request).await.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_path_and_a_function() {
        let route = Route::read(r#""/v1/queries/{id}" = "queries""#).unwrap();
        assert_eq!((&*route.path, &*route.function), ("/v1/queries/{id}", "queries"));
        assert_eq!(Route::read("/v1 = queries"), None);
        assert!(watch_routes().iter().any(|route| route.path == "/v1/health"));
    }
}
