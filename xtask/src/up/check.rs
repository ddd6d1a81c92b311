//! Whether all of it was right: what `--once` answers for.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqm_local::sample::Sample;

use super::ask::{Asker, expect};
use super::job::Job;
use super::sample;

/// What the showcase query reads, and two of its column edges.
const TABLES: &[&str] = &["customers", "orders"];
const EDGES: &[(&str, &str)] = &[("customers.full_name", "full_name"), ("orders.order_total", "order_total")];

/// Checks everything; a line for each thing that was right, an error for the first that was not.
pub async fn all(asker: &Asker, sample: &Sample, job: &Job) -> Result<Vec<String>> {
    let (without, created) = (doors(asker).await?, life(asker, sample).await?);
    let lines = [without, created, stored(job)?, lineage(&job.lineage)?, rewrites(&job.optimizations)?];
    Ok(lines.to_vec())
}

/// Nobody gets in without a token; health is everyone's.
async fn doors(asker: &Asker) -> Result<String> {
    expect(asker.without_token(Method::GET, "/v1/health"), &[StatusCode::OK]).await?;
    for (method, path) in
        [(Method::GET, "/v1/queries"), (Method::GET, "/v1/catalogs"), (Method::POST, "/v1/optimizations")]
    {
        let refused = expect(asker.without_token(method, path), &[StatusCode::UNAUTHORIZED]).await?;
        ensure!(refused.body["status"] == 401, "{path} refuses without a problem document");
    }
    Ok("without a token every function answers 401".to_owned())
}

/// A query is stored, changed, lost against a newer version, and deleted.
async fn life(asker: &Asker, sample: &Sample) -> Result<String> {
    let mut body = sample::body(sample.showcase()?);
    body["title"] = json!("Stored by up --once");
    let post = asker.request(Method::POST, "/v1/queries").json(&body);
    let created = expect(post, &[StatusCode::CREATED]).await?;
    let id = created.body["id"].as_str().context("a query without an id")?;
    let path = format!("/v1/queries/{id}");
    let first = created.etag.context("a stored query has no ETag")?;
    let patch = |tag: &str| {
        let change = json!({"title": "Changed by up --once"});
        asker.request(Method::PATCH, &path).header("if-match", tag.to_owned()).json(&change)
    };
    let changed = expect(patch(&first), &[StatusCode::OK]).await?;
    expect(patch(&first), &[StatusCode::PRECONDITION_FAILED]).await?;
    let second = changed.etag.context("a changed query has no ETag")?;
    expect(asker.request(Method::DELETE, &path).header("if-match", second), &[StatusCode::NO_CONTENT])
        .await?;
    expect(asker.request(Method::GET, &path), &[StatusCode::NOT_FOUND]).await?;
    Ok("a query is stored, changed, kept from a lost update, and deleted".to_owned())
}

fn stored(job: &Job) -> Result<String> {
    ensure!(job.query["parse"]["ok"] == true, "the showcase query does not parse: {}", job.query["parse"]);
    ensure!(!job.query["reads"].as_array().is_none_or(Vec::is_empty), "its references are not stored");
    Ok(format!("the showcase query is stored as {}", job.id))
}

fn lineage(lineage: &Value) -> Result<String> {
    ensure!(lineage["ok"] == true, "the lineage is not ok: {}", lineage["error"]);
    let read: BTreeSet<_> =
        lineage["tables_in"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let expected: BTreeSet<_> = TABLES.iter().copied().collect();
    ensure!(read == expected, "the lineage names the tables {read:?} instead of {expected:?}");
    let edges = lineage["columns"].as_array().context("a lineage without columns")?;
    for (source, target) in EDGES {
        let found = edges.iter().any(|edge| {
            let from = format!(
                "{}.{}",
                edge["source"]["table"].as_str().unwrap_or_default(),
                edge["source"]["column"].as_str().unwrap_or_default()
            );
            from == *source && edge["target"]["column"] == *target && edge["type"] == "DIRECT"
        });
        ensure!(found, "the lineage has no edge from {source} to {target}");
    }
    Ok(format!("its lineage: {} and {} column edges", TABLES.join(", "), edges.len()))
}

fn rewrites(optimizations: &Value) -> Result<String> {
    let rewrites = optimizations["rewrites"].as_array().context("an answer without rewrites")?;
    let mut lines = Vec::new();
    for rewrite in rewrites {
        let verdict = rewrite["verdict"].as_str().unwrap_or_default();
        ensure!(verdict != "refuted", "a refuted rewrite is offered: {}", rewrite["origin"]);
        ensure!(rewrite["verification"]["verdict"] == verdict, "two verdicts: {}", rewrite["origin"]);
        if verdict == "proved" || verdict == "tested" {
            lines.push(format!("{} ({verdict})", rewrite["origin"].as_str().unwrap_or_default()));
        }
    }
    ensure!(!lines.is_empty(), "no rewrite is proved or tested; {} are offered", rewrites.len());
    Ok(format!("its rewrites: {}", lines.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: &str) -> Value {
        json!({"rewrites": [{"origin": "rule:x", "verdict": verdict, "verification": {"verdict": verdict}}]})
    }

    #[test]
    fn a_rewrite_counts_once_it_was_checked() {
        assert_eq!(rewrites(&answer("tested")).unwrap(), "its rewrites: rule:x (tested)");
        assert!(rewrites(&answer("proved")).is_ok());
        assert!(rewrites(&answer("unknown")).unwrap_err().to_string().contains("no rewrite"));
        assert!(rewrites(&answer("refuted")).unwrap_err().to_string().contains("refuted"));
        assert!(rewrites(&json!({"rewrites": []})).is_err());
    }

    #[test]
    fn a_lineage_with_other_tables_is_wrong() {
        let edge = |table: &str, column: &str| {
            json!({"source": {"table": table, "column": column},
                   "target": {"table": "<query>", "column": column}, "type": "DIRECT"})
        };
        let mut right = json!({
            "ok": true, "tables_in": ["orders", "customers"],
            "columns": [edge("customers", "full_name"), edge("orders", "order_total")],
        });
        assert!(lineage(&right).is_ok());
        right["columns"][0]["source"]["table"] = json!("orders");
        assert!(lineage(&right).unwrap_err().to_string().contains("customers.full_name"));
        right["tables_in"] = json!(["orders"]);
        assert!(lineage(&right).unwrap_err().to_string().contains("instead of"));
    }
}
