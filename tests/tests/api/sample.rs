//! The sample workspace over HTTP: what is told about each of its queries, as documents.

use std::fmt::Write;

use serde_json::{Value, json};
use sqm_local::sample::{CATALOG, SHOWCASE, Sample, SampleQuery};
use sqm_testkit::{Calls, Stored, TestApp, User, checkout, together};

use crate::lineage::edges;

fn sample() -> Sample {
    Sample::read(&checkout::root()).unwrap()
}

async fn store(ada: &User<'_>, query: &SampleQuery) -> Stored {
    let body = json!({
        "title": query.title, "description": query.description, "tags": query.tags, "owner": query.owner,
        "dialect": query.dialect, "sql": query.sql, "catalog": CATALOG,
    });
    ada.store_as(body).await
}

async fn store_all(ada: &User<'_>, sample: &Sample) -> Vec<Stored> {
    let catalog = ada.store_catalog(CATALOG, &sample.schema).await;
    assert_eq!(catalog["problems"], json!([]));
    let mut stored = Vec::new();
    for query in &sample.queries {
        stored.push(store(ada, query).await);
    }
    stored
}

fn list(names: &Value) -> String {
    let names: Vec<_> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[tokio::test]
async fn the_workspace_is_a_real_one() {
    let sample = sample();
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let stored = store_all(&ada, &sample).await;
    assert!(stored.len() >= 30, "{}", stored.len());
    let catalog = ada.get(&format!("/v1/catalogs/{CATALOG}")).send().await.ok();
    assert!(catalog["tables"].as_array().unwrap().len() >= 12);
    for (query, stored) in sample.queries.iter().zip(&stored) {
        assert_eq!(stored.document["parse"]["ok"], true, "{}: {}", query.file, stored.document["parse"]);
    }
    for dialect in ["postgres", "snowflake", "bigquery"] {
        assert!(!ada.all(&format!("/v1/queries?dialect={dialect}")).await.is_empty(), "{dialect}");
    }
    assert_eq!(ada.all("/v1/queries").await.len(), stored.len());
    assert!(ada.all("/v1/queries?reads=orders").await.len() >= 5);
}

#[tokio::test]
async fn the_lineage_of_each_query() {
    let sample = sample();
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let mut document = String::new();
    for (query, stored) in sample.queries.iter().zip(store_all(&ada, &sample).await) {
        let lineage = ada.get(&format!("{}/lineage", stored.path)).send().await.ok();
        writeln!(document, "# {} ({})", query.file, query.dialect).unwrap();
        writeln!(document, "reads {}", list(&lineage["tables_in"])).unwrap();
        writeln!(document, "writes {}", list(&lineage["tables_out"])).unwrap();
        for edge in edges(&lineage) {
            writeln!(document, "  {edge}").unwrap();
        }
        for finding in lineage["findings"].as_array().unwrap() {
            writeln!(document, "  ! {} {}", finding["code"].as_str().unwrap(), finding["message"]).unwrap();
        }
        document.push('\n');
    }
    insta::assert_snapshot!("sample_lineage", document);
}

#[tokio::test]
async fn the_findings_and_rewrites_of_each_query() {
    let sample = sample();
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let stored = store_all(&ada, &sample).await;
    let mut document = String::new();
    let cases: Vec<_> = sample.queries.iter().zip(&stored).collect();
    for cases in cases.chunks(2) {
        let answers = together(cases.iter().map(|(_, stored)| {
            let effort = json!({ "databases": 60, "measure": false });
            ada.post(&format!("{}/optimizations?include=refuted", stored.path)).json(&effort).send()
        }));
        for ((query, _), answer) in cases.iter().zip(answers.await) {
            let answer = answer.ok();
            assert_eq!(answer["refuted"], json!([]), "{}", query.file);
            writeln!(document, "# {} ({})", query.file, query.dialect).unwrap();
            for finding in answer["findings"].as_array().unwrap() {
                writeln!(document, "{}", said(finding)).unwrap();
            }
            for rewrite in answer["rewrites"].as_array().unwrap() {
                // Proofs end with their time: on a busy machine what is proved elsewhere is tested.
                let verdict = match rewrite["verdict"].as_str().unwrap() {
                    "proved" | "tested" => "verified",
                    "unknown" => "not verified",
                    other => panic!("{}: {other}: {rewrite}", query.file),
                };
                writeln!(document, "\n{} is {verdict}", rewrite["origin"].as_str().unwrap()).unwrap();
                for line in rewrite["sql"].as_str().unwrap().lines() {
                    writeln!(document, "    {line}").unwrap();
                }
            }
            document.push('\n');
        }
    }
    insta::assert_snapshot!("sample_optimizations", document);
}

/// A finding with its place.
fn said(finding: &Value) -> String {
    let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let place = format!(
        "{}:{}-{}:{}",
        finding["line"], finding["column"], finding["end_line"], finding["end_column"]
    );
    format!("{} {} {place} {}", text("code"), text("name"), text("message"))
}

#[tokio::test]
async fn the_showcase_has_a_verified_rewrite() {
    let sample = sample();
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog(CATALOG, &sample.schema).await;
    let query = sample.showcase().unwrap();
    assert_eq!(query.file, SHOWCASE);
    let stored = store(&ada, query).await;
    let answer = ada.post(&format!("{}/optimizations", stored.path)).send().await.ok();
    let first = &answer["rewrites"][0];
    assert!(matches!(first["verdict"].as_str(), Some("tested" | "proved")), "{answer}");
    assert_ne!(first["sql"], query.sql);
    assert!(first["benefit"].is_object(), "what it brought was measured: {first}");
}
