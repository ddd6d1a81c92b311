//! The report as callers read it. What there may be much of is counted, and shown up to a bound.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sqm_domain::{CatalogName, QueryId, Subject, Title, VersionNumber};
use sqm_sql::rules;
use sqm_store::{Fingerprint, Summary};

use super::gather::{Gathered, distinct, duplicates};

/// Most things of one kind that are shown, and most queries of one of them.
const MOST: usize = 100;
const MOST_QUERIES: usize = 20;

/// How many there are, and the first of them.
#[derive(Serialize)]
struct Counted<T> {
    count: usize,
    items: Vec<T>,
}

impl<T> Counted<T> {
    fn of(all: impl ExactSizeIterator<Item = T>) -> Self {
        Self { count: all.len(), items: all.take(MOST).collect() }
    }
}

/// The report.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    day: Date,
    from: Timestamp,
    to: Timestamp,
    engine: &'a str,
    queries: usize,
    changed_queries: Counted<Changed<'a>>,
    changed_catalogs: Counted<ChangedCatalog<'a>>,
    new_findings: Counted<NewFinding<'a>>,
    regressions: Counted<Regression>,
    dead_tables: Counted<Dead<'a>>,
    duplicates: Counted<Duplicate<'a>>,
}

#[derive(Serialize)]
struct Changed<'a> {
    id: QueryId,
    version: VersionNumber,
    title: &'a Title,
    at: Timestamp,
    author: &'a Subject,
}

#[derive(Serialize)]
struct ChangedCatalog<'a> {
    name: &'a CatalogName,
    version: VersionNumber,
    at: Timestamp,
    author: &'a Subject,
}

#[derive(Serialize)]
struct NewFinding<'a> {
    code: &'a str,
    name: &'a str,
    count: usize,
    queries: Vec<QueryId>,
}

#[derive(Serialize)]
struct Regression {
    query: QueryId,
    at: Timestamp,
    factor: f64,
    p95_ms_before: f64,
    p95_ms_after: f64,
}

#[derive(Serialize)]
struct Dead<'a> {
    table: &'a str,
    catalog: Option<&'a CatalogName>,
    writers: usize,
}

#[derive(Serialize)]
struct Duplicate<'a> {
    fingerprint: &'a Fingerprint,
    count: usize,
    queries: Vec<QueryId>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        day: Date,
        (from, to): (Timestamp, Timestamp),
        engine: &'a str,
        gathered: &'a Gathered,
    ) -> Self {
        let changed = |summary: &'a Summary| {
            let Summary { id, version, title, updated, author, .. } = summary;
            Changed { id: *id, version: *version, title, at: *updated, author }
        };
        let finding = |(code, ids): (&'a String, &'a Vec<QueryId>)| {
            let name = rules::all().find(|meta| meta.code == code).map_or("", |meta| meta.name);
            NewFinding { code, name, count: ids.len(), queries: first(ids) }
        };
        let slower = gathered.slower.iter().map(|slower| Regression {
            query: slower.query,
            at: slower.at,
            factor: rounded(slower.factor),
            p95_ms_before: rounded(slower.p95[0] / 1_000.0),
            p95_ms_after: rounded(slower.p95[1] / 1_000.0),
        });
        let catalogs = gathered.catalogs.iter().map(|summary| ChangedCatalog {
            name: &summary.name,
            version: summary.version,
            at: summary.updated,
            author: &summary.author,
        });
        let dead = gathered.tables.dead().into_iter();
        let duplicates = duplicates(&gathered.forms).into_iter();
        Self {
            day,
            from,
            to,
            engine,
            queries: gathered.queries,
            changed_queries: Counted::of(gathered.changed.iter().map(changed)),
            changed_catalogs: Counted::of(catalogs),
            new_findings: Counted::of(gathered.findings.iter().map(finding)),
            regressions: Counted::of(slower),
            dead_tables: Counted::of(dead.map(|dead| Dead {
                table: dead.name,
                catalog: dead.catalog,
                writers: dead.writers,
            })),
            duplicates: Counted::of(duplicates.map(|(fingerprint, ids)| Duplicate {
                fingerprint,
                count: ids.len(),
                queries: first(ids),
            })),
        }
    }
}

fn first(ids: &[QueryId]) -> Vec<QueryId> {
    distinct(ids).into_iter().take(MOST_QUERIES).collect()
}

/// With four digits: more than that a sketch does not know.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}
