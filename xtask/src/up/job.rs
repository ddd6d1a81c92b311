//! The main job: a stored query, its lineage, a rewrite that was checked by running it.

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqm_local::sample::SampleQuery;

use super::ask::{Asker, expect};
use super::{rewrite, sample};

/// What came of it.
pub struct Job {
    /// The id of the query.
    pub id: String,
    /// The query, as it was answered.
    pub query: Value,
    /// Its lineage.
    pub lineage: Value,
    /// The same as a tree.
    pub tree: String,
    /// Findings and rewrites.
    pub optimizations: Value,
}

impl Job {
    /// Does it. The query is stored where it is not.
    pub async fn run(asker: &Asker, query: &SampleQuery) -> Result<Self> {
        let stored = match find(asker, query).await? {
            Some(stored) => stored,
            None => sample::store(asker, query).await?,
        };
        let id = stored["id"].as_str().context("a query without an id")?.to_owned();
        let path = format!("/v1/queries/{id}/lineage");
        let lineage = asker.get(&path).await?;
        let tree = asker.get_text(&format!("{path}?format=text")).await?;
        let path = format!("/v1/queries/{id}/optimizations");
        let post = asker.request(Method::POST, &path).json(&json!({}));
        let optimizations = expect(post, &[StatusCode::OK]).await?.body;
        Ok(Self { id, query: stored, lineage, tree, optimizations })
    }

    /// What people see of it.
    pub fn show(&self) -> Vec<String> {
        let title = self.query["title"].as_str().unwrap_or_default();
        let sql = self.query["sql"].as_str().unwrap_or_default();
        let mut lines = vec![format!("The query \"{title}\":"), String::new()];
        lines.extend(sql.lines().map(|line| format!("    {line}")));
        lines.extend([String::new(), "Its lineage:".to_owned(), String::new()]);
        lines.extend(self.tree.lines().map(|line| format!("    {line}")));
        lines.push(String::new());
        lines.extend(rewrite::show(sql, &self.optimizations));
        lines
    }
}

/// The stored query of this title, if there is one with the same text.
async fn find(asker: &Asker, query: &SampleQuery) -> Result<Option<Value>> {
    let tag = query.tags.first().context("the sample query has no tag")?;
    let mut path = format!("/v1/queries?tag={tag}");
    loop {
        let page = asker.get(&path).await?;
        let items = page["items"].as_array().context("a list without items")?;
        for item in items.iter().filter(|item| item["title"] == query.title.as_str()) {
            let id = item["id"].as_str().context("a query without an id")?;
            let stored = asker.get(&format!("/v1/queries/{id}")).await?;
            ensure!(stored["id"] == item["id"], "another query is answered than was asked for");
            if stored["sql"] == query.sql.as_str() {
                return Ok(Some(stored));
            }
        }
        match page["next"].as_str() {
            Some(cursor) => path = format!("/v1/queries?tag={tag}&cursor={cursor}"),
            None => return Ok(None),
        }
    }
}
