//! Queries as callers read them.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{CatalogName, Dialect, Note, QueryId, Subject, Tag, Title, VersionNumber};
use sqm_http::{Caller, ETag, Preconditions, Problem, Reply};
use sqm_sql::text::Position;
use sqm_store::{Fingerprint, Hits, Page, Parse, Query, Summary};

/// A query without its text.
#[derive(Serialize)]
pub(crate) struct SummaryView<'a> {
    id: QueryId,
    version: VersionNumber,
    title: &'a Title,
    description: &'a Note,
    dialect: Dialect,
    tags: Vec<&'a Tag>,
    owner: &'a Subject,
    catalog: Option<&'a CatalogName>,
    created_at: Timestamp,
    updated_at: Timestamp,
    author: &'a Subject,
    message: &'a Note,
    parse: ParseView<'a>,
    complexity: Option<u32>,
    fingerprint: Option<&'a Fingerprint>,
    sql_bytes: usize,
    sql_sha256: &'a str,
}

/// A query with its text.
#[derive(Serialize)]
pub(crate) struct QueryView<'a> {
    #[serde(flatten)]
    summary: SummaryView<'a>,
    sql: &'a str,
    reads: Vec<&'a str>,
    writes: Vec<&'a str>,
    links: Links,
}

/// Whether the text parses.
#[derive(Serialize)]
struct ParseView<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    message: &'a str,
    #[serde(flatten)]
    position: Option<Position>,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    versions: String,
    lineage: String,
    optimizations: String,
}

/// A page of what was searched for.
#[derive(Serialize)]
struct HitsView<'a> {
    items: Vec<HitView<'a>>,
    next: Option<&'a str>,
    partial: bool,
}

#[derive(Serialize)]
struct HitView<'a> {
    score: u32,
    #[serde(flatten)]
    summary: SummaryView<'a>,
}

/// A page of a list.
#[derive(Serialize)]
pub(crate) struct PageView<'a> {
    items: Vec<SummaryView<'a>>,
    next: Option<&'a str>,
}

impl<'a> From<&'a Summary> for SummaryView<'a> {
    fn from(summary: &'a Summary) -> Self {
        Self {
            id: summary.id,
            version: summary.version,
            title: &summary.title,
            description: &summary.description,
            dialect: summary.dialect,
            tags: summary.tags.iter().collect(),
            owner: &summary.owner,
            catalog: summary.catalog.as_ref(),
            created_at: summary.created,
            updated_at: summary.updated,
            author: &summary.author,
            message: &summary.message,
            parse: ParseView::from(&summary.parse),
            complexity: summary.complexity,
            fingerprint: summary.fingerprint.as_ref(),
            sql_bytes: summary.sql_bytes,
            sql_sha256: &summary.sql_sha256,
        }
    }
}

impl<'a> From<&'a Parse> for ParseView<'a> {
    fn from(parse: &'a Parse) -> Self {
        match parse {
            Parse::Parsed => Self { ok: true, error: None },
            Parse::Failed { message, position } => {
                Self { ok: false, error: Some(ErrorView { message, position: *position }) }
            }
        }
    }
}

impl<'a> From<&'a Query> for QueryView<'a> {
    fn from(query: &'a Query) -> Self {
        let at = location(query.summary.id);
        Self {
            summary: SummaryView::from(&query.summary),
            sql: query.sql.as_str(),
            reads: query.references.reads.iter().map(String::as_str).collect(),
            writes: query.references.writes.iter().map(String::as_str).collect(),
            links: Links {
                versions: format!("{at}/versions"),
                lineage: format!("{at}/lineage"),
                optimizations: format!("{at}/optimizations"),
                this: at,
            },
        }
    }
}

/// Where a query is.
pub(crate) fn location(id: QueryId) -> String {
    format!("/v1/queries/{id}")
}

/// The tag of a query at a version.
pub(crate) fn etag(version: VersionNumber) -> ETag {
    ETag::new(version)
}

/// The tag of the newest version, of which more was found out so many times since it was made.
pub(crate) fn current_etag(version: VersionNumber, revision: u32) -> ETag {
    match revision {
        0 => etag(version),
        revision => ETag::new(format_args!("{version}.{revision}")),
    }
}

/// Whether `If-Match` names the newest version. What was found out about it since is nobody's change: the tags of before
/// that are taken as well.
pub(crate) fn hold(
    preconditions: &Preconditions,
    version: VersionNumber,
    revision: u32,
) -> Result<(), Problem> {
    let named = preconditions.if_match()?;
    if (0..revision).any(|before| named.agree_strongly(&current_etag(version, before))) {
        return Ok(());
    }
    preconditions.hold(Some(&current_etag(version, revision)))
}

/// The newest version of a query as an answer.
pub(crate) fn current(query: &Query) -> Reply {
    let Summary { version, revision, .. } = query.summary;
    Reply::ok(&QueryView::from(query)).etag(current_etag(version, revision))
}

/// One version of a query as an answer, which stays what it is.
pub(crate) fn fixed(query: &Query, preconditions: &Preconditions) -> Reply {
    let reply = Reply::ok(&QueryView::from(query)).etag(etag(query.summary.version));
    reply.unless_known(preconditions)
}

/// A page of what was searched for, as an answer.
pub(crate) fn hits_page(caller: &Caller, hits: &Hits, path: &str) -> Reply {
    let next = hits.page.next.as_ref().map(|position| caller.cursor(position));
    let items = hits
        .page
        .items
        .iter()
        .map(|(score, summary)| HitView { score: *score, summary: SummaryView::from(summary) });
    let view = HitsView { items: items.collect(), next: next.as_deref(), partial: hits.is_partial };
    linked(Reply::ok(&view), next.as_deref(), path)
}

/// A page as an answer. `path` is that of the list with its parameters, without a cursor.
pub(crate) fn page(caller: &Caller, page: &Page<Summary>, path: &str) -> Reply {
    let next = page.next.as_ref().map(|position| caller.cursor(position));
    let items = page.items.iter().map(SummaryView::from).collect();
    linked(Reply::ok(&PageView { items, next: next.as_deref() }), next.as_deref(), path)
}

/// With the link to the next page, where there is one.
fn linked(reply: Reply, next: Option<&str>, path: &str) -> Reply {
    match next {
        None => reply,
        Some(cursor) => {
            let and = if path.contains('?') { '&' } else { '?' };
            reply.link(&format!("{path}{and}cursor={cursor}"), "next")
        }
    }
}
