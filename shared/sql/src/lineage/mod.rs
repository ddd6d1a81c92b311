//! Lineage: which tables a script reads and writes, and which column comes from which.
//!
//! Derived from [`crate::scope`]: nothing here looks at syntax. Edges carry the types and subtypes of
//! OpenLineage's column lineage facet. What the text and the catalog leave open is reported as a finding
//! and has the table `?`; it is never guessed.

mod budget;
mod closure;
mod edges;
mod model;
pub mod output;
mod script;
mod touched;
mod whole;
mod written;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard;
use crate::parse::Script;

pub use model::{
    ColumnRef, Edge, EdgeType, Failure, Finding, Lineage, Severity, StatementLineage, Subtype, TablePlaces,
    TableRef, Touched,
};

/// What a trace is to assume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The database of names that give none.
    pub default_db: Option<String>,
    /// The schema of names that give none.
    pub default_schema: Option<String>,
    /// Whether a view of the catalog is an end, or is looked through.
    pub views: Views,
}

/// What a view of the catalog is to a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Views {
    /// A table like any other.
    #[default]
    Stop,
    /// Its query: lineage goes on to base tables.
    Follow,
}

/// Traces a script. Never fails: what cannot be parsed or resolved is said in the answer.
pub fn trace(sql: &str, dialect: Dialect, catalog: &Catalog, options: &Options) -> Lineage {
    guard::with_script(sql, dialect, |script| trace_script(script, catalog, options))
        .unwrap_or_else(|error| Lineage::refused(error.to_string(), error.position()))
}

/// What the only statement of a text calls its columns; `None` where there are several, or none that is read.
pub(crate) fn named_columns(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    options: &Options,
) -> Option<NamedColumns> {
    guard::with_script(sql, dialect, |script| script::named_columns(script, catalog, options)).ok()?
}

/// Names in the order of the columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedColumns {
    /// Those that it gives, where it gives any and all are known.
    pub(crate) outputs: Option<Vec<String>>,
    /// Those of the queries in it that are relations.
    pub(crate) relations: Vec<Vec<String>>,
}

/// Traces a script that is parsed already.
pub fn trace_script(script: &Script<'_>, catalog: &Catalog, options: &Options) -> Lineage {
    script::trace(script, catalog, options)
}
