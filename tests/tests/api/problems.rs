//! Bad input: each gets a problem that says what is wrong and where, and what was stored before is still
//! there.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Response, Stored, TestApp, User};

/// Every operation that reads a body, with a body that is right and the parameters that it needs.
fn bodies(query: &Stored) -> Vec<(&'static str, String, Value)> {
    vec![
        ("POST", "/v1/queries".to_owned(), json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi" })),
        ("PATCH", query.path.clone(), json!({ "title": "U" })),
        ("POST", format!("{}/versions/1/restore", query.path), json!({ "message": "m" })),
        ("POST", format!("{}/optimizations", query.path), json!({ "databases": 1 })),
        ("POST", "/v1/lineage".to_owned(), json!({ "sql": "SELECT 1", "dialect": "ansi" })),
        ("POST", "/v1/lineage/plan".to_owned(), json!({ "plan": { "Node Type": "Result" } })),
        ("POST", "/v1/plans".to_owned(), json!({ "plan": { "Node Type": "Result" } })),
        ("POST", "/v1/indexes".to_owned(), json!({ "limit": 1 })),
        (
            "PUT",
            "/v1/catalogs/shop".to_owned(),
            json!({ "ddl": "CREATE TABLE t (a INT)", "dialect": "ansi" }),
        ),
        (
            "PUT",
            "/v1/connections/shop".to_owned(),
            json!({ "engine": "postgres", "secret": "sqm/acme/shop" }),
        ),
        (
            "POST",
            "/v1/optimizations".to_owned(),
            json!({ "sql": "SELECT 1", "dialect": "ansi", "databases": 1 }),
        ),
        (
            "POST",
            "/v1/verifications".to_owned(),
            json!({ "q1": "SELECT 1", "q2": "SELECT 1", "dialect": "ansi", "databases": 1 }),
        ),
    ]
}

async fn send(
    ada: &User<'_>,
    method: &str,
    path: &str,
    media_type: &str,
    body: impl Into<Vec<u8>>,
) -> Response {
    ada.call(method, path).if_match("*").raw(media_type, body).send().await
}

/// A user with a query, and what there is.
async fn state(ada: &User<'_>) -> Vec<Value> {
    let mut state = ada.all("/v1/queries").await;
    state.extend(ada.all("/v1/catalogs").await);
    state.extend(ada.all("/v1/connections").await);
    for query in state.clone() {
        if let Some(id) = query["id"].as_str() {
            state.push(ada.get(&format!("/v1/queries/{id}")).send().await.ok());
        }
    }
    state
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    for (method, path, body) in bodies(&query) {
        let good = body.to_string();
        let cut = &good[..good.len() - 1];
        let cases: Vec<(String, u64, u64)> = vec![
            (String::new(), 1, 1),
            (" \n ".to_owned(), 1, 1),
            ("{".to_owned(), 1, 1),
            (cut.to_owned(), 1, cut.len() as u64),
            (format!("{good} x"), 1, good.len() as u64 + 2),
            (format!("{good}\n\n  {good}"), 3, 3),
            ("{'title': 1}".to_owned(), 1, 2),
            ("{\"title\": NaN}".to_owned(), 1, 11),
            ("{\n  \"ä\u{1F980}\": 'x'}".to_owned(), 2, 8),
            (format!("{},}}", cut), 1, cut.len() as u64 + 2),
        ];
        for (text, line, column) in cases {
            let response = send(&ada, method, &path, "application/json", text.clone()).await;
            // What is in a body that is no JSON may be told before its end is reached.
            let Some(kind) = response.kind() else { panic!("{method} {path} {text}: {response:?}") };
            assert!(matches!(kind, Kind::MalformedJson | Kind::InvalidField), "{text}: {response:?}");
            if kind == Kind::MalformedJson {
                let problem = response.json();
                let place = (problem["line"].as_u64().unwrap(), problem["column"].as_u64().unwrap());
                let near = (place.1 as i64 - column as i64).abs() <= 1;
                assert!(place.0 == line && near, "{text}: {place:?} instead of {line}:{column}");
            }
        }
    }
    assert_eq!(state(&ada).await, before);
}

#[tokio::test]
async fn fields_that_are_unknown_given_twice_or_of_another_type() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    for (method, path, body) in bodies(&query) {
        let check = async |text: String, field: &str| {
            let response = send(&ada, method, &path, "application/json", text.clone()).await;
            let problem = response.problem(Kind::InvalidField);
            assert_eq!(problem["field"], field, "{method} {path} {text}");
        };
        let text = body.to_string();
        check(format!("{{\"tilte\": 1, {}", &text[1..]), "tilte").await;
        check(format!("{{\"__proto__\": {{}}, {}", &text[1..]), "__proto__").await;
        let (first, value) = body.as_object().unwrap().iter().next().unwrap();
        check(format!("{{\"{first}\": {value}, {}", &text[1..]), first).await;
        for (field, value) in body.as_object().unwrap() {
            for other in [json!({}), json!([[]]), json!(-1.5), json!(true), json!(1e300)] {
                let mut changed = body.clone();
                changed[field] = other;
                check(changed.to_string(), field).await;
            }
            let _ = value;
        }
        for whole in ["[]", "\"text\"", "7", "null", "true", "[{}]"] {
            let response = send(&ada, method, &path, "application/json", whole).await;
            response.problem(Kind::InvalidField);
        }
    }
    assert_eq!(state(&ada).await, before);
}

#[tokio::test]
async fn fields_that_are_needed() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let needed = [
        ("/v1/queries", &["title", "sql", "dialect"][..]),
        ("/v1/lineage", &["sql", "dialect"]),
        ("/v1/lineage/plan", &["plan"]),
        ("/v1/plans", &["plan"]),
        ("/v1/optimizations", &["sql", "dialect"]),
        ("/v1/verifications", &["q1", "q2", "dialect"]),
        ("/v1/catalogs/shop", &["ddl", "dialect"]),
        ("/v1/connections/shop", &["engine", "secret"]),
    ];
    for (method, path, body) in bodies(&query) {
        let Some((_, fields)) = needed.iter().find(|(of, _)| *of == path) else { continue };
        for field in *fields {
            for absent in [None, Some(Value::Null)] {
                let mut changed = body.clone();
                match absent {
                    None => drop(changed.as_object_mut().unwrap().remove(*field)),
                    Some(null) => changed[*field] = null,
                }
                let response = ada.call(method, &path).json(&changed).send().await;
                let problem = response.problem(Kind::InvalidField);
                assert_eq!(problem["field"], *field, "{path} {changed}");
            }
        }
    }
}

#[tokio::test]
async fn values_that_no_field_takes() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    let new = json!({ "title": "T", "sql": "SELECT 1", "dialect": "ansi" });
    for (field, value, said) in [
        ("title", json!(""), "title"),
        ("title", json!("   "), "title"),
        ("title", json!("two\nlines"), "title"),
        ("title", json!("x".repeat(201)), "title"),
        ("title", json!("nul\u{0}"), "title"),
        ("description", json!("x".repeat(4_001)), "description"),
        ("description", json!("bell\u{7}"), "description"),
        ("message", json!("x".repeat(4_001)), "message"),
        ("dialect", json!(" x"), "dialect"),
        ("dialect", json!("cobol"), "dialect"),
        ("dialect", json!("x".repeat(10_000)), "dialect"),
        ("owner", json!(""), "owner"),
        ("owner", json!("x".repeat(129)), "owner"),
        ("catalog", json!("a b"), "catalog"),
        ("catalog", json!(""), "catalog"),
        ("tags", json!(["ok", "a b"]), "tags[1]"),
        ("tags", json!(["#"]), "tags[0]"),
        ("tags", json!([1]), "tags[0]"),
        ("tags", json!("ok"), "tags"),
    ] {
        let mut body = new.clone();
        body[field] = value.clone();
        let created = ada.post("/v1/queries").json(&body).send().await;
        let changed = ada.patch(&query.path).if_match("*").json(&json!({ field: value })).send().await;
        for response in [created, changed] {
            let problem = response.problem(Kind::InvalidField);
            assert_eq!(problem["field"], said, "{field}: {value}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.chars().count() <= 510, "{detail}");
        }
    }
    assert_eq!(state(&ada).await, before);
}

#[tokio::test]
async fn sql_that_is_none() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    for (method, path, body) in bodies(&query) {
        for field in ["sql", "q1", "q2", "ddl"].into_iter().filter(|field| body.get(field).is_some()) {
            for (text, place) in [("", None), (" \n\t", None), ("SELECT 1\n  \u{0}FROM", Some((2, 3)))] {
                let mut changed = body.clone();
                changed[field] = json!(text);
                let response = send(&ada, method, &path, "application/json", changed.to_string()).await;
                let problem = response.problem(Kind::InvalidSql);
                assert_eq!(problem["field"], field, "{path} {text:?}");
                if let Some((line, column)) = place {
                    assert_eq!((&problem["line"], &problem["column"]), (&json!(line), &json!(column)));
                }
            }
        }
    }
    assert_eq!(state(&ada).await, before);
}

#[tokio::test]
async fn bytes_that_are_no_utf_8() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    for (method, path, _) in bodies(&query) {
        for (bytes, line, column) in [
            (b"{\"sql\": \"SELECT \xff\"}".to_vec(), 1, 17),
            ("{\n\"ä\": \"".bytes().chain(*b"\xe2\x82").collect(), 2, 7),
            (vec![0xff, 0xfe, b'{', 0, b'}', 0], 1, 1),
            (b"\xc0\x80".to_vec(), 1, 1),
            (b"\xed\xa0\x80".to_vec(), 1, 1),
        ] {
            let response = send(&ada, method, &path, "application/json", bytes).await;
            let problem = response.problem(Kind::InvalidEncoding);
            assert_eq!((&problem["line"], &problem["column"]), (&json!(line), &json!(column)), "{path}");
        }
        let lone = br#"{"sql": "\ud800", "title": "\ud800", "q1": "\ud800", "ddl": "\ud800"}"#;
        let response = send(&ada, method, &path, "application/json", lone.to_vec()).await;
        assert!(matches!(response.kind(), Some(Kind::MalformedJson | Kind::InvalidField)), "{response:?}");
    }
    let sql =
        send(&ada, "POST", "/v1/lineage?dialect=ansi", "application/sql", b"SELECT\n '\xff'".to_vec()).await;
    let problem = sql.problem(Kind::InvalidEncoding);
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(3)));
    assert_eq!(state(&ada).await, before);
}

#[tokio::test]
async fn media_types() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let before = state(&ada).await;
    for (method, path, body) in bodies(&query) {
        let body = body.to_string();
        for wrong in [
            "application/xml",
            "text/html",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "json",
            "application/json; charset=utf-16",
            "application/octet-stream",
            "*/*",
            "",
        ] {
            let response = send(&ada, method, &path, wrong, body.clone()).await;
            response.problem(Kind::UnsupportedMediaType);
        }
        let none = ada.call(method, &path).if_match("*").body(body.clone()).send().await;
        none.problem(Kind::UnsupportedMediaType);
        if !matches!(path.as_str(), "/v1/lineage" | "/v1/catalogs/shop") {
            send(&ada, method, &path, "application/sql", "SELECT 1")
                .await
                .problem(Kind::UnsupportedMediaType);
        }
    }
    assert_eq!(state(&ada).await, before);
    let merge = send(&ada, "PATCH", &query.path, "application/merge-patch+json", r#"{"title": "U"}"#).await;
    assert_eq!(merge.ok()["title"], "U");
}

#[tokio::test]
async fn ids_and_numbers_and_names_in_paths() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let upper = query.id.to_uppercase();
    ada.get(&format!("/v1/queries/{upper}")).send().await.expect(200);
    for id in [
        "x",
        "1",
        "-1",
        "%20",
        "%00",
        "null",
        "*",
        "..%2f..",
        "%ff",
        "00000000-0000-0000-0000-000000000000",
        // A UUID, but of version 4.
        "6f1ae15f-3f1f-4d22-a7c4-5f3f6e0ff0a1",
        &query.id[..35],
        &format!("{}0", query.id),
        &query.id.replace('-', ""),
        &format!("%7B{}%7D", query.id),
        &format!("urn:uuid:{}", query.id),
        &"9".repeat(5_000),
    ] {
        for path in ["", "/versions", "/versions/1", "/versions/1/diff", "/lineage"] {
            let response = ada.get(&format!("/v1/queries/{id}{path}")).send().await;
            assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "id", "{id}{path}");
        }
        let response = ada.post(&format!("/v1/queries/{id}/optimizations")).send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "id", "{id}");
        let response = ada.delete(&format!("/v1/queries/{id}")).if_match("*").send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "id", "{id}");
    }
    for n in ["0", "-1", "+1x", "x", "1.0", "4294967296", "%31%32x", "%ff", "1e3", "٣"] {
        let n = n.replace('٣', "%D9%A3");
        for path in ["", "/diff"] {
            let response = ada.get(&format!("{}/versions/{n}{path}", query.path)).send().await;
            assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "n", "{n}{path}");
        }
        let restore = ada.post(&format!("{}/versions/{n}/restore", query.path)).if_match("*").send().await;
        assert_eq!(restore.problem(Kind::InvalidParameter)["parameter"], "n", "{n}");
        let lineage = ada.get(&format!("{}/lineage?version={n}", query.path)).send().await;
        assert_eq!(lineage.problem(Kind::InvalidParameter)["parameter"], "version", "{n}");
    }
    for name in ["a%20b", "%23", "a%00", &"x".repeat(129), "a%3Fb", "%ff"] {
        let path = format!("/v1/catalogs/{name}");
        ada.get(&path).send().await.problem(Kind::InvalidParameter);
        let body = json!({ "ddl": "CREATE TABLE t (a INT)", "dialect": "ansi" });
        let response = ada.put(&path).json(&body).send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "name", "{name}");
    }
    assert_eq!(ada.get(&query.path).send().await.ok(), query.document);
}

#[tokio::test]
async fn parameters_of_the_query_string() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    for (method, path) in [
        ("GET", "/v1/queries".to_owned()),
        ("GET", format!("{}/versions", query.path)),
        ("GET", format!("{}/versions/1/diff", query.path)),
        ("GET", format!("{}/lineage", query.path)),
        ("GET", "/v1/catalogs".to_owned()),
        ("POST", format!("{}/optimizations", query.path)),
        ("POST", "/v1/queries".to_owned()),
        ("GET", query.path.clone()),
        ("PATCH", query.path.clone()),
        ("DELETE", query.path.clone()),
        ("GET", format!("{}/versions/1", query.path)),
        ("POST", format!("{}/versions/1/restore", query.path)),
        ("POST", "/v1/lineage".to_owned()),
        ("POST", "/v1/lineage/plan".to_owned()),
        ("DELETE", "/v1/catalogs/c".to_owned()),
        ("POST", "/v1/verifications".to_owned()),
    ] {
        for (parameters, named) in
            [("lmit=1", "lmit"), ("=1", ""), ("a%00b=1", "a\0b"), ("%ff=1", "\u{fffd}")]
        {
            let response = ada.call(method, &format!("{path}?{parameters}")).send().await;
            let problem = response.problem(Kind::InvalidParameter);
            assert_eq!(problem["parameter"], named, "{method} {path}?{parameters}");
        }
    }
    for path in ["/v1/queries?", "/v1/queries?&&", "/v1/queries?limit=%31"] {
        ada.get(path).send().await.expect(200);
    }
    let twice = ada.get("/v1/queries?limit=1&limit=1").send().await;
    assert_eq!(twice.problem(Kind::InvalidParameter)["parameter"], "limit");
    let many: Vec<_> = (0..500).map(|n| format!("p{n}=1")).collect();
    ada.get(&format!("/v1/queries?{}", many.join("&"))).send().await.problem(Kind::InvalidParameter);
}

#[tokio::test]
async fn every_request_has_an_id_that_nobody_can_misuse() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let trace = ada
        .get("/v1/queries/x")
        .header("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Sampled=1");
    let response = trace.send().await;
    assert_eq!(response.header("x-request-id"), "1-67891233-abcdef012345678912345678");
    let evil =
        ada.get("/v1/queries/x").header("x-amzn-trace-id", "Root=<script>alert(1)</script>").send().await;
    assert!(!format!("{evil:?}").contains("script"));
    let (one, two) = (ada.get("/v1/queries/x").send().await, ada.get("/v1/queries/x").send().await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}
