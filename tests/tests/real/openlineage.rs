//! The OpenLineage events of the sample workspace keep to the specification's own JSON schemas. Runs where these
//! lie beside the checkout.

use std::process::Stdio;

use serde_json::{Value, json};
use sqm_local::sample::{CATALOG, Sample};
use sqm_local::{Tool, Tools};
use sqm_testkit::{Calls, TestApp, checkout};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const VALIDATOR: &str = "tests/tests/real/openlineage.py";

/// What the validator says of the events; nothing, if it finds nothing wrong.
async fn complaints(events: &[Value], schemas: &std::path::Path) -> Option<String> {
    // jsonschema is one of the packages that SAM stands on.
    let python = Tools::of_checkout(&checkout::root()).python(Tool::Sam).await.unwrap();
    let mut command = Command::new(python);
    command.arg(VALIDATOR).arg(schemas).current_dir(checkout::root());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.join("\n").as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (!output.status.success()).then(|| text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test]
async fn events_keep_to_the_specification() {
    let schemas = checkout::root().join("../shared/corpora/schemas/openlineage");
    if !schemas.is_dir() {
        return checkout::skipped(&format!("{} does not exist", schemas.display()));
    }
    let sample = Sample::read(&checkout::root()).unwrap();
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.store_catalog(CATALOG, &sample.schema).await;
    let mut events = Vec::new();
    for query in &sample.queries {
        let body =
            json!({ "title": query.title, "dialect": query.dialect, "sql": query.sql, "catalog": CATALOG });
        let stored = ada.store_as(body).await;
        let path = format!("{}/lineage?format=openlineage", stored.path);
        events.push(ada.get(&path).send().await.ok());
    }
    let facet = |event: &Value| event.pointer("/outputs/0/facets/columnLineage").is_some();
    assert!(events.iter().filter(|event| facet(event)).count() >= 5);
    assert_eq!(complaints(&events, &schemas).await, None);
    // The validator is not one that takes anything.
    let mut bad = events[0].clone();
    bad["eventTime"] = json!(7);
    bad["job"]["facets"]["jobType"]["processingType"] = json!(["BATCH"]);
    let said = complaints(&[bad], &schemas).await.unwrap();
    assert!(said.contains("$.eventTime") && said.contains("JobTypeJobFacet"), "{said}");
}
