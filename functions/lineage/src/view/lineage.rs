//! Lineage as callers read it: the document of the command line's contract, and what it is of and rests
//! on.

use serde::Serialize;
use sqm_domain::{AnalysisId, Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Reply};
use sqm_sql::lineage::Lineage;

use crate::stored_views::StoredView;

/// What a lineage rests on.
#[derive(Serialize)]
pub(crate) struct On<'a> {
    pub dialect: Dialect,
    pub basis: &'a Basis,
    /// Stored queries that define views which were followed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub views: &'a [StoredView],
}

/// A lineage under its id.
#[derive(Serialize)]
pub(crate) struct LineageView<'a> {
    pub analysis: AnalysisId,
    #[serde(flatten)]
    pub on: On<'a>,
    #[serde(flatten)]
    pub lineage: &'a Lineage,
}

/// The answer about a stored query: which one it is stands before the rest of the document, which is that of every
/// query with this text.
pub(crate) fn of_query(id: QueryId, version: VersionNumber, document: &str) -> Reply {
    let rest = document.strip_prefix('{').unwrap_or(document);
    Reply::json(format!("{{\"id\":\"{id}\",\"version\":{version},{rest}"))
}
