//! The requests that are measured: for each function its health check, which shows how fast it starts, and
//! one that needs what it is made of.

use anyhow::Result;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use sqm_http::auth::{Claims, Expected};
use sqm_local::stack::{AUDIENCE, ISSUER};

/// The functions.
pub const FUNCTIONS: [&str; 3] = ["queries", "lineage", "optimize"];

/// What a function is asked.
pub struct Request {
    /// Which function.
    pub function: &'static str,
    /// What the request is called.
    pub name: &'static str,
    /// The event, as the HTTP API sends it.
    pub event: String,
}

/// All of them.
pub fn all(key: &str) -> Result<Vec<Request>> {
    let expected = Expected { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
    let until = Timestamp::now() + 1.hour();
    let claims = Claims::everything(&expected, "measure", "measure", until.as_second());
    let token = sqm_http::auth::mint(key.as_bytes(), &claims)?;
    let mut requests = Vec::new();
    for function in FUNCTIONS {
        requests.push(Request {
            function,
            name: "GET /v1/health",
            event: event("GET", "/v1/health", None, &token),
        });
    }
    let sql = "SELECT c.name, SUM(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer_id \
               WHERE o.placed > DATE '2026-01-01' GROUP BY c.name ORDER BY total DESC";
    let schema = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL); \
                  CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers, \
                  total DECIMAL(10, 2) NOT NULL, placed DATE NOT NULL)";
    let asked = json!({"sql": sql, "dialect": "postgres", "schema": schema});
    let quick =
        json!({"sql": sql, "dialect": "postgres", "schema": schema, "databases": 20, "measure": false});
    let work = [
        ("queries", "GET /v1/queries", event("GET", "/v1/queries", None, &token)),
        ("lineage", "POST /v1/lineage", event("POST", "/v1/lineage", Some(&asked), &token)),
        ("optimize", "POST /v1/optimizations", event("POST", "/v1/optimizations", Some(&quick), &token)),
    ];
    requests.extend(work.map(|(function, name, event)| Request { function, name, event }));
    Ok(requests)
}

/// An event of payload format 2.0.
fn event(method: &str, path: &str, body: Option<&Value>, token: &str) -> String {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": format!("Bearer {token}"),
            "content-type": "application/json",
            "host": "example.execute-api.eu-central-1.amazonaws.com",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "example",
            "domainName": "example.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "example",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "measure",
            },
            "requestId": "measure",
            "routeKey": "$default",
            "stage": "$default",
            "time": "24/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_521_600_000_u64,
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
    .to_string()
}
