//! The binaries as they are deployed, under `cargo lambda watch` and `cargo lambda invoke`: the main job
//! over HTTP and out of event files, on data that survives a restart, without a word of SQL in a log.

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqm_http::auth::{Claims, Expected, mint};
use sqm_local::sample::{CATALOG, Sample};
use sqm_local::stack::{AUDIENCE, ISSUER, QueueSetup, Setup, Stack, free_port};
use sqm_local::{Tool, Tools};
use sqm_testkit::checkout;
use tokio::process::Command;

use crate::batch::Queues;
use crate::secrets::endpoint;

/// A literal that stands nowhere else: no log may hold it.
const SECRET: &str = "the-literal-that-no-log-may-hold";

/// The product, and somebody who may do everything in a workspace.
struct Product {
    stack: Stack,
    http: Client,
    token: String,
}

impl Product {
    async fn start(home: &Path, queue: &QueueSetup) -> Self {
        let (root, port, queue) = (checkout::root(), free_port().unwrap(), Some(queue.clone()));
        let setup = Setup { root, home: home.to_owned(), port, queue };
        let stack = Stack::start(&setup, &|_| {}).await.unwrap();
        let token = token(&stack, "acme");
        Self { stack, http: Client::new(), token }
    }

    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.stack.base_url()))
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    /// What a function answers to an event of the HTTP API.
    async fn invoke(&self, function: &str, event: &Value, folder: &Path) -> Value {
        let file = folder.join(format!("{function}.json"));
        std::fs::write(&file, event.to_string()).unwrap();
        let program = Tools::of_checkout(&checkout::root()).install(Tool::CargoLambda).await.unwrap();
        let port = self.stack.base_url().rsplit(':').next().unwrap().to_owned();
        let mut command = Command::new(program);
        command.args(["lambda", "invoke", function, "-A", "127.0.0.1", "-P", &port, "--data-file"]);
        let output = command.arg(&file).current_dir(checkout::root()).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn token(stack: &Stack, workspace: &str) -> String {
    let expected = Expected { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
    let until = jiff::Timestamp::now().as_second() + 3_600;
    mint(stack.key().as_bytes(), &Claims::everything(&expected, "ada", workspace, until)).unwrap()
}

async fn answer(call: RequestBuilder, status: u16) -> Value {
    let response = call.send().await.unwrap();
    let (found, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(found, StatusCode::from_u16(status).unwrap(), "{text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// An event as an HTTP API of API Gateway sends it, payload 2.0.
fn event(product: &Product, method: &str, path: &str, body: Option<(&str, &Value)>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "authorization": format!("Bearer {}", product.token) },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example", "domainPrefix": "api",
            "requestId": "request", "routeKey": "$default", "stage": "$default",
            "time": "15/Jan/2027:08:00:00 +0000", "timeEpoch": 1_800_000_000_000_u64,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
        },
        "isBase64Encoded": false,
    });
    if let Some((media_type, body)) = body {
        event["headers"]["content-type"] = json!(media_type);
        event["body"] = json!(body.to_string());
    }
    event
}

/// Stores the showcase of the sample workspace and gives its address.
async fn store(product: &Product, sample: &Sample) -> String {
    let ddl = json!({ "ddl": sample.schema, "dialect": "postgres" });
    let put = product.call(Method::PUT, &format!("/v1/catalogs/{CATALOG}")).json(&ddl);
    assert_eq!(answer(put, 201).await["problem_count"], 0);
    let query = sample.showcase().unwrap();
    let body = json!({
        "title": query.title, "sql": query.sql, "dialect": query.dialect, "catalog": CATALOG,
        "tags": query.tags, "owner": query.owner,
    });
    let created = answer(product.call(Method::POST, "/v1/queries").json(&body), 201).await;
    created["links"]["self"].as_str().unwrap().to_owned()
}

async fn main_job(product: &Product, path: &str) {
    let lineage = answer(product.call(Method::GET, &format!("{path}/lineage")), 200).await;
    let mut tables: Vec<_> =
        lineage["tables_in"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    tables.sort_unstable();
    assert_eq!(tables, ["customers", "orders"]);
    assert!(!lineage["columns"].as_array().unwrap().is_empty());
    let optimized = answer(product.call(Method::POST, &format!("{path}/optimizations")), 200).await;
    let verdict = &optimized["rewrites"][0]["verdict"];
    assert!(matches!(verdict.as_str(), Some("tested" | "proved")), "{optimized}");
}

async fn who_may(product: &Product, path: &str) {
    let nobody = answer(product.anonymous(Method::GET, path), 401).await;
    assert_eq!(nobody["type"], "/problems/unauthenticated");
    let forged = product.anonymous(Method::GET, path).bearer_auth(format!("{}x", product.token));
    answer(forged, 401).await;
    let stranger = token(&product.stack, "other");
    answer(product.anonymous(Method::GET, path).bearer_auth(stranger), 404).await;
    answer(product.anonymous(Method::GET, "/v1/health"), 200).await;
}

/// What goes wrong on the way through the runtime as well: bodies that are no text, long ones, conditions.
async fn odd_requests(product: &Product, path: &str) {
    for (media_type, path, body, column) in [
        ("application/sql", "/v1/lineage?dialect=ansi", b"SELECT \xff".as_slice(), 8),
        ("text/plain", "/v1/lineage?dialect=ansi", b"SELECT \xff", 8),
        ("application/json", "/v1/queries", b"{\"title\": \"\xff\"}", 12),
    ] {
        let bytes = product.call(Method::POST, path).header("content-type", media_type);
        let bytes = answer(bytes.body(body.to_vec()), 400).await;
        let expected = (&json!("/problems/invalid-encoding"), &json!(column));
        assert_eq!((&bytes["type"], &bytes["column"]), expected, "{media_type}");
    }
    let key = reqwest::header::HeaderValue::from_bytes(b"a\xff").unwrap();
    let header = product.call(Method::POST, "/v1/queries").header("idempotency-key", key);
    answer(header.json(&json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi" })), 400).await;
    let long = product.call(Method::POST, "/v1/queries").header("content-type", "application/json");
    answer(long.body(" ".repeat(5_000_000)), 413).await;
    let change = json!({ "title": "Renamed" });
    answer(product.call(Method::PATCH, path).json(&change), 428).await;
    answer(product.call(Method::PATCH, path).header("if-match", "\"9\"").json(&change), 412).await;
    let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let lineage = json!({ "sql": deep, "dialect": "postgres" });
    let lineage = answer(product.call(Method::POST, "/v1/lineage").json(&lineage), 200).await;
    assert_eq!(lineage["ok"], false);
    let chain = format!("SELECT '{SECRET}' AS s, {}1 FROM t", "1+".repeat(100_000));
    let lineage = json!({ "sql": chain, "dialect": "postgres" });
    answer(product.call(Method::POST, "/v1/lineage").json(&lineage), 200).await;
    let none = answer(product.call(Method::PUT, "/v1/queries"), 405).await;
    assert_eq!(none["type"], "/problems/method-not-allowed");
    for path in ["/", "/health", "/v2/queries", "/v1/queries/", "/v1//queries", "/v1/queries/x/lineage/more"]
    {
        let none = answer(product.call(Method::GET, path), 404).await;
        assert_eq!(none["type"], "/problems/not-found", "{path}");
    }
    answer(product.call(Method::HEAD, "/v1/catalogs"), 200).await;
}

async fn event_files(product: &Product, path: &str, folder: &Path) {
    let get = event(product, "GET", path, None);
    let got = product.invoke("queries", &get, folder).await;
    assert_eq!((&got["statusCode"], &got["headers"]["etag"]), (&json!(200), &json!("\"1\"")), "{got}");
    let query: Value = serde_json::from_str(got["body"].as_str().unwrap()).unwrap();
    assert_eq!(query["links"]["self"], path);

    let text = json!({ "sql": format!("SELECT a FROM t WHERE b = '{SECRET}'"), "dialect": "postgres" });
    let post = event(product, "POST", "/v1/lineage", Some(("application/json", &text)));
    let traced = product.invoke("lineage", &post, folder).await;
    let lineage: Value = serde_json::from_str(traced["body"].as_str().unwrap()).unwrap();
    assert_eq!(lineage["tables_in"], json!(["t"]), "{traced}");

    let optimize = event(product, "POST", &format!("{path}/optimizations"), None);
    let optimized = product.invoke("optimize", &optimize, folder).await;
    assert_eq!(optimized["statusCode"], 200, "{optimized}");

    let mut nobody = get;
    nobody["headers"] = json!({});
    assert_eq!(product.invoke("queries", &nobody, folder).await["statusCode"], 401);
}

/// The schedule finds what was stored, and the worker analyses it, by the documents that AWS starts them with.
async fn in_the_background(product: &Product, sqs: &Queues, folder: &Path) {
    let text = format!("SELECT a FROM t WHERE b = '{SECRET}'");
    let body = json!({ "title": "T", "sql": text, "dialect": "postgres" });
    answer(product.call(Method::POST, "/v1/queries").json(&body), 201).await;
    let due = json!({ "time": "2027-01-15T08:00:00Z" });
    let done = product.invoke("schedule", &due, folder).await;
    assert_eq!((&done["jobs"], &done["sent"]), (&json!(1), &json!(2)), "{done}");
    let again = product.invoke("schedule", &due, folder).await;
    assert_eq!(again["sent"], 2, "an event that is delivered twice is about the same job: {again}");
    loop {
        let (batch, messages) = sqs.batch().await;
        if messages.is_empty() {
            break;
        }
        let mut event = batch.clone();
        let poison = json!({ "messageId": "poison", "body": text, "attributes": {} });
        event["Records"].as_array_mut().unwrap().push(poison);
        let response = product.invoke("worker", &event, folder).await;
        assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "poison" }] }));
        sqs.settle(&messages, &[]).await;
    }
    let jobs = answer(product.call(Method::GET, "/v1/jobs"), 200).await;
    let job = &jobs["items"][0];
    assert_eq!(
        (&job["state"], &job["total"], &job["done"]),
        (&json!("finished"), &json!(2), &json!(2)),
        "{job}"
    );
}

fn logs_hold_no_secrets(product: &Product) {
    let mut lines = 0;
    for function in product.stack.functions() {
        let log = product.stack.logs().join(format!("{function}.log"));
        let log = std::fs::read_to_string(log).unwrap();
        lines += log.lines().filter(|line| line.contains("\"http.route\"")).count();
        for secret in [SECRET, product.stack.key(), &product.token, "AVG(", "order_total"] {
            assert!(!log.contains(secret), "{function}'s log holds {secret}");
        }
    }
    assert!(lines >= 10, "requests are logged: {lines}");
}

#[tokio::test]
async fn the_main_job_by_the_binaries() {
    let (home, events) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sample = Sample::read(&checkout::root()).unwrap();
    let sqs = Queues::create("binaries").await;
    let queue = QueueSetup { url: sqs.queue.clone(), endpoint: endpoint().await.to_owned() };
    let product = Product::start(home.path(), &queue).await;
    let path = store(&product, &sample).await;
    main_job(&product, &path).await;
    in_the_background(&product, &sqs, events.path()).await;
    who_may(&product, &path).await;
    odd_requests(&product, &path).await;
    event_files(&product, &path, events.path()).await;
    logs_hold_no_secrets(&product);
    let before = answer(product.call(Method::GET, &path), 200).await;
    product.stack.stop().await.unwrap();

    let again = Product::start(home.path(), &queue).await;
    assert_eq!(
        answer(again.call(Method::GET, &path), 200).await,
        before,
        "what is stored survives a restart"
    );
    main_job(&again, &path).await;
    again.stack.stop().await.unwrap();
}
