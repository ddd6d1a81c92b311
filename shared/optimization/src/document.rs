//! Optimizations as callers read them.

use serde::{Deserialize, Serialize};
use sqm_domain::{AnalysisId, Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Problem, Reply, json};
use sqm_sql::indexes::Index;
use sqm_sql::lint::Finding;
use sqm_sql::rewrites::Alternative;
use sqm_verify::offer::{Offer, Optimization};

use crate::effort::Effort;

/// What an answer is to hold beyond the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Include {
    /// The rewrites that were refuted, with their counterexamples.
    Refuted,
}

/// What the work was done on.
#[derive(Serialize)]
pub struct On<'a> {
    /// The stored text that it was.
    #[serde(flatten)]
    pub query: Option<Of>,
    /// The dialect of the text.
    pub dialect: Dialect,
    /// Engine and catalog.
    pub basis: &'a Basis,
    /// How much was tried.
    pub options: Effort,
}

/// A stored text.
#[derive(Serialize)]
pub struct Of {
    /// Of this query.
    pub id: QueryId,
    /// At this version.
    pub version: VersionNumber,
}

#[derive(Serialize)]
struct OptimizationView<'a, M> {
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<AnalysisId>,
    #[serde(flatten)]
    on: On<'a>,
    findings: &'a [Finding],
    rewrites: &'a [Offer],
    refuted_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuted: Option<&'a [Offer]>,
    alternatives: &'a [Alternative],
    indexes: &'a [Index],
    #[serde(flatten)]
    more: Option<M>,
    notes: &'a [String],
}

/// An optimization as a document, with its id where it is kept, and what others have said beside it. What was refuted is
/// counted, and shown to whoever asks.
///
/// # Errors
/// It is too long.
pub fn document(
    on: On<'_>,
    found: &Optimization,
    include: Option<Include>,
    analysis: Option<AnalysisId>,
    more: Option<impl Serialize>,
) -> Result<String, Problem> {
    json(&OptimizationView {
        analysis,
        on,
        findings: &found.findings,
        rewrites: &found.rewrites,
        refuted_count: found.refuted.len(),
        refuted: include.map(|Include::Refuted| found.refuted.as_slice()),
        alternatives: &found.alternatives,
        indexes: &found.indexes,
        more,
        notes: &found.notes,
    })
}

/// The answer about a stored query: which one it is stands before the rest of the document, which is that of every
/// query with this text.
pub fn of_query(Of { id, version }: Of, document: &str) -> Reply {
    let rest = document.strip_prefix('{').unwrap_or(document);
    Reply::json(format!("{{\"id\":\"{id}\",\"version\":{version},{rest}"))
}
