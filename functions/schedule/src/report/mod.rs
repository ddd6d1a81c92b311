//! The daily report of a workspace, written by the first event of a day.

mod document;
mod gather;
mod tables;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sqm_domain::WorkspaceId;
use sqm_sql::ENGINE_VERSION;
use sqm_store::{StoreError, StoredReport};
use tokio::time::Instant;

use crate::{App, Done, Failed};
use document::Report;
use gather::Gathered;

/// How far back the first report looks.
const FIRST: SignedDuration = SignedDuration::from_hours(24);

/// Writes the report of the day of this time, unless it is written. Where the time does not suffice the next event
/// begins it anew.
pub(crate) async fn daily(
    app: &App,
    workspace: &WorkspaceId,
    time: Timestamp,
    until: Instant,
    done: &mut Done,
) -> Result<(), Failed> {
    let day = time.to_zoned(TimeZone::UTC).date();
    let before = app.store.latest_report(workspace).await?;
    if before.as_ref().is_some_and(|before| before.day >= day) {
        return Ok(());
    }
    let to = app.clock.now();
    let from = match &before {
        Some(before) => before.until,
        None => to.checked_sub(FIRST).unwrap_or(Timestamp::MIN),
    };
    let Some(gathered) = Gathered::of(app, workspace, (from, to), until).await? else {
        done.is_cut_short = true;
        return Ok(());
    };
    let report = Report::new(day, (from, to), ENGINE_VERSION, &gathered);
    let document = serde_json::to_string(&report);
    let document = document.map_err(|error| StoreError::Unexpected(error.to_string()))?;
    done.reports +=
        usize::from(app.store.keep_report(workspace, &StoredReport { day, until: to, document }).await?);
    Ok(())
}
