//! The schedule: finds what needs analysis in every workspace, opens a job for it, and sends a message for each query;
//! and writes the report of the day.
//!
//! What it does may be interrupted anywhere and done again: a query stays stale until it is analysed, an event names its
//! job, and a task is planned before its message is sent.

mod fan_out;
mod report;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::WorkspaceId;
use sqm_http::Clock;
use sqm_queue::{Queue, QueueError};
use sqm_store::{Store, StoreError};
use tokio::time::Instant;

/// Workspaces that are read at once.
const WORKSPACES: usize = 100;

/// What the schedule stands on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Where the messages go.
    pub queue: Queue,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// What EventBridge Scheduler sends: our own words, with the time for which it was due.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// For when it was due: the same event, delivered again, is about the same jobs.
    pub time: Timestamp,
    /// One workspace, for whoever calls it by hand; else all.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Done {
    /// Workspaces that were looked at.
    pub workspaces: usize,
    /// Jobs that were opened, or gone on with.
    pub jobs: usize,
    /// Messages that were sent.
    pub sent: usize,
    /// Daily reports that were written.
    pub reports: usize,
    /// Tasks that nobody has said anything of for too long.
    pub given_up: usize,
    /// Whether the time did not suffice: what is left is found by the next event.
    pub is_cut_short: bool,
}

/// Why it was not done. The same event again goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Does what is due, and ends by `until`. What fails in one workspace is no reason to leave the others out; the first
/// failure is told when all have been looked at, so that the event comes again.
///
/// # Errors
/// [`Failed`].
pub async fn run(app: &App, event: &Event, until: Instant) -> Result<Done, Failed> {
    let mut done = Done::default();
    let mut failed = None;
    let mut workspaces = match &event.workspace {
        Some(workspace) => vec![workspace.clone()],
        None => app.store.workspaces(WORKSPACES, None).await?,
    };
    while !workspaces.is_empty() {
        for workspace in &workspaces {
            if Instant::now() >= until {
                done.is_cut_short = true;
                return failed.map_or(Ok(done), Err);
            }
            done.workspaces += 1;
            if let Err(error) = of_workspace(app, workspace, event, until, &mut done).await {
                tracing::warn!(%workspace, %error, "a workspace was not looked through");
                failed.get_or_insert(error);
            }
        }
        workspaces = match (&event.workspace, workspaces.last()) {
            (None, Some(last)) => app.store.workspaces(WORKSPACES, Some(last)).await?,
            _ => Vec::new(),
        };
    }
    failed.map_or(Ok(done), Err)
}

async fn of_workspace(
    app: &App,
    workspace: &WorkspaceId,
    event: &Event,
    until: Instant,
    done: &mut Done,
) -> Result<(), Failed> {
    fan_out::of_workspace(app, workspace, event.time, until, done).await?;
    report::daily(app, workspace, event.time, until, done).await
}
