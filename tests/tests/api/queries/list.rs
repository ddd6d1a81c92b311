//! `GET /v1/queries`

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqm_domain::VersionNumber;
use sqm_http::{Clock, Kind};
use sqm_sql::ENGINE_VERSION;
use sqm_store::{AnalysedBy, Anew};
use sqm_testkit::{Calls, TestApp, User};

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Twenty-four queries that differ in everything that a list can filter by, the newest first.
async fn various(ada: &User<'_>) -> Vec<(usize, String)> {
    let mut stored = Vec::new();
    for n in 0..24 {
        let (source, sink) = (if n % 2 == 0 { "Sales.Orders" } else { "items" }, format!("sink{}", n % 3));
        let sql = match n % 4 {
            3 => format!("SELECT a FROM {source}"),
            _ => format!("INSERT INTO {sink} SELECT a FROM {source}"),
        };
        let body = json!({
            "title": format!("Query {n}"), "sql": sql,
            "dialect": if n % 5 == 0 { "mysql" } else { "postgres" },
            "tags": if n % 3 == 0 { json!(["third", "all"]) } else { json!(["all"]) },
            "owner": if n % 2 == 0 { "team:even@example" } else { "bob" },
        });
        stored.push((n, ada.store_as(body).await.id));
    }
    stored.reverse();
    stored
}

#[tokio::test]
async fn duplicates_have_one_fingerprint() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let first = ada.store("SELECT o.total FROM orders o WHERE o.state = 'open'").await;
    let second = ada.store("-- the same\nselect x.total\nfrom orders x where x.state = 'paid'").await;
    let other = ada.store("SELECT o.total FROM orders o WHERE o.kind = 'open'").await;
    let broken = ada.store("SELECT FROM WHERE").await;
    let of = |stored: &sqm_testkit::Stored| stored.document["fingerprint"].clone();
    assert_eq!(of(&first), of(&second));
    assert_ne!(of(&first), of(&other));
    assert!(of(&broken).is_null());
    let list = format!("/v1/queries?fingerprint={}", of(&first).as_str().unwrap());
    assert_eq!(ada.all(&list).await.len(), 2);
    let change = serde_json::json!({ "sql": "SELECT 1" });
    ada.patch(&second.path).if_match("*").json(&change).send().await.expect(200);
    assert_eq!(ada.all(&list).await.len(), 1);
    ada.get("/v1/queries?fingerprint=x").send().await.problem(sqm_http::Kind::InvalidParameter);
}

#[tokio::test]
async fn columns_findings_and_what_waits_for_analysis() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let ddl = "CREATE TABLE t (a INT, b INT); CREATE TABLE w (a INT)";
    ada.store_catalog("shop", ddl).await;
    let of = |sql: &str| json!({ "title": "Numbers", "sql": sql, "dialect": "postgres", "catalog": "shop" });
    let reading = ada.store_as(of("SELECT * FROM t")).await.id;
    let writing = ada.store_as(of("INSERT INTO w (a) SELECT t.b FROM t")).await.id;
    let list = async |filter: &str| ids(&ada.all(&format!("/v1/queries?{filter}")).await);
    assert_eq!(list("reads_column=T.B").await, [writing.as_str(), &reading]);
    assert_eq!(list("reads_column=t.b&writes_column=w.a").await, [writing.as_str()]);
    assert_eq!(list("reads_column=t.a&writes=w").await, [""; 0]);
    assert_eq!(list("stale=true").await, [writing.as_str(), &reading]);
    assert_eq!(list("finding=SQM001").await, [""; 0], "nobody has looked yet");

    let (workspace, at) = ("acme".parse().unwrap(), app.clock.now());
    let query = app.store.query(&workspace, reading.parse().unwrap()).await.unwrap();
    let catalog = Some(("shop".parse().unwrap(), VersionNumber::new(1)));
    let by = AnalysedBy { engine: ENGINE_VERSION.to_owned(), catalog };
    let found = Anew { analysis: query.analysis(), findings: ["SQM001".to_owned()].into(), by };
    app.store.refresh(&workspace, &query, found, at).await.unwrap();
    assert_eq!(list("finding=SQM001").await, [reading.as_str()]);
    assert_eq!(list("finding=SQM001&reads_column=t.b&stale=false").await, [reading.as_str()]);
    assert_eq!(list("stale=true&reads=t").await, [writing.as_str()]);
    assert_eq!(list("q=numbers&stale=true").await, [writing.as_str()]);
    let changed = json!({ "ddl": format!("{ddl}; CREATE TABLE more (x INT)"), "dialect": "postgres" });
    ada.put("/v1/catalogs/shop").if_match("*").json(&changed).send().await.expect(200);
    assert_eq!(list("stale=true").await, [writing.as_str(), &reading]);
    for (filter, parameter) in [
        ("finding=SQM999", "finding"),
        ("finding=", "finding"),
        ("reads_column=b", "reads_column"),
        ("writes_column=", "writes_column"),
        ("stale=perhaps", "stale"),
    ] {
        let problem = ada.get(&format!("/v1/queries?{filter}")).send().await.problem(Kind::InvalidParameter);
        assert_eq!(problem["parameter"], parameter, "{filter}");
    }
}

#[tokio::test]
async fn every_filter_and_every_combination() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let stored = various(&ada).await;
    type Passes = fn(usize) -> bool;
    let filters: [(&str, Passes); 5] = [
        ("tag=third", |n| n % 3 == 0),
        ("owner=team%3Aeven%40example", |n| n % 2 == 0),
        ("dialect=mysql", |n| n % 5 == 0),
        ("reads=sales.orders", |n| n % 2 == 0),
        ("writes=SINK0", |n| n % 3 == 0 && n % 4 != 3),
    ];
    for chosen in 0_usize..32 {
        let chosen: Vec<_> = (0..5).filter(|bit| chosen & (1 << bit) != 0).map(|bit| filters[bit]).collect();
        let query: Vec<_> = chosen.iter().map(|(text, _)| *text).collect();
        let expected: Vec<_> = stored
            .iter()
            .filter(|(n, _)| chosen.iter().all(|(_, passes)| passes(*n)))
            .map(|(_, id)| id.clone())
            .collect();
        let path = format!("/v1/queries?{}", query.join("&"));
        assert_eq!(ids(&ada.all(&path).await), expected, "{path}");
        let and = if query.is_empty() { "" } else { "&" };
        assert_eq!(ids(&ada.all(&format!("{path}{and}limit=2")).await), expected, "{path} by twos");
    }
    for nothing in ["tag=fourth", "owner=ada", "dialect=oracle", "reads=orders", "writes=items"] {
        assert!(ada.all(&format!("/v1/queries?{nothing}")).await.is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn what_there_is_most_to_comes_first() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let plain = ada.store("SELECT a FROM t").await;
    let joined = ada.store("SELECT a FROM t JOIN u ON t.a = u.a WHERE t.b > 1").await;
    ada.store("this is no SQL").await;
    let nested = ada.store("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)").await;
    let items = ada.all("/v1/queries?sort=complexity&limit=1").await;
    assert_eq!(ids(&items), [&nested.id, &joined.id, &plain.id].map(String::as_str));
    let scores: Vec<_> = items.iter().map(|item| item["complexity"].as_u64().unwrap()).collect();
    assert_eq!(scores, [9, 4, 1]);
    assert_eq!(ids(&ada.all("/v1/queries?sort=complexity&reads=u").await), ids(&items)[..2]);
    let newest = ada.all("/v1/queries?sort=newest").await;
    assert_eq!((newest.len(), &newest[1]["complexity"]), (4, &Value::Null));
    let page = ada.get("/v1/queries?sort=complexity&limit=1").send().await.ok();
    let path = format!("/v1/queries?cursor={}", page["next"].as_str().unwrap());
    ada.get(&path).send().await.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn an_item_is_the_query_without_its_text() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let item = &ada.all("/v1/queries").await[0];
    for (member, value) in item.as_object().unwrap() {
        assert_eq!(&query.document[member], value, "{member}");
    }
    assert!(item.get("sql").is_none());
}

#[tokio::test]
async fn pages_are_as_long_as_asked_for() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for n in 0..60 {
        ada.store(&format!("SELECT {n}")).await;
    }
    let page = async |parameters: &str| {
        let page = ada.get(&format!("/v1/queries{parameters}")).send().await.ok();
        (page["items"].as_array().unwrap().len(), page["next"].is_string())
    };
    assert_eq!(page("").await, (50, true));
    assert_eq!(page("?limit=1").await, (1, true));
    assert_eq!(page("?limit=59").await, (59, true));
    assert_eq!(page("?limit=60").await, (60, false));
    assert_eq!(page("?limit=100").await, (60, false));
    for bad in ["0", "101", "-1", "x", "", "1e2"] {
        let response = ada.get(&format!("/v1/queries?limit={bad}")).send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], "limit", "{bad}");
    }
}

#[tokio::test]
async fn what_stays_is_shown_once_whatever_others_write_meanwhile() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mut kept = BTreeSet::new();
    let mut doomed = Vec::new();
    for n in 0..30 {
        let query = ada.store("SELECT a FROM t").await;
        match n % 3 {
            0 => doomed.push(query),
            _ => assert!(kept.insert(query.id)),
        }
    }
    let mut seen = Vec::new();
    let mut next = Some("/v1/queries?reads=t&limit=4".to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).send().await.ok();
        seen.extend(ids(page["items"].as_array().unwrap()));
        let cursor = page["next"].as_str();
        next = cursor.map(|cursor| format!("/v1/queries?reads=t&limit=4&cursor={cursor}"));
        // Between two pages somebody adds one, takes one away and changes one.
        ada.store("SELECT b FROM t").await;
        if let Some(query) = doomed.pop() {
            ada.delete(&query.path).if_match("*").send().await.expect(204);
        }
        if let Some(id) = seen.last() {
            let change = json!({ "title": format!("changed after {}", seen.len()) });
            ada.patch(&format!("/v1/queries/{id}")).if_match("*").json(&change).send().await;
        }
    }
    let once: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "a query was shown twice");
    assert!(kept.is_subset(&once), "a query that was there all the time was not shown");
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(seen, sorted, "the newest comes first");
}

#[tokio::test]
async fn cursors_of_others_and_of_nobody() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for n in 0..3 {
        ada.store(&format!("SELECT {n} FROM t")).await;
    }
    let page = ada.get("/v1/queries?limit=1").send().await.ok();
    let good = page["next"].as_str().unwrap();
    ada.get(&format!("/v1/queries?cursor={good}")).send().await.expect(200);
    let mut bad = vec![String::new(), "x".to_owned(), "A".repeat(5_000), "%00".to_owned(), "....".to_owned()];
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut changed = good.to_owned();
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        changed.replace_range(at..=at, other);
        bad.push(changed);
    }
    for cursor in bad {
        let response = ada.get(&format!("/v1/queries?cursor={cursor}")).send().await;
        assert_eq!(response.problem(Kind::InvalidCursor)["parameter"], "cursor", "{cursor}");
    }
    let filtered = ada.get(&format!("/v1/queries?reads=t&cursor={good}")).send().await;
    filtered.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for (query, parameter) in [
        ("tag=", "tag"),
        ("tag=a%23b", "tag"),
        ("tag=a&tag=b", "tag"),
        ("owner=%07", "owner"),
        ("dialect=cobol", "dialect"),
        ("reads=", "reads"),
        (&format!("writes={}", "x".repeat(1_025)), "writes"),
        ("sort=size", "sort"),
        ("table=t", "table"),
        ("Tag=a", "Tag"),
    ] {
        let response = ada.get(&format!("/v1/queries?{query}")).send().await;
        assert_eq!(response.problem(Kind::InvalidParameter)["parameter"], parameter, "{query}");
    }
}
