//! Lineage by plan: what a database says that it runs.
//!
//! A plan of PostgreSQL names every relation and every expression, so it is written as the query that it
//! amounts to, and that query is traced like any other. Plans of DuckDB and MySQL name tables and the
//! columns that are read of them, which is what is taken from them. Nothing is run, and nothing is guessed:
//! what a plan does not say is a finding.

mod compare;
mod expression;
mod node;
mod postgres;
mod reads;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::lineage::{EdgeType, Finding, Lineage, NamedColumns, Options, named_columns, trace};

pub use crate::explain::{Engine, Text};
pub use compare::{Difference, What, Where};

/// Why a plan was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is the plan of no database that is known.
    #[error(
        "this is no plan that is understood: send what EXPLAIN (VERBOSE, FORMAT JSON) of PostgreSQL, EXPLAIN (FORMAT json) of DuckDB or EXPLAIN FORMAT=JSON of MySQL prints"
    )]
    Unknown,
    /// A plan of PostgreSQL without VERBOSE, which names no columns.
    #[error("the plan names no outputs: ask for it with EXPLAIN (VERBOSE, FORMAT JSON)")]
    NotVerbose,
    /// What is expected at a place of it is not there.
    #[error("{place}: expected {expected}")]
    Malformed {
        /// A path into the plan.
        place: String,
        /// What should be there.
        expected: &'static str,
    },
    /// It is larger than any query.
    #[error("the plan is too large: at most {MOST_TEXTS} texts are taken, and {most} bytes of the query that it amounts to", most = postgres::MOST_BYTES)]
    TooLarge,
    /// The guard refused the work.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// What a plan reads and gives.
#[derive(Debug, Clone, Serialize)]
pub struct PlanLineage {
    /// Whose plan it is.
    pub engine: Engine,
    /// The query that it amounts to, where the plan says as much: the spans of the edges are places in it.
    pub sql: Option<String>,
    /// The columns that are read of each table.
    pub columns_read: BTreeMap<String, BTreeSet<String>>,
    /// Its lineage; without edges where the plan does not say what its outputs are.
    pub lineage: Lineage,
}

/// A plan and the text that it was made for.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// What the plan says.
    pub plan: PlanLineage,
    /// What the text says.
    pub text: Option<Lineage>,
    /// Where they disagree.
    pub differences: Vec<Difference>,
}

/// Reads a plan, and says where it disagrees with the text, if there is one.
///
/// # Errors
/// Why it was not read.
pub fn read(
    plan: &Value,
    text: Option<Text<'_>>,
    catalog: &Catalog,
    options: &Options,
) -> Result<Compared, PlanError> {
    if !is_within(plan, MOST_TEXTS) {
        return Err(PlanError::TooLarge);
    }
    guard::on_large_stack(|| {
        let traced = text.map(|text| trace(text.sql, text.dialect, catalog, options));
        let names = text.and_then(|text| named_columns(text.sql, text.dialect, catalog, options));
        let plan = match engine_of(plan)? {
            Engine::Postgres => by_query(plan, &names.unwrap_or_default(), catalog)?,
            Engine::DuckDb => reads::duckdb(plan)?,
            Engine::MySql => reads::mysql(plan)?,
            Engine::Sqlite | Engine::Snowflake => return Err(PlanError::Unknown),
        };
        let differences = traced.as_ref().map_or_else(Vec::new, |text| compare::differences(&plan, text));
        Ok(Compared { plan, text: traced, differences })
    })?
}

/// Most texts in a plan: names, expressions, kinds of nodes. The plans of TPC-DS have at most 2,000.
const MOST_TEXTS: usize = 10_000;

/// Whether there are no more texts than that.
fn is_within(plan: &Value, most: usize) -> bool {
    let (mut open, mut count) = (vec![plan], 0);
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(members) => open.extend(members.values()),
            Value::String(_) => count += 1,
            _ => {}
        }
        if count > most {
            return false;
        }
    }
    true
}

/// The dialect of the database whose plan it is.
pub fn dialect_of(plan: &Value) -> Option<Dialect> {
    engine_of(plan).ok().map(Engine::dialect)
}

/// Told by the members that only one of them has.
fn engine_of(plan: &Value) -> Result<Engine, PlanError> {
    let first = match plan {
        Value::Array(list) => list.first().ok_or(PlanError::Unknown)?,
        other => other,
    };
    let has = |key: &str| first.get(key).is_some();
    if has("Plan") || has("Node Type") {
        Ok(Engine::Postgres)
    } else if has("query_block") {
        Ok(Engine::MySql)
    } else if has("children") && (has("extra_info") || has("name") || has("operator_name")) {
        Ok(Engine::DuckDb)
    } else {
        Err(PlanError::Unknown)
    }
}

/// The lineage of the query that a plan amounts to.
fn by_query(plan: &Value, names: &NamedColumns, catalog: &Catalog) -> Result<PlanLineage, PlanError> {
    let postgres::Written { sql, unsaid } = postgres::write(plan, names, catalog)?;
    // Every column of it has a relation: a catalog would add nothing.
    let mut lineage = trace(&sql, Dialect::Postgres, &Catalog::default(), &Options::default());
    let unsaid = unsaid.into_iter().map(|message| Finding {
        code: "plan",
        severity: crate::lineage::Severity::Warning,
        message,
        line: 1,
        column: 1,
        candidates: Vec::new(),
    });
    lineage.findings.splice(0..0, unsaid);
    let mut columns_read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in &lineage.tables_in {
        columns_read.insert(table.name.to_string(), BTreeSet::new());
    }
    for edge in &lineage.columns {
        if &*edge.source.table != "?" {
            columns_read
                .entry(edge.source.table.to_string())
                .or_default()
                .insert(edge.source.column.to_string());
        }
    }
    Ok(PlanLineage { engine: Engine::Postgres, sql: Some(sql), columns_read, lineage })
}

/// Whether the value of a column comes through.
fn is_direct(edge: &crate::lineage::Edge) -> bool {
    edge.edge_type() == EdgeType::Direct
}
