//! The graph as callers read it.

use serde::Serialize;
use sqm_domain::{Dialect, QueryId, Subject, Title, VersionNumber};
use sqm_store::{Reached, Summary};

#[derive(Serialize)]
pub(super) struct View<'a> {
    name: &'a str,
    direction: &'static str,
    depth: u8,
    reached: Vec<ReachedView<'a>>,
    truncated: bool,
    items: Vec<Item<'a>>,
    next: Option<&'a str>,
}

/// A table or a column that was reached.
#[derive(Serialize)]
pub(super) struct ReachedView<'a> {
    name: &'a str,
    depth: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

/// A query that reads or makes it.
#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    depth: u8,
    query: QueryView<'a>,
}

/// A query, as far as it is named.
#[derive(Serialize)]
pub(super) struct QueryView<'a> {
    id: QueryId,
    version: VersionNumber,
    title: &'a Title,
    dialect: Dialect,
    owner: &'a Subject,
}

impl<'a> View<'a> {
    pub(super) fn new(
        name: &'a str,
        direction: &'static str,
        depth: u8,
        reached: &'a [Reached],
        is_all: bool,
        found: &'a [(usize, Summary)],
        next: Option<&'a str>,
    ) -> Self {
        let item = |(at, summary): &'a (usize, Summary)| {
            let reached = &reached[*at];
            Item { name: &reached.name, depth: reached.depth, query: QueryView::from(summary) }
        };
        Self {
            name,
            direction,
            depth,
            reached: reached.iter().map(ReachedView::from).collect(),
            truncated: !is_all,
            items: found.iter().map(item).collect(),
            next,
        }
    }
}

impl<'a> From<&'a Reached> for ReachedView<'a> {
    fn from(reached: &'a Reached) -> Self {
        Self { name: &reached.name, depth: reached.depth, from: reached.from.as_deref() }
    }
}

impl<'a> From<&'a Summary> for QueryView<'a> {
    fn from(summary: &'a Summary) -> Self {
        Self {
            id: summary.id,
            version: summary.version,
            title: &summary.title,
            dialect: summary.dialect,
            owner: &summary.owner,
        }
    }
}
