//! Every operation of the API, walked as everybody who must not do it. The list of operations is what the
//! functions allow; one that is not in the table here fails the test.

use serde_json::{Value, json};
use sqm_domain::JobId;
use sqm_http::{Clock, Kind, Scope};
use sqm_testkit::{Call, Calls, Operation, Stored, TestApp, empty_report, watch_routes};

/// The only operations that need no token: neither tells of anybody's data.
const OPEN: &[&str] = &["GET /v1/health", "GET /v1/openapi.yaml"];

/// A valid request for an operation, and the scopes that it needs.
struct Asked {
    path: String,
    if_match: Option<&'static str>,
    body: Option<Value>,
    scopes: &'static [Scope],
}

/// What a test stores so that every operation has something to act on.
struct Things {
    query: Stored,
    catalog: &'static str,
    connection: Value,
    /// The hash of the lineage of the query.
    analysis: String,
    job: JobId,
}

async fn things(app: &TestApp, workspace: &str) -> Things {
    let user = app.user(workspace);
    user.store_catalog("shop", "CREATE TABLE orders (id INT PRIMARY KEY, total INT)").await;
    let query = json!({
        "title": "T", "sql": "SELECT id, total FROM orders WHERE id = 1", "dialect": "postgres", "catalog": "shop",
    });
    let query = user.store_as(query).await;
    let change = json!({ "title": "U" });
    user.patch(&query.path).if_match("*").json(&change).send().await.expect(200);
    let connection = json!({ "engine": "postgres", "secret": format!("sqm/{workspace}/shop") });
    user.put("/v1/connections/shop").json(&connection).send().await.expect(201);
    let lineage = user.get(&format!("{}/lineage", query.path)).send().await.ok();
    let analysis = lineage["analysis"].as_str().unwrap().to_owned();
    let (workspace, job) = (workspace.parse().unwrap(), JobId::from_parts(1_800_000_000_000, [7; 10]));
    app.store.open_job(&workspace, job, app.clock.now()).await.unwrap();
    app.store.keep_report(&workspace, &empty_report(app.clock.now())).await.unwrap();
    Things { query, catalog: "shop", connection, analysis, job }
}

/// The valid request of an operation on these things.
fn asked(operation: &Operation, things: &Things) -> Option<Asked> {
    use Scope::{
        CatalogsRead, CatalogsWrite, ConnectionsRead, ConnectionsWrite, LineageRead, OptimizationsRun,
        QueriesRead, QueriesWrite, RunsWrite,
    };
    let text = json!({ "sql": "SELECT id FROM orders", "dialect": "postgres", "catalog": things.catalog });
    let (if_match, body, scopes): (Option<&'static str>, Option<Value>, &'static [Scope]) =
        match (operation.method.as_str(), operation.route.path.as_str()) {
            ("GET", "/v1/queries") => (None, None, &[QueriesRead]),
            ("POST", "/v1/queries") => {
                let body = json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi" });
                (None, Some(body), &[QueriesWrite])
            }
            ("GET", "/v1/queries/{id}") => (None, None, &[QueriesRead]),
            ("PATCH", "/v1/queries/{id}") => (Some("*"), Some(json!({ "title": "V" })), &[QueriesWrite]),
            ("DELETE", "/v1/queries/{id}") => (Some("*"), None, &[QueriesWrite]),
            ("GET", "/v1/queries/{id}/runs") => (None, None, &[QueriesRead]),
            ("POST", "/v1/queries/{id}/runs") => {
                let body = json!({ "runs": [{ "at": "2027-01-15T07:00:00Z", "duration_ms": 12.5 }] });
                (None, Some(body), &[RunsWrite])
            }
            ("GET", "/v1/queries/{id}/versions") => (None, None, &[QueriesRead]),
            ("GET", "/v1/queries/{id}/versions/{n}") => (None, None, &[QueriesRead]),
            ("GET", "/v1/queries/{id}/versions/{n}/diff") => (None, None, &[QueriesRead]),
            ("POST", "/v1/queries/{id}/versions/{n}/restore") => (Some("*"), None, &[QueriesWrite]),
            ("GET", "/v1/queries/{id}/lineage") => (None, None, &[LineageRead, QueriesRead]),
            ("POST", "/v1/imports") => {
                let body = json!({ "kind": "query", "title": "T", "sql": "SELECT 2", "dialect": "ansi" });
                (None, Some(body), &[QueriesWrite])
            }
            ("GET", "/v1/jobs" | "/v1/jobs/{id}" | "/v1/reports/latest") => (None, None, &[QueriesRead]),
            ("GET", "/v1/exports") => (None, None, &[QueriesRead, CatalogsRead]),
            ("POST", "/v1/lineage") => (None, Some(text), &[LineageRead, CatalogsRead]),
            ("POST", "/v1/lineage/plan") => {
                let body = json!({
                    "plan": { "Node Type": "Result", "Output": ["1"] },
                    "sql": "SELECT 1", "catalog": things.catalog,
                });
                (None, Some(body), &[LineageRead, CatalogsRead])
            }
            ("GET", "/v1/analyses/{hash}") => (None, None, &[LineageRead, QueriesRead]),
            ("GET", "/v1/graph/tables/{name}") => (None, None, &[LineageRead, QueriesRead]),
            ("GET", "/v1/graph/columns/{name}") => (None, None, &[LineageRead, QueriesRead]),
            ("POST", "/v1/impact") => {
                let body =
                    json!({ "catalog": things.catalog, "change": "ALTER TABLE orders DROP COLUMN total" });
                (None, Some(body), &[LineageRead, QueriesRead, CatalogsRead])
            }
            ("GET", "/v1/catalogs") => (None, None, &[CatalogsRead]),
            ("GET", "/v1/catalogs/{name}") => (None, None, &[CatalogsRead]),
            ("PUT", "/v1/catalogs/{name}") => {
                let body = json!({ "ddl": "CREATE TABLE t (a INT)", "dialect": "postgres" });
                (None, Some(body), &[CatalogsWrite])
            }
            ("DELETE", "/v1/catalogs/{name}") => (Some("*"), None, &[CatalogsWrite]),
            ("GET", "/v1/connections" | "/v1/connections/{name}") => (None, None, &[ConnectionsRead]),
            ("PUT", "/v1/connections/{name}") => (None, Some(things.connection.clone()), &[ConnectionsWrite]),
            ("DELETE", "/v1/connections/{name}") => (Some("*"), None, &[ConnectionsWrite]),
            ("POST", "/v1/queries/{id}/optimizations") => (None, None, &[OptimizationsRun, QueriesRead]),
            ("POST", "/v1/indexes") => (None, None, &[OptimizationsRun, QueriesRead]),
            ("POST", "/v1/optimizations") => (None, Some(text), &[OptimizationsRun, CatalogsRead]),
            ("POST", "/v1/queries/{id}/descriptions") => (None, None, &[OptimizationsRun, QueriesRead]),
            ("POST", "/v1/descriptions") => (None, Some(text), &[OptimizationsRun, CatalogsRead]),
            ("GET", "/v1/usage") => (None, None, &[OptimizationsRun]),
            ("POST", "/v1/verifications") => {
                let body = json!({
                    "q1": "SELECT id FROM orders", "q2": "SELECT id FROM orders WHERE true",
                    "dialect": "postgres", "catalog": things.catalog,
                });
                (None, Some(body), &[OptimizationsRun, CatalogsRead])
            }
            ("POST", "/v1/plans") => {
                let body = json!({
                    "plan": "Result  (cost=0.00..0.01 rows=1 width=4)",
                    "sql": "SELECT 1", "catalog": things.catalog,
                });
                (None, Some(body), &[OptimizationsRun, CatalogsRead])
            }
            _ => return None,
        };
    let id = match operation.route.path.as_str() {
        "/v1/jobs/{id}" => things.job.to_string(),
        _ => things.query.id.clone(),
    };
    let path = operation.route.path.replace("{id}", &id);
    let name = match operation.route.path.as_str() {
        "/v1/graph/tables/{name}" => "orders",
        "/v1/graph/columns/{name}" => "orders.total",
        _ => things.catalog,
    };
    let path = path.replace("{n}", "2").replace("{name}", name).replace("{hash}", &things.analysis);
    Some(Asked { path, if_match, body, scopes })
}

fn call<'a>(caller: &'a impl Calls, operation: &Operation, asked: &Asked) -> Call<'a> {
    let call = caller.call(&operation.method, &asked.path);
    let call = match asked.if_match {
        Some(etag) => call.if_match(etag),
        None => call,
    };
    match &asked.body {
        Some(body) if operation.route.path == "/v1/imports" => {
            call.raw("application/x-ndjson", body.to_string())
        }
        Some(body) => call.json(body),
        None => call,
    }
}

/// Every operation that needs a token, with its valid request.
async fn walk(app: &TestApp, things: &Things) -> Vec<(Operation, Asked)> {
    let all = app.operations().await.into_iter().filter(|operation| !OPEN.contains(&&*name(operation)));
    all.map(|operation| {
        let asked = asked(&operation, things);
        let asked = asked.unwrap_or_else(|| panic!("{} is not in the table", name(&operation)));
        (operation, asked)
    })
    .collect()
}

fn name(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.route.path)
}

/// What the things are, to see whether somebody has changed them.
async fn state(app: &TestApp, things: &Things, workspace: &str) -> Vec<Value> {
    let user = app.user(workspace);
    let mut state = user.all("/v1/queries").await;
    state.push(user.get(&things.query.path).send().await.ok());
    state.extend(user.all(&format!("{}/versions", things.query.path)).await);
    let runs = format!("{}/runs?from=2027-01-14T00:00:00Z&to=2027-01-16T00:00:00Z", things.query.path);
    state.push(user.get(&runs).send().await.ok());
    state.extend(user.all("/v1/catalogs").await);
    state.push(user.get(&format!("/v1/catalogs/{}", things.catalog)).send().await.ok());
    state.extend(user.all("/v1/connections").await);
    state
}

#[tokio::test]
async fn without_a_token_nothing_but_the_health_is_told() {
    let app = TestApp::start().await;
    let things = things(&app, "acme").await;
    let before = state(&app, &things, "acme").await;
    for (operation, asked) in walk(&app, &things).await {
        let response = call(&app.anonymous(), &operation, &asked).send().await;
        response.problem(Kind::Unauthenticated);
        let nothing = app.anonymous();
        let nothing = nothing.call(&operation.method, &asked.path).send().await;
        nothing.problem(Kind::Unauthenticated);
    }
    // Not even which methods a path has.
    let routes = watch_routes();
    for route in routes.iter().filter(|route| !route.is_open() && !route.catches_all()) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let path = route
                .path
                .replace("{id}", "x")
                .replace("{n}", "x")
                .replace("{name}", "x")
                .replace("{hash}", "x");
            let response = app.anonymous().call(method, &path).send().await;
            assert_eq!(response.status, 401, "{method} {path}: {response:?}");
        }
    }
    assert_eq!(state(&app, &things, "acme").await, before);
    let health = app.anonymous().get("/v1/health").send().await.ok();
    assert_eq!(health["status"], "ok");
    app.bearer("garbage").get("/v1/health").send().await.expect(200);
    app.anonymous().get("/v1/openapi.yaml").send().await.expect(200);
}

#[tokio::test]
async fn each_scope_is_needed_and_no_other() {
    let app = TestApp::start().await;
    let things = things(&app, "acme").await;
    for (operation, asked) in walk(&app, &things).await {
        for missing in asked.scopes {
            let others: Vec<_> = Scope::ALL.iter().filter(|scope| *scope != missing).collect();
            let others: Vec<_> = others.iter().map(|scope| scope.name()).collect();
            let before = state(&app, &things, "acme").await;
            let caller = app.scoped("acme", &others.join(" "));
            let response = call(&caller, &operation, &asked).send().await;
            let problem = response.problem(Kind::MissingScope);
            assert_eq!(problem["scope"], missing.name(), "{}", name(&operation));
            assert_eq!(state(&app, &things, "acme").await, before, "{}", name(&operation));
        }
    }
    // On things of its own for each, since some of them are changed or deleted.
    for (at, operation) in app.operations().await.into_iter().enumerate() {
        let workspace = format!("only-{at}");
        let things = self::things(&app, &workspace).await;
        let Some(asked) = asked(&operation, &things) else { continue };
        let scopes: Vec<_> = asked.scopes.iter().map(|scope| scope.name()).collect();
        let caller = app.scoped(&workspace, &scopes.join(" "));
        let response = call(&caller, &operation, &asked).send().await;
        assert!(response.status.is_success(), "{}: {response:?}", name(&operation));
    }
}

#[tokio::test]
async fn another_workspace_s_things_do_not_exist() {
    let app = TestApp::start().await;
    let things = things(&app, "acme").await;
    let before = state(&app, &things, "acme").await;
    let stranger = app.user("other");
    for (operation, asked) in walk(&app, &things).await {
        // A table of another workspace is none that anybody here reads.
        let names_a_table = operation.route.path.starts_with("/v1/graph/");
        let names_a_thing = !names_a_table
            && ["{id}", "{name}", "{hash}"].iter().any(|part| operation.route.path.contains(part));
        let names_a_catalog = asked.body.as_ref().is_some_and(|body| body.get("catalog").is_some());
        let response = call(&stranger, &operation, &asked).send().await;
        match operation.method.as_str() {
            // Its secret is one of the other workspace.
            "PUT" if operation.route.path == "/v1/connections/{name}" => {
                assert_eq!(response.problem(Kind::InvalidField)["field"], "secret");
            }
            // A name is free in each workspace.
            "PUT" => assert_eq!(response.status, 201, "{}: {response:?}", name(&operation)),
            "DELETE" if operation.route.path.contains("{name}") => {
                response.problem(Kind::NotFound);
            }
            _ if names_a_thing => {
                response.problem(Kind::NotFound);
            }
            _ if names_a_catalog => {
                let problem = response.problem(Kind::InvalidField);
                assert_eq!(problem["field"], "catalog", "{}", name(&operation));
            }
            "GET" if operation.route.path == "/v1/reports/latest" => drop(response.problem(Kind::NotFound)),
            "GET" if operation.route.path == "/v1/exports" => assert_eq!(response.text(), ""),
            "GET" if operation.route.path == "/v1/usage" => assert_eq!(response.json()["days"], json!([])),
            "GET" => assert_eq!(response.json()["items"], json!([]), "{}", name(&operation)),
            _ => assert!(response.status.is_success(), "{}: {response:?}", name(&operation)),
        }
        assert_eq!(state(&app, &things, "acme").await, before, "{}", name(&operation));
        for catalog in stranger.all("/v1/catalogs").await {
            let path = catalog["links"]["self"].as_str().unwrap().to_owned();
            stranger.delete(&path).if_match("*").send().await.expect(204);
        }
        for query in stranger.all("/v1/queries").await {
            let path = format!("/v1/queries/{}", query["id"].as_str().unwrap());
            stranger.delete(&path).if_match("*").send().await.expect(204);
        }
    }
}

#[tokio::test]
async fn lists_and_cursors_are_a_workspace_s_own() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("acme"), app.user("acme-2"));
    for user in [&ada, &eve] {
        for n in 0..3 {
            let body = json!({ "title": "T", "sql": "INSERT INTO w SELECT a FROM r", "dialect": "postgres", "tags": ["x"] });
            user.store_as(body).await;
            user.store_catalog(&format!("c{n}"), "CREATE TABLE t (a INT)").await;
            let workspace = if std::ptr::eq(user, &ada) { "acme" } else { "acme-2" };
            let connection = json!({ "engine": "postgres", "secret": format!("sqm/{workspace}/x") });
            user.put(&format!("/v1/connections/c{n}")).json(&connection).send().await.expect(201);
        }
    }
    let ours: Vec<_> = ada.all("/v1/queries").await.iter().map(|query| query["id"].clone()).collect();
    for filter in ["", "tag=x", "owner=ada", "dialect=postgres", "reads=r", "writes=w"] {
        let theirs = eve.all(&format!("/v1/queries?{filter}")).await;
        assert_eq!(theirs.len(), 3, "{filter}");
        assert!(theirs.iter().all(|query| !ours.contains(&query["id"])), "{filter}");
    }
    for list in [
        "/v1/queries?limit=1",
        "/v1/queries?tag=x&limit=1",
        "/v1/catalogs?limit=1",
        "/v1/connections?limit=1",
    ] {
        let page = ada.get(list).send().await.ok();
        let next = format!("{list}&cursor={}", page["next"].as_str().unwrap());
        ada.get(&next).send().await.expect(200);
        eve.get(&next).send().await.problem(Kind::InvalidCursor);
    }
}

#[tokio::test]
async fn an_owner_is_no_door_into_a_workspace() {
    let app = TestApp::start().await;
    let query = app.user("acme").store("SELECT 1").await;
    // The same subject with a token of another workspace.
    let elsewhere = app.user_named("ada", "other");
    elsewhere.get(&query.path).send().await.problem(Kind::NotFound);
    assert!(elsewhere.all("/v1/queries?owner=ada").await.is_empty());
}
