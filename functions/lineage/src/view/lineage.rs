//! Lineage as callers read it: the document of the command line's contract, and what it is of and rests
//! on.

use serde::Serialize;
use sqm_domain::{Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Reply};
use sqm_sql::lineage::Lineage;

use crate::form::Traced;
use crate::stored_views::StoredView;

/// What a lineage is of, and rests on.
#[derive(Serialize)]
pub(crate) struct On<'a> {
    #[serde(flatten)]
    pub query: Option<Of>,
    pub dialect: Dialect,
    pub basis: &'a Basis,
    /// Stored queries that define views which were followed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub views: &'a [StoredView],
}

/// The stored text that it is of.
#[derive(Serialize)]
pub(crate) struct Of {
    pub id: QueryId,
    pub version: VersionNumber,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    on: On<'a>,
    #[serde(flatten)]
    lineage: &'a Lineage,
}

/// The answer in the form that was asked for.
pub(crate) fn lineage(on: On<'_>, traced: Traced) -> Reply {
    match traced {
        Traced::Document(lineage) => Reply::ok(&Document { on, lineage: &lineage }),
        Traced::Shown(text, media_type) => Reply::text(text, media_type),
    }
}
