//! Loads the sample workspace over HTTP when the store is empty, or goes on where loading it was broken
//! off.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqm_local::sample::{CATALOG, Sample, SampleQuery};

use super::ask::{Asker, expect};
use crate::terminal::Progress;

/// The file that says that loading began and has not ended.
const BEGUN: &str = "sample-loading";

/// Loads what is missing. Does nothing where somebody's own queries are.
pub async fn load(asker: &Asker, sample: &Sample, home: &Path, progress: &Progress) -> Result<()> {
    let stored = titles(asker).await?;
    let begun = home.join(BEGUN);
    if !stored.is_empty() && !begun.exists() {
        return Ok(());
    }
    std::fs::write(&begun, "")?;
    let path = format!("/v1/catalogs/{CATALOG}?dialect=postgres");
    let put = asker.request(Method::PUT, &path).header("content-type", "application/sql");
    let catalog = expect(put.body(sample.schema.clone()), &[StatusCode::CREATED, StatusCode::OK]).await?;
    ensure!(
        catalog.body["problem_count"] == 0,
        "the sample's schema has problems: {}",
        catalog.body["problems"]
    );

    let total = sample.queries.len() as u64;
    for (done, query) in sample.queries.iter().enumerate() {
        progress.count("loading the sample workspace", done as u64, total, &query.title);
        if !stored.contains(&query.title) {
            store(asker, query).await?;
        }
    }
    std::fs::remove_file(begun)?;
    Ok(())
}

/// Stores one query of the sample. The same again is the same query.
pub async fn store(asker: &Asker, query: &SampleQuery) -> Result<Value> {
    let body = body(query);
    let mut hasher = DefaultHasher::new();
    body.to_string().hash(&mut hasher);
    let key = format!("sample-{}-{:016x}", query.file, hasher.finish());
    let post = asker.request(Method::POST, "/v1/queries").header("idempotency-key", key).json(&body);
    Ok(expect(post, &[StatusCode::CREATED]).await?.body)
}

/// A query of the sample as it is sent.
pub fn body(query: &SampleQuery) -> Value {
    json!({
        "title": query.title,
        "description": query.description,
        "tags": query.tags,
        "owner": query.owner,
        "dialect": query.dialect,
        "catalog": CATALOG,
        "sql": query.sql,
    })
}

/// The titles of everything that is stored.
async fn titles(asker: &Asker) -> Result<BTreeSet<String>> {
    let mut titles = BTreeSet::new();
    let mut path = "/v1/queries".to_owned();
    loop {
        let page = asker.get(&path).await?;
        let items = page["items"].as_array().context("a list without items")?;
        titles.extend(items.iter().filter_map(|item| item["title"].as_str()).map(str::to_owned));
        match page["next"].as_str() {
            Some(cursor) => path = format!("/v1/queries?cursor={cursor}"),
            None => return Ok(titles),
        }
    }
}
