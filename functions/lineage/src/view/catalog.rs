//! Catalogs as callers read them.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{CatalogName, Dialect, Subject, VersionNumber, WorkspaceId};
use sqm_http::{Caller, ETag, Reply};
use sqm_sql::catalog::CatalogProblem;
use sqm_store::{CatalogSummary, Page, StoredCatalog};

use super::table::TableView;
use crate::source::Source;

/// Most problems that an answer lists: whoever has more of them has given something else than DDL.
const MAX_PROBLEMS: usize = 100;

/// A catalog without its tables.
#[derive(Serialize)]
pub(crate) struct SummaryView<'a> {
    name: &'a CatalogName,
    version: VersionNumber,
    dialect: Dialect,
    table_count: usize,
    created_at: Timestamp,
    updated_at: Timestamp,
    author: &'a Subject,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

/// A catalog with its tables.
#[derive(Serialize)]
pub(crate) struct CatalogView<'a> {
    #[serde(flatten)]
    summary: SummaryView<'a>,
    source: Source,
    tables: Vec<TableView<'a>>,
}

/// A catalog that was just stored, and what of its source it does not hold.
#[derive(Serialize)]
pub(crate) struct PutView<'a> {
    #[serde(flatten)]
    summary: SummaryView<'a>,
    problems: &'a [CatalogProblem],
    problem_count: usize,
}

/// A page of the list.
#[derive(Serialize)]
struct PageView<'a> {
    items: Vec<SummaryView<'a>>,
    next: Option<&'a str>,
}

impl<'a> From<&'a CatalogSummary> for SummaryView<'a> {
    fn from(summary: &'a CatalogSummary) -> Self {
        Self {
            name: &summary.name,
            version: summary.version,
            dialect: summary.dialect,
            table_count: summary.tables,
            created_at: summary.created,
            updated_at: summary.updated,
            author: &summary.author,
            links: Links { this: location(&summary.name) },
        }
    }
}

impl<'a> From<&'a StoredCatalog> for CatalogView<'a> {
    fn from(stored: &'a StoredCatalog) -> Self {
        Self {
            summary: SummaryView::from(&stored.summary),
            source: Source::of_kept(&stored.source),
            tables: stored.catalog.tables().iter().map(TableView::from).collect(),
        }
    }
}

impl<'a> PutView<'a> {
    pub(crate) fn new(summary: &'a CatalogSummary, problems: &'a [CatalogProblem]) -> Self {
        Self {
            summary: SummaryView::from(summary),
            problems: &problems[..problems.len().min(MAX_PROBLEMS)],
            problem_count: problems.len(),
        }
    }
}

/// Where a catalog is. Names may hold characters that a path cannot.
pub(crate) fn location(name: &CatalogName) -> String {
    let escaped: String = form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect();
    format!("/v1/catalogs/{escaped}")
}

/// The tag of a catalog at a version. It says whose it is, since the address does not: in a cache that
/// several callers share, the same name and version are of two catalogs.
pub(crate) fn etag(workspace: &WorkspaceId, version: VersionNumber) -> ETag {
    ETag::new(format_args!("{workspace}:{version}"))
}

/// The version in a tag of this workspace.
pub(crate) fn version_of(workspace: &WorkspaceId, tag: &ETag) -> Option<VersionNumber> {
    tag.opaque().strip_prefix(workspace.as_str())?.strip_prefix(':')?.parse().ok()
}

/// A page as an answer.
pub(crate) fn page(caller: &Caller, page: &Page<CatalogSummary>, limit: usize) -> Reply {
    let next = page.next.as_ref().map(|position| caller.cursor(position));
    let items = page.items.iter().map(SummaryView::from).collect();
    let reply = Reply::ok(&PageView { items, next: next.as_deref() });
    match &next {
        None => reply,
        Some(cursor) => reply.link(&format!("/v1/catalogs?limit={limit}&cursor={cursor}"), "next"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_a_path() {
        let check = |name: &str, expected: &str| assert_eq!(location(&name.parse().unwrap()), expected);
        check("retail", "/v1/catalogs/retail");
        check("ab:c@d+e_f.g-h", "/v1/catalogs/ab%3Ac%40d%2Be_f.g-h");
        check("größe", "/v1/catalogs/gr%C3%B6%C3%9Fe");
    }
}
