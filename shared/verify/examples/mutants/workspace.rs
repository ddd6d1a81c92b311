//! The queries of the sample workspace, and what the operators make of a query.

use std::fs;
use std::path::{Path, PathBuf};

use datafusion::sql::sqlparser::ast::{Query, Statement};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::parse::{Script, Tree};

use super::operators::OPERATORS;

/// A query with its tables.
pub struct Item<'c> {
    /// Its name.
    pub name: String,
    /// Its text.
    pub sql: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// Its tables.
    pub catalog: &'c Catalog,
}

/// A query and its mutants, each with the name of its operator.
pub type Mutants = (String, Vec<(&'static str, String)>);

/// Mutants of a query, at most so many of each operator; `None` where the text is no query.
pub fn mutants(item: &Item<'_>, sites: usize, seed: u64) -> Option<Mutants> {
    let made = guard::with_script(&item.sql, item.dialect, |script| {
        let query = query(script)?;
        let original = query.to_string();
        let mut made = Vec::new();
        for (number, operator) in OPERATORS.iter().enumerate() {
            let mut mutants = operator.mutants(&query, item.catalog);
            mutants.retain(|mutant| *mutant != original);
            let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(31) + number as u64);
            mutants.shuffle(&mut rng);
            mutants.truncate(sites);
            made.extend(mutants.into_iter().map(|mutant| (operator.name, mutant)));
        }
        Some((original, made))
    });
    made.ok()?
}

/// The query of a script: itself, or the one from which it fills a table.
fn query(script: &Script<'_>) -> Option<Query> {
    let [statement] = script.statements.as_slice() else { return None };
    let Ok(Tree::Sql(tree)) = &statement.tree else { return None };
    match tree.as_ref() {
        Statement::Query(query) => Some(query.as_ref().clone()),
        Statement::Insert(insert) => insert.source.as_deref().cloned(),
        Statement::CreateTable(table) => table.query.as_deref().cloned(),
        _ => None,
    }
}

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Texts by name.
type Texts = Vec<(String, String)>;

/// The sample workspace: its schema, and its queries, which name their dialect in a comment.
pub fn sample() -> std::io::Result<(String, Texts)> {
    let folder = root().join("infra/sample");
    let mut queries = Texts::new();
    for entry in fs::read_dir(folder.join("queries"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        queries.push((name, fs::read_to_string(&path)?));
    }
    queries.sort();
    Ok((fs::read_to_string(folder.join("schema.sql"))?, queries))
}

/// The dialect that a query of the sample workspace names.
pub fn named_dialect(sql: &str) -> Dialect {
    let named = sql.lines().find_map(|line| line.strip_prefix("-- dialect: "));
    named.and_then(|name| name.trim().parse().ok()).unwrap_or(Dialect::Postgres)
}
