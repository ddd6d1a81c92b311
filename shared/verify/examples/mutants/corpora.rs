//! The queries of the corpora, where these lie beside the checkout.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;

use super::workspace::{Item, root};

/// The catalogs of the corpora, by name; none where there are no corpora.
pub fn catalogs() -> BTreeMap<String, Catalog> {
    let mut catalogs = BTreeMap::new();
    for entry in
        fs::read_dir(root().join("../shared/corpora/equivalence/schemas")).into_iter().flatten().flatten()
    {
        let path = entry.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((catalog, _)) =
            fs::read_to_string(&path).ok().and_then(|text| Catalog::from_json(&text).ok())
        {
            catalogs.insert(name, catalog);
        }
    }
    catalogs
}

/// The queries of a set: `tpch`, `tpcds`, or a file of pairs, of which the first are taken.
pub fn queries<'c>(set: &str, catalogs: &'c BTreeMap<String, Catalog>) -> Vec<Item<'c>> {
    let corpora = root().join("../shared/corpora");
    let (path, field) = match set {
        "tpch" | "tpcds" => (corpora.join(format!("lineage/{set}.jsonl")), "sql"),
        _ => (corpora.join(format!("equivalence/{set}.jsonl")), "q1"),
    };
    let mut items: Vec<Item<'c>> = Vec::new();
    for line in fs::read_to_string(path).unwrap_or_default().lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
        let schema = value["schema_ref"].as_str().unwrap_or(set);
        let (Some(id), Some(sql), Some(catalog)) =
            (value["id"].as_str(), value[field].as_str(), catalogs.get(schema))
        else {
            continue;
        };
        if items.last().is_none_or(|last| last.sql != sql) {
            items.push(Item { name: id.to_owned(), sql: sql.to_owned(), dialect: Dialect::Generic, catalog });
        }
    }
    items
}
