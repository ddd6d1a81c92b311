//! `GET /v1/queries/{id}/versions` and `GET /v1/queries/{id}/versions/{n}`

use serde_json::json;
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User};

async fn with_versions(ada: &User<'_>, count: usize) -> Stored {
    let query = ada.store("SELECT 1").await;
    for n in 2..=count {
        let change = json!({ "sql": format!("SELECT {n}"), "message": format!("number {n}") });
        ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    }
    query
}

#[tokio::test]
async fn the_history_is_complete_and_the_newest_comes_first() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = with_versions(&ada, 11).await;
    for limit in [1, 3, 10, 11, 100] {
        let all = ada.all(&format!("{}/versions?limit={limit}", query.path)).await;
        let numbers: Vec<_> = all.iter().map(|version| version["version"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=11).rev().collect::<Vec<_>>(), "{limit}");
        assert!(all.iter().all(|version| version.get("sql").is_none()), "histories come without texts");
        assert_eq!(all[0]["message"], "number 11");
    }
}

#[tokio::test]
async fn each_version_keeps_its_text() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = with_versions(&ada, 4).await;
    for n in 1..=4 {
        let version = ada.get(&format!("{}/versions/{n}", query.path)).send().await.ok();
        assert_eq!((&version["version"], &version["sql"]), (&json!(n), &json!(format!("SELECT {n}"))));
    }
}

#[tokio::test]
async fn a_cursor_is_of_one_query() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let (one, two) = (with_versions(&ada, 3).await, with_versions(&ada, 3).await);
    let page = ada.get(&format!("{}/versions?limit=1", one.path)).send().await.ok();
    let cursor = page["next"].as_str().unwrap();
    ada.get(&format!("{}/versions?cursor={cursor}", one.path)).send().await.expect(200);
    let foreign = ada.get(&format!("{}/versions?cursor={cursor}", two.path)).send().await;
    assert_eq!(foreign.problem(Kind::InvalidCursor)["parameter"], "cursor");
    ada.get(&format!("/v1/queries?cursor={cursor}")).send().await.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn a_page_goes_on_where_it_was_while_versions_are_added() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = with_versions(&ada, 6).await;
    let first = ada.get(&format!("{}/versions?limit=3", query.path)).send().await.ok();
    for n in 7..9 {
        let change = json!({ "sql": format!("SELECT {n}") });
        ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    }
    let cursor = first["next"].as_str().unwrap();
    let rest = ada.get(&format!("{}/versions?limit=100&cursor={cursor}", query.path)).send().await.ok();
    let numbers: Vec<_> =
        rest["items"].as_array().unwrap().iter().map(|version| version["version"].as_u64()).collect();
    assert_eq!(numbers, [Some(3), Some(2), Some(1)]);
}
