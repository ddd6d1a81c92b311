//! `GET /v1/queries/{id}/versions/{n}/diff`

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, TestApp};

#[tokio::test]
async fn text_and_fields() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let body = json!({
        "title": "T", "sql": "SELECT a,\n       b\nFROM t\nWHERE c = 1\n", "dialect": "postgres", "tags": ["x"],
    });
    let query = ada.store_as(body).await;
    let change =
        json!({ "title": "U", "tags": ["x", "y"], "sql": "SELECT a,\n       b, d\nFROM t\nWHERE c = 1\n" });
    ada.patch(&query.path).if_match("*").json(&change).send().await.ok();
    ada.patch(&query.path).if_match("*").json(&json!({ "owner": "bob" })).send().await.ok();

    let path = format!("{}/versions/2/diff", query.path);
    let response = ada.get(&path).send().await.expect(200);
    assert_eq!(response.header("cache-control"), "private, max-age=31536000, immutable");
    let diff = response.json();
    assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
    assert_eq!((&diff["added"], &diff["removed"]), (&json!(1), &json!(1)));
    let fields = json!({
        "title": { "from": "T", "to": "U" },
        "tags": { "from": ["x"], "to": ["x", "y"] },
    });
    assert_eq!(diff["fields"], fields);
    let unified = "--- version 1\n+++ version 2\n@@ -1,4 +1,4 @@\n SELECT a,\n-       b\n+       b, d\n FROM t\n WHERE c = 1\n";
    assert_eq!(diff["unified"], unified);
    let lines: Vec<_> = diff["hunks"][0]["lines"].as_array().unwrap().iter().collect();
    assert_eq!(lines[1], &json!({ "kind": "removed", "from": 2, "to": null, "text": "       b" }));
    assert_eq!(lines[2], &json!({ "kind": "added", "from": null, "to": 2, "text": "       b, d" }));

    let third = ada.get(&format!("{}/versions/3/diff", query.path)).send().await.ok();
    assert_eq!(third["fields"], json!({ "owner": { "from": "ada", "to": "bob" } }));
    assert_eq!((&third["unified"], &third["hunks"]), (&json!(""), &json!([])));

    let over_two = ada.get(&format!("{}/versions/3/diff?against=1", query.path)).send().await.ok();
    assert_eq!(over_two["fields"].as_object().unwrap().len(), 3);
    assert_eq!(over_two["unified"].as_str().unwrap().replace("version 3", "version 2"), unified);
    let back = ada.get(&format!("{}/versions/1/diff?against=2", query.path)).send().await.ok();
    assert_eq!(back["fields"]["title"], json!({ "from": "U", "to": "T" }));
    let itself = ada.get(&format!("{}/versions/2/diff?against=2", query.path)).send().await.ok();
    assert_eq!((&itself["fields"], &itself["unified"]), (&json!({}), &json!("")));
}

#[tokio::test]
async fn versions_that_are_not_there() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    let diff = async |path: &str| ada.get(&format!("{}/versions/{path}", query.path)).send().await;
    assert_eq!(diff("1/diff").await.problem(Kind::InvalidParameter)["parameter"], "against");
    diff("2/diff").await.problem(Kind::NotFound);
    diff("1/diff?against=2").await.problem(Kind::NotFound);
    for bad in ["0", "-1", "x", "", "4294967296", "1.0"] {
        let problem = diff(&format!("1/diff?against={bad}")).await.problem(Kind::InvalidParameter);
        assert_eq!(problem["parameter"], "against", "{bad}");
    }
    assert_eq!(diff("1/diff?agianst=1").await.problem(Kind::InvalidParameter)["parameter"], "agianst");
}

#[tokio::test]
async fn long_texts_without_anything_in_common() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let text = |word: &str| -> String { (0..20_000).map(|n| format!("SELECT {word}{n};\n")).collect() };
    let query = ada.store(&text("a")).await;
    ada.patch(&query.path).if_match("*").json(&json!({ "sql": text("b") })).send().await.ok();
    let diff = ada.get(&format!("{}/versions/2/diff", query.path)).send().await.ok();
    assert_eq!((&diff["added"], &diff["removed"]), (&json!(20_000), &json!(20_000)));
    let kinds: Vec<&Value> =
        diff["hunks"][0]["lines"].as_array().unwrap().iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds.len(), 40_000);
}
