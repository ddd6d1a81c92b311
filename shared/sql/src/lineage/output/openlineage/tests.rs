//! Events, read by hand.

use sqm_domain::Dialect;

use super::*;
use crate::catalog::Catalog;
use crate::lineage::{Options, trace};

fn context() -> EventContext {
    EventContext {
        event_time: "2026-01-02T03:04:05Z".to_owned(),
        producer: "https://example.com/sqm/0.1.0".to_owned(),
        job_namespace: "shop".to_owned(),
        job_name: "daily".to_owned(),
        dataset_namespace: "postgres://shop:5432".to_owned(),
        sql: Some(("SELECT 1".to_owned(), "postgres".to_owned())),
    }
}

fn lineage(sql: &str) -> Lineage {
    trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default())
}

const SCRIPT: &str =
    "CREATE TABLE step AS SELECT a.x, count(b.y) AS n FROM a JOIN b ON a.id = b.id GROUP BY a.x;
     INSERT INTO t (x, n) SELECT x, n FROM step;
     INSERT INTO u SELECT * FROM c WHERE c.z > 1";

#[test]
fn the_facets_say_what_the_edges_say() {
    let event = job_event(&lineage(SCRIPT), &context());
    let output = |name: &str| {
        let outputs = event["outputs"].as_array().unwrap();
        outputs.iter().find(|output| output["name"] == name).unwrap()["facets"]["columnLineage"].clone()
    };
    let t = output("t");
    assert_eq!(t["fields"]["x"]["inputFields"][0]["name"], "a");
    assert_eq!(
        t["fields"]["n"]["inputFields"][0]["transformations"],
        json!([{ "type": "DIRECT", "subtype": "AGGREGATION", "masking": true }])
    );
    let rows: Vec<String> = t["dataset"].as_array().unwrap().iter().map(|i| i["field"].to_string()).collect();
    assert_eq!(rows, ["\"id\"", "\"x\"", "\"id\""]);
    // What chose the rows of one table did not choose those of the other.
    assert_eq!(output("u")["dataset"].as_array().unwrap().len(), 1);
    // A star is no field; that the table is read stays said.
    assert_eq!(output("u")["fields"], json!({}));
    let entries = &event["job"]["facets"]["lineage"]["entries"];
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[0]["fields"]["x"]["inputs"][0]["field"], "x");
}

#[test]
fn a_plain_query_feeds_the_job_itself() {
    let event = run_event(
        &lineage("SELECT x FROM a WHERE y = 1"),
        &context(),
        "0190a5b0-0000-7000-8000-000000000000",
    );
    assert_eq!(event["outputs"], json!([]));
    let entries = &event["job"]["facets"]["lineage"]["entries"];
    assert_eq!(entries[0]["type"], "JOB");
    assert_eq!(entries[0]["inputs"].as_array().unwrap().len(), 2);
}
