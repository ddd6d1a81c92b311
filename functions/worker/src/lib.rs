//! The worker: analyses the queries that the messages of a batch name, some at once, and says which messages are to be
//! delivered again.
//!
//! A message may be delivered several times: what is analysed already is found to be so, and a job counts a task once.

mod analyse;
mod batch;
mod event;
mod task;

use std::sync::Arc;
use std::time::Duration;

use sqm_cache::Levels;
use sqm_http::Clock;
use sqm_store::Store;
use tokio::time::Instant;

use batch::Bounds;
pub use event::{Batch, Failure, Record, Response};

/// How much time has to be left for another message to be begun: the longest analysis and optimization take as long.
const NEEDED: Duration = Duration::from_secs(45);

/// What the worker stands on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What was made before.
    pub levels: Levels,
    /// How often a message is received before it goes to the dead letters.
    pub most_receives: u64,
}

/// Does the work of a batch, ends by `until`, and names the messages that are to come again.
pub async fn work(app: &App, event: Batch, until: Instant) -> Response {
    let bounds = Bounds { most_receives: app.most_receives, until, needed: NEEDED };
    batch::work(event.records, bounds, |message| {
        let app = app.clone();
        async move { task::perform(&app, message).await }
    })
    .await
}
