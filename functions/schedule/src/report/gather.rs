//! What a report is made from: one walk through the heads of a workspace, and what ran of each query.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sqm_domain::{QueryId, WorkspaceId};
use sqm_runs::{Span, Window, shifts};
use sqm_store::{CatalogSummary, Fingerprint, References, StoreError, Summary};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::tables::Tables;
use crate::{App, Failed};

/// Queries that are read at once.
const PAGE: usize = 100;

/// Queries whose executions are read at once.
const ABREAST: usize = 16;

/// How far back executions are compared.
const RUNS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A query that takes longer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slower {
    pub query: QueryId,
    pub at: Timestamp,
    pub factor: f64,
    /// The 95th percentiles before and after, in microseconds.
    pub p95: [f64; 2],
}

/// Everything that is told of.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub queries: usize,
    /// Queries that were created or changed, the newest first.
    pub changed: Vec<Summary>,
    pub catalogs: Vec<CatalogSummary>,
    /// Queries by the code of a finding that is new.
    pub findings: BTreeMap<String, Vec<QueryId>>,
    pub slower: Vec<Slower>,
    pub forms: BTreeMap<Fingerprint, Vec<QueryId>>,
    pub tables: Tables,
}

impl Gathered {
    /// Walks through a workspace; `None` where the time does not suffice.
    pub(super) async fn of(
        app: &App,
        workspace: &WorkspaceId,
        period: (Timestamp, Timestamp),
        until: Instant,
    ) -> Result<Option<Self>, Failed> {
        let mut gathered = Self::default();
        let mut from = None;
        loop {
            let page = app.store.catalogs(workspace, PAGE, from.as_ref()).await?;
            for summary in page.items {
                match app.store.catalog(workspace, &summary.name).await {
                    Ok(stored) => gathered.tables.declare(&summary.name, &stored.catalog),
                    Err(StoreError::NotFound) => continue,
                    Err(error) => return Err(error.into()),
                }
                if summary.updated >= period.0 {
                    gathered.catalogs.push(summary);
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut before = None;
        loop {
            if Instant::now() >= until {
                return Ok(None);
            }
            let (walked, next) = app.store.walk(workspace, PAGE, before).await?;
            let ids: Vec<QueryId> = walked.iter().map(|(summary, _)| summary.id).collect();
            for (summary, references) in walked {
                gathered.add(summary, &references, period);
            }
            gathered.slower.extend(slower(app, workspace, &ids, period).await?);
            before = next;
            if before.is_none() {
                break;
            }
        }
        gathered.changed.sort_by_key(|summary| std::cmp::Reverse((summary.updated, summary.id)));
        gathered.slower.sort_by(|one, other| other.factor.total_cmp(&one.factor));
        Ok(Some(gathered))
    }

    fn add(&mut self, summary: Summary, references: &References, (from, to): (Timestamp, Timestamp)) {
        self.queries += 1;
        for (code, since) in summary.findings.iter().flatten() {
            if *since >= from && *since < to {
                self.findings.entry(code.clone()).or_default().push(summary.id);
            }
        }
        if let Some(form) = &summary.fingerprint {
            self.forms.entry(form.clone()).or_default().push(summary.id);
        }
        self.tables.add(references);
        if summary.updated >= from && summary.updated < to {
            self.changed.push(summary);
        }
    }
}

/// Those of these queries that take longer since some time of the period, or the day before it.
async fn slower(
    app: &App,
    workspace: &WorkspaceId,
    ids: &[QueryId],
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Slower>, Failed> {
    let begin = to.checked_sub(RUNS).unwrap_or(Timestamp::MIN);
    let mut found = Vec::new();
    for part in ids.chunks(ABREAST) {
        let mut reading = JoinSet::new();
        for id in part {
            let (store, workspace, id) = (app.store.clone(), workspace.clone(), *id);
            reading.spawn(async move {
                let windows = store.windows(&workspace, id, Span::Day, (begin, to), to).await?;
                Ok::<_, StoreError>((id, windows))
            });
        }
        while let Some(read) = reading.join_next().await {
            let (id, windows) = read.map_err(|error| StoreError::Unexpected(error.to_string()))??;
            found.extend(regression(id, &windows, Span::Day.start(from)));
        }
    }
    Ok(found)
}

/// The last place from which on a query takes longer, if that is in the time that is told of.
fn regression(query: QueryId, windows: &[Window], from: Timestamp) -> Option<Slower> {
    let shift = shifts(windows).pop().filter(|shift| shift.factor > 1.0)?;
    let at = windows.get(shift.after.windows.start)?.start;
    let p95 = |window: &Window| window.sketch.quantile(0.95).unwrap_or_default();
    let p95 = [p95(&shift.before.total), p95(&shift.after.total)];
    (at >= from).then_some(Slower { query, at, factor: shift.factor, p95 })
}

/// Queries that share a form, those of which there are most first.
pub(super) fn duplicates(forms: &BTreeMap<Fingerprint, Vec<QueryId>>) -> Vec<(&Fingerprint, &[QueryId])> {
    let mut several: Vec<(&Fingerprint, &[QueryId])> =
        forms.iter().filter(|(_, ids)| ids.len() > 1).map(|(form, ids)| (form, ids.as_slice())).collect();
    several.sort_by_key(|(form, ids)| (std::cmp::Reverse(ids.len()), *form));
    several
}

/// Each of these once.
pub(super) fn distinct(ids: &[QueryId]) -> BTreeSet<QueryId> {
    ids.iter().copied().collect()
}
