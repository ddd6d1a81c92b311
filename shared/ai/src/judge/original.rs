//! The query that proposals are held against, with all that is compared read once.

use std::collections::{BTreeMap, BTreeSet};

use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{EdgeType, Lineage};
use sqm_sql::shape;
use sqm_verify::output_kinds;

use crate::ask::{NotAsked, Statement};

/// A query that can be verified.
#[derive(Debug, Clone)]
pub struct Original {
    /// As a model sees it.
    pub statement: Statement,
    pub(super) sql: String,
    pub(super) functions: BTreeSet<String>,
    pub(super) outputs: Option<Vec<String>>,
    pub(super) kinds: Vec<String>,
    pub(super) reads: BTreeSet<String>,
    pub(super) origins: Origins,
}

/// From which columns the value of each output comes, by its name.
pub(super) type Origins = BTreeMap<String, BTreeSet<(String, String)>>;

impl Original {
    /// Reads the only query of a text.
    ///
    /// # Errors
    /// A model is not asked: nothing that it could propose would be offered.
    pub fn read(sql: &str, statement: Statement, catalog: &Catalog) -> Result<Self, NotAsked> {
        let dialect = statement.dialect;
        let shape = shape::of(sql, dialect).map_err(|error| NotAsked::Unverified(error.to_string()))?;
        let kinds = output_kinds(sql, dialect, catalog).map_err(NotAsked::Unverified)?;
        Ok(Self {
            sql: sql.to_owned(),
            functions: shape.functions,
            outputs: shape::outputs(sql, dialect, catalog),
            kinds,
            reads: reads(&statement.lineage),
            origins: origins(&statement.lineage),
            statement,
        })
    }
}

/// The tables that a query reads.
pub(super) fn reads(lineage: &Lineage) -> BTreeSet<String> {
    lineage.tables_in.iter().map(|table| table.name.to_lowercase()).collect()
}

/// Where the outputs of a query come from.
pub(super) fn origins(lineage: &Lineage) -> Origins {
    let mut origins = Origins::new();
    for edge in lineage.columns.iter().filter(|edge| edge.edge_type() == EdgeType::Direct) {
        if let Some(target) = &edge.target {
            let source = (edge.source.table.to_lowercase(), edge.source.column.to_lowercase());
            origins.entry(target.column.to_lowercase()).or_default().insert(source);
        }
    }
    origins
}
