//! `GET /v1/queries?q=`: words and beginnings of words, the best first.

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp, User};

async fn store(ada: &User<'_>, title: &str, description: &str, sql: &str) -> String {
    let body = json!({ "title": title, "description": description, "sql": sql, "dialect": "postgres", "tags": ["team:finance"] });
    ada.store_as(body).await.path
}

async fn titles(ada: &User<'_>, search: &str) -> Vec<String> {
    let found = ada.get(&format!("/v1/queries?q={search}")).send().await.ok();
    assert_eq!(found["partial"], false);
    found["items"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_best_come_first() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    store(&ada, "Staging", "loads", "-- about revenue\nSELECT a FROM t").await;
    store(&ada, "Orders", "", "SELECT revenue FROM t").await;
    store(&ada, "Report", "revenue by day", "SELECT 1").await;
    store(&ada, "Revenues of 2026", "", "SELECT 1").await;
    store(&ada, "Daily revenue", "", "SELECT 1").await;
    store(&ada, "Other", "", "SELECT 'revenue'").await;
    let all = ["Daily revenue", "Revenues of 2026", "Report", "Orders", "Staging"];
    assert_eq!(titles(&ada, "revenue").await, all);
    assert_eq!(
        titles(&ada, "REVEN").await,
        ["Daily revenue", "Revenues of 2026", "Report", "Orders", "Staging"]
    );
    assert_eq!(titles(&ada, "daily+rev").await, ["Daily revenue"]);
    assert_eq!(titles(&ada, "day%20revenue").await, ["Report"]);
    assert_eq!(titles(&ada, "finance&limit=100").await.len(), 6);
    assert!(titles(&ada, "nowhere").await.is_empty());
    // A literal may be somebody's data, and is none that is searched.
    assert!(!titles(&ada, "revenue").await.contains(&"Other".to_owned()));
    assert!(titles(&app.user("other"), "revenue").await.is_empty());
}

#[tokio::test]
async fn what_changes_is_found_by_what_it_says_now() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let path = store(&ada, "First", "old words", "SELECT total_sales FROM shop.orders").await;
    for word in ["first", "words", "total_sales", "sales", "orders", "shop", "ada"] {
        assert_eq!(titles(&ada, word).await.len(), 1, "{word}");
    }
    let change = json!({ "title": "Second", "description": null, "sql": "SELECT x FROM invoices" });
    ada.patch(&path).if_match("*").json(&change).send().await.expect(200);
    for (word, count) in [("first", 0), ("old", 0), ("sales", 0), ("second", 1), ("invoi", 1), ("finance", 1)]
    {
        assert_eq!(titles(&ada, word).await.len(), count, "{word}");
    }
    ada.patch(&path).if_match("*").json(&json!({ "tags": ["x1"] })).send().await.expect(200);
    assert_eq!((titles(&ada, "finance").await.len(), titles(&ada, "invoices").await.len()), (0, 1));
    ada.delete(&path).if_match("*").send().await.expect(204);
    assert!(titles(&ada, "second").await.is_empty());
}

#[tokio::test]
async fn pages_and_filters() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for n in 0..23 {
        let title = if n % 2 == 0 { format!("Sales {n}") } else { format!("Number {n}") };
        store(&ada, &title, "", &format!("SELECT sales FROM t{}", n % 3)).await;
    }
    let all = ada.all("/v1/queries?q=sales&limit=5").await;
    assert_eq!(all.len(), 23);
    let scores: Vec<u64> = all.iter().map(|hit| hit["score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
    let mut ids: Vec<Value> = all.iter().map(|hit| hit["id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 23);
    assert_eq!(ada.all("/v1/queries?q=sales&reads=T1&limit=3").await.len(), 8);
    assert_eq!(ada.all("/v1/queries?q=sales&reads=t1&tag=none").await.len(), 0);
    let page = ada.get("/v1/queries?q=sales&limit=5").send().await.ok();
    let other = format!("/v1/queries?q=numbers&limit=5&cursor={}", page["next"].as_str().unwrap());
    ada.get(&other).send().await.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn what_is_no_search_is_named() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let long = format!("q={}", "x".repeat(401));
    for (search, name) in
        [("q=", "q"), ("q=%20-", "q"), ("q=a", "q"), (long.as_str(), "q"), ("q=ab&sort=newest", "sort")]
    {
        let problem = ada.get(&format!("/v1/queries?{search}")).send().await.problem(Kind::InvalidParameter);
        assert_eq!(problem["parameter"], name, "{problem}");
    }
    // Whatever is typed is a search or is none.
    for odd in ["%25%23%00x1", "%22drop+table", "%F0%9F%98%80%20ab", "a%2Fb%2Fcd"] {
        let answer = ada.get(&format!("/v1/queries?q={odd}")).send().await;
        assert!(answer.status == 200 || answer.status == 400, "{answer:?}");
    }
}
