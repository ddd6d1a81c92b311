//! What may be kept, by whom: the table holds every route that answers GET, the page about it says the same, and
//! whoever has a state already learns so for the read of one key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use sqm_domain::JobId;
use sqm_http::Clock;
use sqm_http::caching::{Edge, Kept, RULES, Rule};
use sqm_testkit::{Calls, Fault, TestApp, User, checkout, empty_report};
use tokio::sync::Semaphore;

#[tokio::test]
async fn the_table_has_exactly_the_routes_that_answer_get() {
    let app = TestApp::start().await;
    let operations = app.operations().await.into_iter().filter(|operation| operation.method == "GET");
    let there: BTreeSet<String> = operations.map(|operation| operation.route.path).collect();
    let table: BTreeSet<String> = RULES.iter().map(|rule| rule.path.to_owned()).collect();
    assert_eq!(table, there, "shared/http/src/caching.rs says of each route whether it may be kept");
}

/// The rows of the tables of the page, by what stands in the first column.
fn rows() -> BTreeMap<String, Vec<String>> {
    let page = std::fs::read_to_string(checkout::root().join("docs/caching.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>())
        .map(|row| (row[0].trim_matches('`').to_owned(), row))
        .collect()
}

#[test]
fn the_page_says_what_the_table_says() {
    let rows = rows();
    let routes: BTreeSet<&str> =
        rows.keys().map(String::as_str).filter(|key| key.starts_with("/v1/")).collect();
    assert_eq!(routes, RULES.iter().map(|rule| rule.path).collect());
    for Rule { path, kept, .. } in RULES {
        let row = &rows[*path];
        let (edge, browser) = match kept {
            Kept::Never => ("no", "no"),
            Kept::Private => ("no", "asks each time"),
            Kept::Revalidated => ("asks each time", "asks each time"),
            Kept::Fixed => ("asks each time", "a year"),
            Kept::Addressed => ("a year", "a year"),
            Kept::Open => ("5 minutes", "5 minutes"),
        };
        assert_eq!(row[1..4], [kept.name(), edge, browser], "{path}");
        let directives = kept.directives(Edge::KnowsTenants);
        let may_be_stale = directives.contains("stale-") && !directives.contains("stale-if-error=0");
        assert_eq!(!row[4].starts_with("never"), may_be_stale, "{path}: {}", row[4]);
    }
    for kept in [Kept::Never, Kept::Private, Kept::Revalidated, Kept::Fixed, Kept::Addressed, Kept::Open] {
        let told = [Edge::Unknown, Edge::KnowsTenants].map(|edge| format!("`{}`", kept.directives(edge)));
        let row = &rows[kept.name()];
        assert_eq!(row[1], told[0], "{kept:?}");
        assert!(row[2] == told[1] || (row[2] == "the same" && told[0] == told[1]), "{kept:?}");
    }
}

/// What a path is about, where it is about a name.
fn named(rule: &Rule) -> &'static str {
    if rule.path.starts_with("/v1/graph/columns/") { "orders.id" } else { "shop" }
}

/// A workspace in which every route has something to answer; the paths are filled with it.
async fn filled(app: &TestApp, ada: &User<'_>) -> Vec<(&'static Rule, String)> {
    let job = JobId::from_parts(1_800_000_000_000, [7; 10]);
    let (workspace, now) = ("acme".parse().unwrap(), app.clock.now());
    app.store.open_job(&workspace, job, now).await.unwrap();
    app.store.keep_report(&workspace, &empty_report(now)).await.unwrap();
    ada.store_catalog("shop", "CREATE TABLE orders (id INT)").await;
    let body =
        json!({ "title": "T", "sql": "SELECT id FROM orders", "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let changed = json!({ "sql": "SELECT id, id AS again FROM orders" });
    ada.patch(&query.path).if_match("*").json(&changed).send().await.ok();
    let connection = json!({ "engine": "postgres", "secret": "sqm/acme/x" });
    ada.put("/v1/connections/shop").json(&connection).send().await.expect(201);
    let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
    let hash = lineage["analysis"].as_str().unwrap();
    let path = |rule: &Rule| {
        rule.path
            .replace("/v1/jobs/{id}", &format!("/v1/jobs/{job}"))
            .replace("{id}", &query.id)
            .replace("{n}", "2")
            .replace("{name}", named(rule))
            .replace("{hash}", hash)
    };
    RULES.iter().map(|rule| (rule, path(rule))).collect()
}

#[tokio::test]
async fn every_route_tells_caches_what_the_table_says() {
    for edge in [Edge::Unknown, Edge::KnowsTenants] {
        let app = TestApp::builder().edge(edge).start().await;
        let ada = app.user("acme");
        for (rule, path) in filled(&app, &ada).await {
            let told = |response: &sqm_testkit::Response| response.header("cache-control").to_owned();
            let answer = ada.get(&path).send().await.expect(200);
            assert_eq!(told(&answer), rule.kept.directives(edge), "{path}");
            assert_eq!(answer.headers.contains_key("etag"), rule.kept != Kept::Never, "{path}");
            let head = ada.call("HEAD", &path).send().await.expect(200);
            assert_eq!(told(&head), told(&answer), "HEAD {path}");
            if rule.kept != Kept::Never {
                let again = ada.get(&path).if_none_match(answer.etag()).send().await.expect(304);
                assert_eq!((told(&again), again.etag()), (told(&answer), answer.etag()), "304 of {path}");
            }
            if !["/v1/health", "/v1/openapi.yaml"].contains(&rule.path) {
                let refused = app.anonymous().get(&path).send().await.expect(401);
                assert_eq!(told(&refused), "no-store", "{path}");
                let forbidden = app.scoped("acme", "").get(&path).send().await.expect(403);
                assert_eq!(told(&forbidden), "no-store", "{path}");
            }
            if let Some(parameter) = rule.fixed_by {
                let fixed = ada.get(&format!("{path}?{parameter}=1")).send().await.expect(200);
                assert_eq!(told(&fixed), Kept::Fixed.directives(edge), "{path}?{parameter}=1");
            }
        }
        let created = ada.post("/v1/queries");
        let created = created.json(&json!({ "title": "T", "sql": "SELECT 1", "dialect": "postgres" }));
        assert_eq!(created.send().await.expect(201).header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn what_has_not_changed_costs_the_read_of_one_key() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let mut paths = filled(&app, &ada).await;
    let (wire, lineage) = (app.wire.as_ref().unwrap(), "/v1/queries/{id}/lineage");
    paths.retain(|(rule, _)| !matches!(rule.kept, Kept::Never | Kept::Open));
    let more: Vec<_> = paths
        .iter()
        .filter(|(rule, _)| [lineage, "/v1/catalogs/{name}"].contains(&rule.path))
        .map(|(rule, path)| (*rule, format!("{path}?version=1")))
        .collect();
    let followed = paths.iter().filter(|(rule, _)| rule.path == lineage).cloned();
    let followed: Vec<_> = followed.map(|(rule, path)| (rule, format!("{path}?views=follow"))).collect();
    paths.extend(more);
    paths.extend(followed);
    paths.extend(paths.clone().into_iter().filter(|(rule, _)| rule.path == "/v1/queries").flat_map(
        |(rule, path)| ["tag=x", "dialect=postgres&limit=1"].map(|query| (rule, format!("{path}?{query}"))),
    ));
    for (rule, path) in paths {
        let tag = ada.get(&path).send().await.expect(200).etag();
        wire.seen();
        ada.get(&path).if_none_match(&tag).send().await.expect(304);
        let expected: &[&str] = match rule.path {
            path if path == lineage => &["BatchGetItem"],
            // The process has it.
            "/v1/analyses/{hash}" => &[],
            _ => &["GetItem"],
        };
        assert_eq!(wire.seen(), expected, "{path}");
        // Another tag is read on its way, and answered in full.
        ada.get(&path).if_none_match("\"another\"").send().await.expect(200);
    }
}

#[tokio::test]
async fn a_lineage_that_was_made_costs_the_read_of_heads_alone_and_a_change_of_its_title_nothing() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE orders (id INT)").await;
    let wire = app.wire.as_ref().unwrap();
    for (catalog, reads) in [(None, &["BatchGetItem"][..]), (Some("shop"), &["BatchGetItem", "GetItem"])] {
        let body = json!({
            "title": "T", "sql": "SELECT * FROM orders", "dialect": "postgres", "catalog": catalog
        });
        let query = ada.store_as(body).await;
        let path = format!("{}/lineage", query.path);
        let first = ada.get(&path).send().await.expect(200);
        wire.seen();
        let again = ada.get(&path).send().await.expect(200);
        assert_eq!(wire.seen(), reads);
        assert_eq!(again.json(), first.json());
        ada.patch(&query.path).if_match("*").json(&json!({ "title": "Another" })).send().await.ok();
        ada.get(&path).if_none_match(first.etag()).send().await.expect(304);
        let renamed = ada.get(&path).send().await.expect(200);
        assert_eq!((renamed.etag(), renamed.json()), (first.etag(), first.json()));
        let second = ada.get(&format!("{path}?version=2")).send().await.expect(200);
        assert_eq!((second.etag(), second.json()), (first.etag(), first.json()));
        // An event says since when it is so.
        let event = format!("{path}?format=openlineage");
        let before = ada.get(&event).send().await.expect(200).etag().to_owned();
        ada.patch(&query.path).if_match("*").json(&json!({ "title": "A third" })).send().await.ok();
        ada.get(&event).if_none_match(before).send().await.expect(200);
        ada.patch(&query.path).if_match("*").json(&json!({ "sql": "SELECT 1" })).send().await.ok();
        let other = ada.get(&path).if_none_match(first.etag()).send().await.expect(200).json();
        assert_eq!(other["version"], 4);
        let dialect = json!({ "dialect": "mysql" });
        ada.patch(&query.path).if_match("*").json(&dialect).send().await.ok();
        assert_eq!(ada.get(&path).send().await.ok()["dialect"], "mysql");
    }
}

#[tokio::test]
async fn no_write_leaves_a_list_s_tag_as_it_was() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    ada.store_catalog("a", "CREATE TABLE t (a INT)").await;
    for (list, writes) in [
        (
            "/v1/queries?limit=9",
            vec![("POST", "/v1/queries"), ("PATCH", &query.path), ("DELETE", &query.path)],
        ),
        ("/v1/catalogs?limit=9", vec![("PUT", "/v1/catalogs/b"), ("DELETE", "/v1/catalogs/a")]),
    ] {
        for (method, path) in writes {
            let tag = ada.get(list).send().await.expect(200).etag().to_owned();
            ada.get(list).if_none_match(&tag).send().await.expect(304);
            let call = ada.call(method, path);
            let call = match method {
                "POST" => call.json(&json!({ "title": "N", "sql": "SELECT 2", "dialect": "postgres" })),
                "PATCH" => call.if_match("*").json(&json!({ "title": "Another" })),
                "PUT" => call.json(&json!({ "ddl": "CREATE TABLE u (a INT)", "dialect": "postgres" })),
                _ => call.if_match("*"),
            };
            assert!(call.send().await.status.is_success(), "{method} {path}");
            for _ in 0..2 {
                ada.get(list).if_none_match(&tag).send().await.expect(200);
            }
        }
    }
}

#[tokio::test]
async fn a_change_elsewhere_leaves_a_page_as_it_was_for_one_more_look() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    ada.store("CREATE VIEW v AS SELECT a FROM t").await;
    let query = ada.store("SELECT a FROM v").await;
    let followed = format!("{}/lineage?views=follow", query.path);
    let wire = app.wire.as_ref().unwrap();
    for (path, read) in [
        ("/v1/queries?reads=v", "GetItem"),
        ("/v1/graph/tables/v", "GetItem"),
        (followed.as_str(), "BatchGetItem"),
    ] {
        let tag = ada.get(path).send().await.expect(200).etag().to_owned();
        ada.store("SELECT 1 FROM elsewhere").await;
        ada.get(path).if_none_match(&tag).send().await.expect(304);
        wire.seen();
        let again = ada.get(path).if_none_match(&tag).send().await.expect(304);
        assert_eq!(wire.seen(), [read], "{path}");
        assert_eq!(again.etag(), tag, "by the tag that it is known by");
        // Of another page nothing is known by it.
        let other = if path.contains('?') { format!("{path}&limit=1") } else { format!("{path}?limit=1") };
        if path != followed {
            let other = ada.get(&other).send().await.expect(200);
            assert_ne!(other.etag(), tag, "{path}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_read_while_a_write_is_under_way_is_not_taken_for_what_is_there_after_it() {
    let app = TestApp::builder().faults().start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let gate = Arc::new(Semaphore::new(0));
    let wire = app.wire.as_ref().unwrap();
    let before = ada.get("/v1/queries").send().await.expect(200);
    wire.plan("TransactWriteItems", Fault::Hold(gate.clone()), 1);
    let change = ada.patch(&query.path).if_match("*").json(&json!({ "title": "Another" })).send();
    let reading = async {
        wire.seen();
        while !wire.seen().contains(&"TransactWriteItems".to_owned()) {
            tokio::task::yield_now().await;
        }
        // It says the same still, and says so by what it says alone.
        ada.get("/v1/queries").if_none_match(before.etag()).send().await.expect(304);
        let during = ada.get("/v1/queries").send().await.expect(200);
        assert_eq!(during.json(), before.json());
        assert_eq!(Some(during.etag().trim_matches('"')), before.etag().trim_matches('"').split('~').next());
        gate.add_permits(1);
        during
    };
    let (changed, during) = tokio::join!(change, reading);
    changed.expect(200);
    for tag in [before.etag(), during.etag()] {
        ada.get("/v1/queries").if_none_match(tag).send().await.expect(200);
    }
    // A write of which nobody knows what became of it: for a minute a list is made each time.
    wire.plan("TransactWriteItems", Fault::Drop, 1_000);
    let lost = ada.patch(&query.path).if_match("*").json(&json!({ "title": "A third" })).send().await;
    assert!(lost.status.is_server_error());
    wire.mend();
    let list = ada.get("/v1/queries").send().await.expect(200);
    assert!(!list.etag().contains('~'), "{}", list.etag());
    app.clock.advance(70);
    assert!(ada.get("/v1/queries").send().await.expect(200).etag().contains('~'));
}

#[tokio::test]
async fn the_tag_of_a_lineage_opens_no_other_catalog() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    ada.store_catalog("other", "CREATE TABLE t (a INT)").await;
    let body = json!({ "title": "T", "sql": "SELECT * FROM t", "dialect": "postgres", "catalog": "shop" });
    let query = ada.store_as(body).await;
    let path = format!("{}/lineage", query.path);
    let tag = ada.get(&path).send().await.expect(200).etag();
    for forged in [tag.replace("k=shop", "k=other"), tag.replace(";k=shop", ""), tag.replace("k=shop", "k=%")]
    {
        ada.get(&path).if_none_match(&forged).send().await.expect(200);
    }
    // The catalog, then the query, moves on.
    ada.store_catalog("shop", "CREATE TABLE t (a INT, b INT)").await;
    let second = ada.get(&path).if_none_match(&tag).send().await.expect(200).etag();
    ada.patch(&query.path).if_match("*").json(&json!({ "catalog": "other" })).send().await.ok();
    ada.get(&path).if_none_match(&second).send().await.expect(200);
}
