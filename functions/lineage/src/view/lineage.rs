//! Lineage as callers read it: the document of the command line's contract, and what it is of and rests
//! on.

use serde::Serialize;
use sqm_domain::{Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Reply};
use sqm_sql::lineage::Lineage;

use crate::analysis::Format;

/// The lineage of a text.
#[derive(Serialize)]
pub(crate) struct Traced<'a> {
    #[serde(flatten)]
    pub query: Option<Of>,
    pub dialect: Dialect,
    pub basis: &'a Basis,
    #[serde(flatten)]
    pub lineage: &'a Lineage,
}

/// The stored text that it is of.
#[derive(Serialize)]
pub(crate) struct Of {
    pub id: QueryId,
    pub version: VersionNumber,
}

/// The answer in the form that was asked for.
pub(crate) fn lineage(traced: &Traced<'_>, format: Format) -> Reply {
    match format {
        Format::Json => Reply::ok(traced),
        Format::Text => Reply::text(traced.lineage.to_text(), "text/plain; charset=utf-8"),
    }
}
