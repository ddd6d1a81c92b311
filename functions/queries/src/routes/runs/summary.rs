//! `GET /v1/queries/{id}/runs`

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sqm_domain::QueryId;
use sqm_http::{Caller, Path, Problem, QueryString, Reply, Scope};
use sqm_runs::{Shift, Span, shifts, trend};
use sqm_store::{KEEP_DAYS, KEEP_HOURS_DAYS, PlanShape};

use super::view::{Change, MOST_PLANS, View};
use crate::App;

/// Most versions that are looked at to see what came before a shift.
const MOST_CHANGES: usize = 1_000;

/// Which time, and in which windows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    by: Option<By>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Hour,
    Day,
}

/// What ran of a query, by the hour or by the day: how long it took, where that goes, and since when it takes
/// longer or shorter.
pub(crate) async fn summary(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let now = app.clock.now();
    let (span, (from, to)) = which.range(now)?;
    let workspace = caller.workspace();
    let query = app.store.summary(workspace, id).await?;
    let windows = app.store.windows(workspace, id, span, (from, to), now).await?;
    let shifts = shifts(&windows);
    let mut changes = Vec::new();
    if let Some(first) = shifts.first() {
        // Before the first window after a shift nothing can have made it.
        let since = windows[first.before.windows.end - 1].start;
        let versions = app.store.query_changes(workspace, id, since, MOST_CHANGES).await?;
        changes.extend(versions.into_iter().map(|(version, at)| Change::of_query(version, at)));
        if let Some(name) = &query.catalog {
            let versions = app.store.catalog_changes(workspace, name, since, MOST_CHANGES).await?;
            changes.extend(versions.into_iter().map(|(version, at)| Change::of_catalog(name, version, at)));
        }
    }
    let mut shapes: Vec<PlanShape> = shifts.iter().flat_map(plans).collect();
    shapes.sort();
    shapes.dedup();
    let outlines = app.store.outlines(workspace, id, &shapes).await?;
    let trend = trend(&windows);
    Ok(Reply::ok(&View::new(span, (from, to), &windows, trend, &shifts, &changes, &outlines)))
}

/// The plans on both sides of a shift, as many as are shown.
fn plans(shift: &Shift) -> impl Iterator<Item = PlanShape> {
    let sides = [&shift.before, &shift.after];
    let shapes = sides.into_iter().flat_map(|side| side.total.plans.iter().take(MOST_PLANS));
    shapes.filter_map(|shape| PlanShape::try_from(shape.clone()).ok())
}

impl Which {
    fn range(&self, now: Timestamp) -> Result<(Span, (Timestamp, Timestamp)), Problem> {
        let (span, name, usual, kept) = match self.by.unwrap_or(By::Day) {
            By::Hour => (Span::Hour, "hours", 2, KEEP_HOURS_DAYS),
            By::Day => (Span::Day, "days", 30, KEEP_DAYS),
        };
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        let to = self.to.unwrap_or(now);
        let from = match self.from {
            Some(from) => from,
            None => to.checked_sub(days(usual)).unwrap_or(Timestamp::MIN),
        };
        if from >= to {
            return Err(Problem::parameter("from", "must come before `to`"));
        }
        if now.duration_since(from) > days(kept) {
            return Err(Problem::parameter("from", format!("{name} are kept for {kept} days")));
        }
        Ok((span, (from, to)))
    }
}
