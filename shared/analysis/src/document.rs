//! Lineage as callers read it: the document of the command line's contract, and what it is of and rests
//! on.

use serde::Serialize;
use sqm_domain::{AnalysisId, Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Reply};
use sqm_sql::lineage::Lineage;

/// A stored query that defines a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredView {
    /// The view, as the text calls it.
    pub name: String,
    /// The query.
    pub query: QueryId,
    /// The version of the query.
    pub version: VersionNumber,
}

/// What a lineage rests on.
#[derive(Serialize)]
pub struct On<'a> {
    /// The dialect of the text.
    pub dialect: Dialect,
    /// Engine and catalog.
    pub basis: &'a Basis,
    /// Stored queries that define views which were followed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub views: &'a [StoredView],
}

/// A lineage under its id.
#[derive(Serialize)]
pub struct LineageView<'a> {
    /// Its id.
    pub analysis: AnalysisId,
    /// What it rests on.
    #[serde(flatten)]
    pub on: On<'a>,
    /// The lineage itself.
    #[serde(flatten)]
    pub lineage: &'a Lineage,
}

/// The answer about a stored query: which one it is stands before the rest of the document, which is that of every
/// query with this text.
pub fn of_query(id: QueryId, version: VersionNumber, document: &str) -> Reply {
    let rest = document.strip_prefix('{').unwrap_or(document);
    Reply::json(format!("{{\"id\":\"{id}\",\"version\":{version},{rest}"))
}
