//! TPC-H and TPC-DS, stored over HTTP with their schema: each query comes back with its lineage, and
//! TPC-H's seventeenth with a verified rewrite. Runs where the corpora exist beside the checkout.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqm_testkit::checkout::{corpus, corpus_text};
use sqm_testkit::{Calls, Stored, TestApp, User, together};

type Edges = BTreeSet<(String, String)>;

/// Stores a schema of the corpora as a catalog: its text as it is, since the order of columns counts.
async fn store_schema(ada: &User<'_>, name: &str, schema: &str) {
    let body = format!("{{\"dialect\": \"generic\", \"tables\": {schema}}}");
    let response = ada.put(&format!("/v1/catalogs/{name}")).raw("application/json", body).send().await;
    assert_eq!(response.expect(201).json()["problem_count"], 0);
}

async fn store(ada: &User<'_>, catalog: &str, case: &Value) -> Stored {
    let body = json!({
        "title": case["id"], "sql": case["sql"], "dialect": case["dialect"], "catalog": catalog,
        "tags": [catalog],
    });
    ada.store_as(body).await
}

/// The edges of a lineage by which values come through, with the conditions of CASE, which the corpora
/// count as values; an output without a name is `<expr>`.
fn direct(lineage: &Value) -> Edges {
    let end = |end: &Value| {
        let (table, column) = (end["table"].as_str().unwrap(), end["column"].as_str().unwrap());
        format!("{table}.{}", named(column))
    };
    let edges = lineage["columns"].as_array().unwrap().iter();
    let edges = edges.filter(|edge| edge["type"] == "DIRECT" || edge["subtype"] == "CONDITIONAL");
    edges.map(|edge| (end(&edge["source"]), end(&edge["target"]))).collect()
}

/// The edges that a case expects, in either of its forms: with the keys of windows or without.
fn expected(case: &Value) -> Vec<Edges> {
    let forms = [&case["expect"]["columns"], &case["opts"]["columns_value_only"]];
    let forms = forms.into_iter().filter_map(Value::as_array);
    let edge = |edge: &Value| {
        let source = edge[0].as_str().unwrap().to_owned();
        let (table, column) = edge[1].as_str().unwrap().split_once('.').unwrap();
        (source, format!("{table}.{}", named(column)))
    };
    forms.map(|edges| edges.iter().map(edge).collect()).collect()
}

/// A name that the query gives; what tools call an output that has none is `<expr>`.
fn named(column: &str) -> String {
    let column = column.to_lowercase();
    let made_up = column.strip_prefix("_col_").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let plain = column.chars().all(|c| c.is_alphanumeric() || "_$*#@-".contains(c));
    if made_up || !plain { "<expr>".to_owned() } else { column }
}

/// Stores every case, reads every lineage and says which are not as expected.
async fn check(name: &str, count: usize) {
    let (Some(cases), Some(schema)) =
        (corpus(&format!("lineage/{name}.jsonl")), corpus_text(&format!("equivalence/schemas/{name}.json")))
    else {
        return;
    };
    let app = TestApp::start().await;
    let ada = app.user("acme");
    store_schema(&ada, name, &schema).await;
    let mut wrong = Vec::new();
    for case in &cases {
        let query = store(&ada, name, case).await;
        assert_eq!(query.document["parse"]["ok"], true, "{}", case["id"]);
        let reads = |names: &Value| -> BTreeSet<String> {
            names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(reads(&query.document["reads"]), reads(&case["expect"]["tables_in"]), "{}", case["id"]);
        let lineage = ada.get(&format!("{}/lineage", query.path)).send().await.ok();
        assert_eq!(lineage["basis"]["catalog"], json!({ "name": name, "version": 1 }));
        assert_eq!(lineage["findings"], json!([]), "{}", case["id"]);
        let found = direct(&lineage);
        if !expected(case).contains(&found) {
            wrong.push(case["id"].as_str().unwrap().to_owned());
        }
    }
    println!("{name}: {} of {} as expected", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(cases.len(), count);
    assert_eq!(ada.all(&format!("/v1/queries?tag={name}")).await.len(), count);
}

#[tokio::test]
async fn tpc_h_comes_back_with_its_lineage() {
    check("tpch", 22).await;
}

#[tokio::test]
async fn tpc_ds_comes_back_with_its_lineage() {
    check("tpcds", 79).await;
}

#[tokio::test]
async fn tpc_h_17_comes_back_with_a_verified_rewrite() {
    let (Some(cases), Some(schema)) =
        (corpus("lineage/tpch.jsonl"), corpus_text("equivalence/schemas/tpch.json"))
    else {
        return;
    };
    let app = TestApp::start().await;
    let ada = app.user("acme");
    store_schema(&ada, "tpch", &schema).await;
    let case = cases.iter().find(|case| case["id"] == "tpch/17").unwrap();
    let query = store(&ada, "tpch", case).await;
    let answer = ada.post(&format!("{}/optimizations", query.path)).send().await.ok();
    let rewrites = answer["rewrites"].as_array().unwrap();
    let rewrite =
        rewrites.iter().find(|rewrite| matches!(rewrite["verdict"].as_str(), Some("tested" | "proved")));
    let rewrite = rewrite.unwrap_or_else(|| panic!("no verified rewrite: {answer}"));
    assert_ne!(rewrite["sql"], case["sql"]);
    // The rewrite reads what the query reads, and gives the same columns out of the same columns.
    let body = json!({ "sql": rewrite["sql"], "dialect": case["dialect"], "catalog": "tpch" });
    let lineage = ada.post("/v1/lineage").json(&body).send().await.ok();
    assert!(expected(case).contains(&direct(&lineage)), "{lineage}");
    // Its verdict holds when asked for once more, with other databases.
    let pair = json!({
        "q1": case["sql"], "q2": rewrite["sql"], "dialect": case["dialect"], "catalog": "tpch", "seed": 4711,
    });
    let again = ada.post("/v1/verifications").json(&pair).send().await.ok();
    assert!(matches!(again["verdict"].as_str(), Some("tested" | "proved")), "{again}");
}

#[tokio::test]
async fn each_rewrite_of_tpc_has_a_verdict_and_none_is_refuted() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    for name in ["tpch", "tpcds"] {
        let (Some(cases), Some(schema)) = (
            corpus(&format!("lineage/{name}.jsonl")),
            corpus_text(&format!("equivalence/schemas/{name}.json")),
        ) else {
            continue;
        };
        store_schema(&ada, name, &schema).await;
        let mut offered = 0;
        for cases in cases.chunks(2) {
            let answers = together(cases.iter().map(|case| {
                let body = json!({
                    "sql": case["sql"], "dialect": case["dialect"], "catalog": name, "databases": 40,
                    "measure": false,
                });
                ada.post("/v1/optimizations?include=refuted").json(&body).send()
            }));
            for (case, answer) in cases.iter().zip(answers.await) {
                let answer = answer.ok();
                assert_eq!(answer["refuted"], json!([]), "{}", case["id"]);
                for rewrite in answer["rewrites"].as_array().unwrap() {
                    let verdict = rewrite["verdict"].as_str().unwrap();
                    assert!(matches!(verdict, "proved" | "tested" | "unknown"), "{}: {rewrite}", case["id"]);
                    offered += 1;
                }
            }
        }
        println!("{name}: {offered} rewrites");
        assert!(offered > 0);
    }
}
