//! `/v1/catalogs` and `/v1/catalogs/{name}`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, together};

const DDL: &str = "CREATE TABLE shop.orders (\n  id INT PRIMARY KEY,\n  customer INT NOT NULL REFERENCES customers (id),\n  total NUMERIC(10, 2) CHECK (total >= 0)\n);\nCREATE TABLE customers (id INT PRIMARY KEY, email TEXT UNIQUE)";

fn ddl(text: &str) -> Value {
    json!({ "ddl": text, "dialect": "postgres" })
}

#[tokio::test]
async fn from_the_first_version_to_deletion() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("acme"), app.user_named("bob", "acme"));
    let put = ada.put("/v1/catalogs/shop").json(&ddl(DDL)).send().await.expect(201);
    assert_eq!((put.header("location"), put.etag().as_str()), ("/v1/catalogs/shop", "\"acme:1\""));
    let first = put.json();
    assert_eq!((&first["version"], &first["table_count"]), (&json!(1), &json!(2)));
    assert_eq!((&first["problem_count"], &first["problems"]), (&json!(0), &json!([])));

    let read = ada.get("/v1/catalogs/shop").send().await.expect(200);
    assert_eq!(read.header("cache-control"), "private, no-cache");
    let catalog = read.json();
    assert_eq!(catalog["source"], json!({ "ddl": DDL }));
    let orders = &catalog["tables"][0];
    assert_eq!((&orders["name"], &orders["primary_key"]), (&json!("shop.orders"), &json!(["id"])));
    assert_eq!(orders["columns"][1], json!({ "name": "customer", "type": "INT", "not_null": true }));
    let key = json!([{ "columns": ["customer"], "table": "customers", "referred_columns": ["id"] }]);
    assert_eq!(orders["foreign_keys"], key);
    assert_eq!(catalog["tables"][1]["unique"], json!([["email"]]));

    let again = bob.put("/v1/catalogs/shop").json(&ddl(DDL)).send().await.expect(200);
    assert_eq!(
        (again.etag().as_str(), &again.json()["author"]),
        ("\"acme:1\"", &json!("ada")),
        "the same again"
    );

    let put = bob.put("/v1/catalogs/shop").if_match("\"acme:1\"").json(&ddl("CREATE TABLE t (a INT)"));
    let second = put.send().await.expect(200);
    assert_eq!((second.etag().as_str(), &second.json()["author"]), ("\"acme:2\"", &json!("bob")));
    let old = ada.get("/v1/catalogs/shop?version=1").send().await.expect(200);
    assert_eq!(old.json(), catalog);
    assert_eq!(old.header("cache-control"), "private, max-age=31536000, immutable");

    ada.delete("/v1/catalogs/shop").if_match("\"acme:1\"").send().await.problem(Kind::PreconditionFailed);
    ada.delete("/v1/catalogs/shop").if_match("\"acme:2\"").send().await.expect(204);
    for path in ["/v1/catalogs/shop", "/v1/catalogs/shop?version=1", "/v1/catalogs/shop?version=2"] {
        ada.get(path).send().await.problem(Kind::NotFound);
    }
    assert!(ada.all("/v1/catalogs").await.is_empty());
    let new = ada.put("/v1/catalogs/shop").json(&ddl(DDL)).send().await.expect(201);
    assert_eq!(new.etag(), "\"acme:3\"", "a version's number never comes again");
    ada.get("/v1/catalogs/shop?version=2").send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn conditions() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let put = |text: &str| ada.put("/v1/catalogs/c").json(&ddl(text));
    put("CREATE TABLE t (a INT)").if_match("*").send().await.problem(Kind::PreconditionFailed);
    put("CREATE TABLE t (a INT)").if_none_match("*").send().await.expect(201);
    let exists = put("CREATE TABLE t (b INT)").if_none_match("*").send().await;
    exists.problem(Kind::PreconditionFailed);
    assert_eq!(exists.etag(), "\"acme:1\"");
    put("CREATE TABLE t (b INT)").if_match("\"acme:2\"").send().await.problem(Kind::PreconditionFailed);
    put("CREATE TABLE t (b INT)").if_match("*").send().await.expect(200);
    put("CREATE TABLE t (c INT)").send().await.expect(200);
    ada.get("/v1/catalogs/c").if_none_match("\"acme:3\"").send().await.expect(304);
    ada.get("/v1/catalogs/c").if_none_match("\"acme:2\"").send().await.expect(200);
    ada.delete("/v1/catalogs/c").send().await.problem(Kind::PreconditionRequired);
    ada.delete("/v1/catalogs/other").if_match("*").send().await.problem(Kind::NotFound);
    assert_eq!(ada.get("/v1/catalogs/c").send().await.ok()["version"], 3);
}

#[tokio::test]
async fn what_one_workspace_has_read_is_news_to_another() {
    let app = TestApp::start().await;
    let (acme, other) = (app.user("acme"), app.user("other"));
    acme.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    other.store_catalog("shop", "CREATE TABLE u (b INT)").await;
    for path in ["/v1/catalogs/shop", "/v1/catalogs/shop?version=1"] {
        let seen = acme.get(path).send().await.expect(200);
        acme.get(path).if_none_match(seen.etag()).send().await.expect(304);
        let theirs = other.get(path).if_none_match(seen.etag()).send().await.ok();
        assert_eq!(theirs["tables"][0]["name"], "u");
        other
            .delete("/v1/catalogs/shop")
            .if_match(seen.etag())
            .send()
            .await
            .problem(Kind::PreconditionFailed);
    }
}

#[tokio::test]
async fn of_many_writers_of_the_same_version_one_wins() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("c", "CREATE TABLE t (a INT)").await;
    let put = |n: usize| {
        let body = ddl(&format!("CREATE TABLE t{n} (a INT)"));
        ada.put("/v1/catalogs/c").if_match("\"acme:1\"").json(&body).send()
    };
    let answers = together((0..8).map(put)).await;
    let won: Vec<_> = (0..8).filter(|n| answers[*n].status == 200).collect();
    assert_eq!(won.len(), 1);
    for lost in (0..8).filter(|n| !won.contains(n)) {
        answers[lost].problem(Kind::PreconditionFailed);
    }
    let catalog = ada.get("/v1/catalogs/c").send().await.ok();
    assert_eq!(
        (&catalog["version"], &catalog["tables"][0]["name"]),
        (&json!(2), &json!(format!("t{}", won[0])))
    );
}

#[tokio::test]
async fn sources_in_every_form() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let sql =
        ada.put("/v1/catalogs/sql?dialect=postgres").raw("application/sql", DDL).send().await.expect(201);
    assert_eq!(sql.json()["table_count"], 2);
    let tables = r#"{"dialect": "postgres", "tables": {"z": {"cols": {"b": "INT", "a": null}, "not_null": ["a"],
        "pk": ["b"], "unique": [["a"]], "fk": [[["a"], "y", ["k"]]]}, "y": ["k"]}}"#;
    ada.put("/v1/catalogs/json").raw("application/json", tables).send().await.expect(201);
    let read = ada.get("/v1/catalogs/json").send().await.ok();
    let names: Vec<_> = read["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["z", "y"], "the order is that of the text");
    let z = &read["tables"][0];
    let columns = json!([
        { "name": "b", "type": "INT", "not_null": true },
        { "name": "a", "type": null, "not_null": true },
    ]);
    assert_eq!((&z["columns"], &z["primary_key"], &z["unique"]), (&columns, &json!(["b"]), &json!([["a"]])));
}

#[tokio::test]
async fn what_of_a_source_is_not_understood_is_said_by_place() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let source = "CREATE TABLE t (a INT);\nCREATE TABEL u (b INT);\n  CREATE TABLE v (c INT, FOREIGN KEY (x) REFERENCES t)";
    let put = ada.put("/v1/catalogs/c").json(&ddl(source)).send().await.expect(201).json();
    assert_eq!(put["table_count"], 2);
    assert_eq!(put["problem_count"], put["problems"].as_array().unwrap().len());
    let lines: Vec<_> =
        put["problems"].as_array().unwrap().iter().map(|problem| problem["at"]["line"].as_u64()).collect();
    assert_eq!(lines, [Some(2), Some(3)], "{put}");
    for nothing in ["SELECT 1;\n CREATE TABLE (", "-- only a comment", "CREATE TABLE"] {
        let problem = ada.put("/v1/catalogs/d").json(&ddl(nothing)).send().await.problem(Kind::InvalidSql);
        assert_eq!(problem["field"], "ddl", "{nothing}");
    }
    let at = ada.put("/v1/catalogs/d").json(&ddl("SELECT 1;\n CREATE TABLE (")).send().await;
    assert_eq!(at.problem(Kind::InvalidSql)["line"], 2);
    ada.get("/v1/catalogs/d").send().await.problem(Kind::NotFound);
}

#[tokio::test]
async fn lists_go_by_name() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mut names: Vec<String> = (0..23).map(|n| format!("c{n}")).collect();
    names.extend(["Größe", "ab:c@d+e", "_", "c1-x", "c1.x"].map(str::to_owned));
    for name in &names {
        let path: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let put = ada.put(&format!("/v1/catalogs/{path}")).json(&ddl("CREATE TABLE t (a INT)")).send().await;
        let location = put.expect(201).header("location").to_owned();
        assert_eq!(ada.get(&location).send().await.ok()["name"], name.as_str());
    }
    names.sort();
    for limit in [1, 2, 7, 27, 28, 100] {
        let all = ada.all(&format!("/v1/catalogs?limit={limit}")).await;
        let listed: Vec<_> = all.iter().map(|catalog| catalog["name"].as_str().unwrap()).collect();
        assert_eq!(listed, names, "{limit}");
    }
    for bad in ["limit=0", "limit=101", "cursor=x", "cursor="] {
        let response = ada.get(&format!("/v1/catalogs?{bad}")).send().await;
        assert!(
            matches!(response.kind(), Some(Kind::InvalidParameter | Kind::InvalidCursor)),
            "{response:?}"
        );
    }
}

#[tokio::test]
async fn a_change_of_a_catalog_is_seen_at_once() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("c", "CREATE TABLE t (a INT)").await;
    let body = json!({ "sql": "SELECT * FROM t", "dialect": "postgres", "catalog": "c" });
    for columns in 2..6 {
        let list: Vec<_> = (0..columns).map(|n| format!("c{n} INT")).collect();
        ada.store_catalog("c", &format!("CREATE TABLE t ({})", list.join(", "))).await;
        let lineage = ada.post("/v1/lineage").json(&body).send().await.ok();
        assert_eq!(lineage["columns"].as_array().unwrap().len(), columns);
    }
}
