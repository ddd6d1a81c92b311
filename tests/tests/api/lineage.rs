//! `GET /v1/queries/{id}/lineage` and `POST /v1/lineage`

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

/// Edges as `source -> target SUBTYPE`; what influences every output has the target `*`.
pub fn edges(lineage: &Value) -> BTreeSet<String> {
    let end = |end: &Value| match end {
        Value::Null => "*".to_owned(),
        end => format!("{}.{}", end["table"].as_str().unwrap(), end["column"].as_str().unwrap()),
    };
    let edges = lineage["columns"].as_array().unwrap().iter();
    edges
        .map(|edge| {
            let subtype = edge["subtype"].as_str().unwrap();
            format!("{} -> {} {subtype}", end(&edge["source"]), end(&edge["target"]))
        })
        .collect()
}

fn set(edges: &[&str]) -> BTreeSet<String> {
    edges.iter().map(|edge| (*edge).to_owned()).collect()
}

async fn ad_hoc(ada: &User<'_>, sql: &str, schema: Value) -> Value {
    let body = json!({ "sql": sql, "dialect": "postgres", "schema": schema });
    ada.post("/v1/lineage").json(&body).send().await.ok()
}

#[tokio::test]
async fn through_everything_that_a_query_is_made_of() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let schema = json!({ "orders": ["id", "customer", "total"], "customers": ["id", "name"] });
    for (sql, expected) in [
        ("SELECT total AS t FROM orders", set(&["orders.total -> <query>.t IDENTITY"])),
        (
            "SELECT * FROM customers",
            set(&["customers.id -> <query>.id IDENTITY", "customers.name -> <query>.name IDENTITY"]),
        ),
        (
            "WITH big AS (SELECT customer, sum(total) AS s FROM orders GROUP BY customer) \
             SELECT c.name, b.s FROM big b JOIN customers c ON c.id = b.customer WHERE b.s > 10 ORDER BY c.name",
            set(&[
                "customers.name -> <query>.name IDENTITY",
                "orders.total -> <query>.s AGGREGATION",
                "orders.customer -> * GROUP_BY",
                "customers.id -> * JOIN",
                "orders.customer -> * JOIN",
                "orders.total -> * FILTER",
                "customers.name -> * SORT",
            ]),
        ),
        (
            "SELECT id FROM orders UNION ALL SELECT id FROM customers",
            set(&["orders.id -> <query>.id IDENTITY", "customers.id -> <query>.id IDENTITY"]),
        ),
        (
            "INSERT INTO totals (who, sum) SELECT customer, total * 2 FROM orders",
            set(&["orders.customer -> totals.who IDENTITY", "orders.total -> totals.sum TRANSFORMATION"]),
        ),
        (
            "CREATE TABLE names AS SELECT name AS n FROM customers",
            set(&["customers.name -> names.n IDENTITY"]),
        ),
    ] {
        let lineage = ad_hoc(&ada, sql, schema.clone()).await;
        assert_eq!(edges(&lineage), expected, "{sql}");
        assert_eq!(lineage["findings"], json!([]), "{sql}");
    }
}

#[tokio::test]
async fn what_changes_data_says_what_it_reads_and_writes() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let schema = json!({ "t": ["id", "a"], "s": ["id", "a"] });
    for (sql, reads, writes) in [
        ("UPDATE t SET a = s.a FROM s WHERE s.id = t.id", vec!["s"], vec!["t"]),
        ("DELETE FROM t WHERE id IN (SELECT id FROM s)", vec!["s"], vec!["t"]),
        (
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a \
             WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)",
            vec!["s"],
            vec!["t"],
        ),
        ("CREATE VIEW v AS SELECT a FROM s", vec!["s"], vec!["v"]),
        ("INSERT INTO u SELECT a FROM s; INSERT INTO t (a) SELECT a FROM u", vec!["s"], vec!["t"]),
    ] {
        let lineage = ad_hoc(&ada, sql, schema.clone()).await;
        let without_target = |names: &Value| -> Vec<String> {
            let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            names.filter(|name| !writes.contains(&&**name)).collect()
        };
        assert_eq!(without_target(&lineage["tables_in"]), reads, "{sql}");
        assert_eq!(lineage["tables_out"], json!(writes), "{sql}");
    }
}

#[tokio::test]
async fn a_stored_query_has_the_lineage_of_its_text() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT PRIMARY KEY, total INT)").await;
    let body =
        json!({ "title": "T", "sql": "SELECT * FROM orders", "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    assert_eq!((&lineage["id"], &lineage["version"]), (&json!(query.id), &json!(1)));
    assert_eq!(lineage["dialect"], "postgres");
    assert_eq!(lineage["basis"]["catalog"], json!({ "name": "shop", "version": 1 }));
    assert!(lineage["basis"]["engine"].is_string());
    let expected = ["orders.id -> <query>.id IDENTITY", "orders.total -> <query>.total IDENTITY"];
    assert_eq!(edges(&lineage), set(&expected));

    let change = json!({ "sql": "SELECT id AS i FROM orders" });
    ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    let newest = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    assert_eq!((edges(&newest), &newest["version"]), (set(&["orders.id -> <query>.i IDENTITY"]), &json!(2)));
    let first = ada.get(&format!("{}/lineage?version=1", query.path)).send().await.ok();
    assert_eq!(edges(&first), set(&expected));
    ada.get(&format!("{}/lineage?version=3", query.path)).send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_traced_again() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT)").await;
    let body =
        json!({ "title": "T", "sql": "SELECT * FROM orders", "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let path = format!("{}/lineage", query.path);
    let first = ada.get(&path).send().await.expect(200).etag();
    ada.get(&path).if_none_match(&first).send().await.expect(304);
    assert_ne!(ada.get(&format!("{path}?format=text")).send().await.expect(200).etag(), first);

    ada.store_catalog("shop", "CREATE TABLE orders (id INT, total INT)").await;
    let second = ada.get(&path).if_none_match(&first).send().await.expect(200);
    assert_eq!(edges(&second.json()).len(), 2, "another version of the catalog, another lineage");
    assert_ne!(second.etag(), first);

    ada.patch(&query.path).if_match("*").json(&json!({ "title": "U" })).send().await.ok();
    ada.get(&path).if_none_match(second.etag()).send().await.expect(304);
    ada.patch(&query.path).if_match("*").json(&json!({ "sql": "SELECT * FROM orders o" })).send().await.ok();
    ada.get(&path).if_none_match(second.etag()).send().await.expect(200);

    ada.delete("/v1/catalogs/shop").if_match("*").send().await.expect(204);
    let without = ada.get(&path).send().await.ok();
    assert_eq!(without["basis"]["catalog"], json!({ "name": "shop", "version": null }));
    assert_eq!(edges(&without), set(&["orders.* -> <query>.* IDENTITY"]));
}

#[tokio::test]
async fn sql_that_does_not_parse_says_why_and_where() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT (a\nFROM t").await;
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    assert_eq!((&lineage["ok"], &lineage["columns"]), (&json!(false), &json!([])));
    assert_eq!(lineage["error"]["line"], 2, "{lineage}");
    assert!(!lineage["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(lineage["error"]["line"], query.document["parse"]["error"]["line"]);

    let partly = ada.store("SELECT a FROM t;\nSELECT (a FROM t;\nSELECT b FROM u").await;
    let lineage = ada.get(&format!("{}/lineage", partly.path)).send().await.ok();
    assert_eq!((&lineage["ok"], &lineage["tables_in"]), (&json!(true), &json!(["t", "u"])));
    let errors: Vec<_> =
        lineage["statements"].as_array().unwrap().iter().map(|s| &s["error"]["line"]).collect();
    assert_eq!(errors, [&Value::Null, &json!(2), &Value::Null]);
}

#[tokio::test]
async fn what_cannot_be_told_is_said_and_never_guessed() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let lineage = ad_hoc(&ada, "SELECT x, t.y FROM t JOIN u ON true", Value::Null).await;
    assert!(edges(&lineage).contains("?.x -> <query>.x IDENTITY"), "{lineage}");
    let finding = &lineage["findings"][0];
    assert_eq!((&finding["code"], &finding["line"]), (&json!("ambiguous_column"), &json!(1)));
    let known = ad_hoc(&ada, "SELECT x FROM t JOIN u ON true", json!({ "t": ["y"], "u": ["x"] })).await;
    assert!(edges(&known).contains("u.x -> <query>.x IDENTITY"));
}

#[tokio::test]
async fn a_schema_comes_as_ddl_as_tables_or_by_name() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let ddl = "CREATE TABLE t (a INT, b INT)";
    ada.store_catalog("c", ddl).await;
    let expected = set(&["t.a -> <query>.a IDENTITY", "t.b -> <query>.b IDENTITY"]);
    for (member, schema) in [
        ("schema", json!(ddl)),
        ("schema", json!({ "t": ["a", "b"] })),
        ("schema", json!({ "t": { "cols": { "a": "INT", "b": "INT" }, "pk": ["a"] } })),
        ("catalog", json!("c")),
    ] {
        let body = json!({ "sql": "SELECT * FROM t", "dialect": "postgres", member: schema });
        let lineage = ada.post("/v1/lineage").json(&body).send().await.ok();
        assert_eq!(edges(&lineage), expected, "{body}");
    }
    let both = json!({ "sql": "SELECT 1", "dialect": "postgres", "catalog": "c", "schema": ddl });
    ada.post("/v1/lineage").json(&both).send().await.problem(Kind::InvalidField);
    let unclear = json!({ "sql": "SELECT * FROM t", "dialect": "postgres", "schema": "CREATE TABLE t (a INT, b INT); CREATE TABLE (" });
    let lineage = ada.post("/v1/lineage").json(&unclear).send().await.ok();
    assert_eq!(edges(&lineage), expected);
    assert!(!lineage["basis"]["schema_problems"].as_array().unwrap().is_empty());
    for schema in [json!(7), json!([]), json!({ "t": 7 }), json!({ "t": { "colums": [] } })] {
        let body = json!({ "sql": "SELECT 1", "dialect": "postgres", "schema": schema });
        let problem = ada.post("/v1/lineage").json(&body).send().await.problem(Kind::InvalidField);
        assert!(problem["field"].as_str().unwrap().starts_with("schema"), "{problem}");
    }
}

#[tokio::test]
async fn a_body_may_be_sql_as_it_is() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let sql = "SELECT a\nFROM t -- ü\n";
    for media_type in ["application/sql", "text/plain; charset=utf-8", "text/sql"] {
        let call = ada.post("/v1/lineage?dialect=postgres").raw(media_type, sql);
        assert_eq!(edges(&call.send().await.ok()), set(&["t.a -> <query>.a IDENTITY"]), "{media_type}");
    }
    let none = ada.post("/v1/lineage").raw("application/sql", sql).send().await;
    assert_eq!(none.problem(Kind::InvalidParameter)["parameter"], "dialect");
    let text = ada.post("/v1/lineage?dialect=postgres&format=text").raw("application/sql", sql).send().await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert!(text.text().contains("t.a"), "{text:?}");
}

#[tokio::test]
async fn views_are_followed_when_asked_to_and_names_completed() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("c", "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a AS b FROM t").await;
    let body = |more: Value| {
        let mut body = json!({ "sql": "SELECT b FROM v", "dialect": "postgres", "catalog": "c" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let lineage = async |more: Value| edges(&ada.post("/v1/lineage").json(&body(more)).send().await.ok());
    assert_eq!(lineage(json!({})).await, set(&["v.b -> <query>.b IDENTITY"]));
    assert_eq!(lineage(json!({ "views": "follow" })).await, set(&["t.a -> <query>.b IDENTITY"]));
    let body =
        json!({ "sql": "SELECT a FROM t", "dialect": "postgres", "default_db": "d", "default_schema": "s" });
    let lineage = ada.post("/v1/lineage").json(&body).send().await.ok();
    assert_eq!(lineage["tables_in"], json!(["d.s.t"]));
}

#[tokio::test]
async fn views_that_are_stored_are_followed() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store("CREATE VIEW base AS SELECT x AS a FROM elsewhere").await;
    let base = ada.store("CREATE OR REPLACE VIEW base AS SELECT a FROM s.t").await;
    let view = ada.store("CREATE VIEW v (b) AS SELECT a + 1 FROM base").await;
    ada.store("INSERT INTO v SELECT 1").await;
    let query = ada.store("SELECT b FROM v WHERE b > 1").await;
    let path = format!("{}/lineage", query.path);
    let stopped = ada.get(&path).send().await.ok();
    assert_eq!((&stopped["tables_in"], &stopped["views"]), (&json!(["v"]), &Value::Null));
    let response = ada.get(&format!("{path}?views=follow")).send().await;
    let (etag, followed) = (response.header("etag").to_owned(), response.ok());
    assert_eq!(followed["tables_in"], json!(["s.t"]));
    assert_eq!(edges(&followed), set(&["s.t.a -> <query>.b TRANSFORMATION", "s.t.a -> * FILTER"]));
    assert_eq!(
        followed["views"],
        json!([
            { "name": "v", "query": view.id, "version": 1 },
            { "name": "base", "query": base.id, "version": 1 },
        ])
    );
    // The tag is that of the views as well.
    let call = || ada.get(&format!("{path}?views=follow"));
    call().if_none_match(&etag).send().await.expect(304);
    let change = json!({ "sql": "CREATE VIEW base AS SELECT z AS a FROM s.u" });
    ada.patch(&base.path).if_match("*").json(&change).send().await.expect(200);
    assert_eq!(call().if_none_match(&etag).send().await.ok()["tables_in"], json!(["s.u"]));
    // A text that is not stored, for one who may read what is; nobody sees the views of another workspace.
    let body = json!({ "sql": "SELECT b FROM v", "dialect": "postgres", "views": "follow" });
    let tables =
        async |user: &User<'_>| user.post("/v1/lineage").json(&body).send().await.ok()["tables_in"].clone();
    assert_eq!(tables(&ada).await, json!(["s.u"]));
    assert_eq!(tables(&app.user("other")).await, json!(["v"]));
}

#[tokio::test]
async fn every_dialect_is_traced() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for dialect in sqm_domain::Dialect::all() {
        let body = json!({ "sql": "SELECT a FROM t WHERE b = 1", "dialect": dialect.name() });
        let lineage = ada.post("/v1/lineage").json(&body).send().await.ok();
        let names: Vec<_> = edges(&lineage).into_iter().map(|edge| edge.to_lowercase()).collect();
        assert_eq!(names, ["t.a -> <query>.a identity", "t.b -> * filter"], "{dialect}");
        assert_eq!(lineage["dialect"], dialect.name());
    }
}

#[tokio::test]
async fn an_event_says_where_the_tables_are() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    let query = json!({ "title": "T", "sql": "SELECT a FROM t", "dialect": "postgres", "catalog": "shop" });
    let stored = ada.post("/v1/queries").json(&query).send().await.created();
    let id = stored["id"].as_str().unwrap().to_owned();
    let source = async |parameters: &str| {
        let path = format!("/v1/queries/{id}/lineage?format=openlineage{parameters}");
        let event = ada.get(&path).send().await.ok();
        assert_eq!(event["job"]["namespace"], "acme");
        event["inputs"][0]["namespace"].as_str().unwrap().to_owned()
    };
    assert_eq!(source("").await, "shop");
    assert_eq!(source("&dataset_namespace=postgres%3A%2F%2Fdb%3A5432").await, "postgres://db:5432");
    let ad_hoc = ada.post("/v1/lineage?dialect=duckdb&format=openlineage");
    let event = ad_hoc.raw("application/sql", "SELECT a FROM t").send().await.ok();
    assert_eq!(event["inputs"][0]["namespace"], "duckdb");
}
