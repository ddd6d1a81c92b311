//! Optimizations and verdicts as callers read them. A verdict says how long it took, so no answer is the
//! same twice, and none may be kept.

use serde::Serialize;
use serde_json::Value;
use sqm_domain::{Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Reply};
use sqm_sql::lint::Finding;
use sqm_verify::Verification;
use sqm_verify::offer::{Offer, Optimization};

use crate::asked::Include;
use crate::effort::Effort;

/// What the work was done on.
#[derive(Serialize)]
pub(crate) struct On<'a> {
    #[serde(flatten)]
    pub query: Option<Of>,
    pub dialect: Dialect,
    pub basis: &'a Basis,
    pub options: Effort,
}

/// The stored text that it was.
#[derive(Serialize)]
pub(crate) struct Of {
    pub id: QueryId,
    pub version: VersionNumber,
}

#[derive(Serialize)]
struct OptimizationView<'a> {
    #[serde(flatten)]
    on: On<'a>,
    findings: &'a [Finding],
    rewrites: &'a [Offer],
    refuted_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuted: Option<&'a [Offer]>,
    indexes: &'a [Value],
    notes: &'a [String],
}

#[derive(Serialize)]
struct VerificationView<'a> {
    #[serde(flatten)]
    on: On<'a>,
    #[serde(flatten)]
    verdict: Value,
}

/// An optimization as an answer. What was refuted is counted, and shown to whoever asks.
pub(crate) fn optimization(on: On<'_>, found: &Optimization, include: Option<Include>) -> Reply {
    Reply::ok(&OptimizationView {
        on,
        findings: &found.findings,
        rewrites: &found.rewrites,
        refuted_count: found.refuted.len(),
        refuted: include.map(|Include::Refuted| found.refuted.as_slice()),
        indexes: &found.indexes,
        notes: &found.notes,
    })
}

/// A verdict as an answer, in the words of the command line's contract.
pub(crate) fn verification(on: On<'_>, found: &Verification) -> Reply {
    Reply::ok(&VerificationView { on, verdict: found.to_contract() })
}
