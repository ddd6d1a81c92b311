//! Jobs: the analysis of many queries, each of them a task that counts once, however often its message is delivered.
//!
//! Tasks are planned before their messages are sent, so that what is counted is never more than what is planned. The
//! outcome of a task and the counters change in one transaction, and a task has one outcome.

mod count;
mod read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{JobId, QueryId};

/// Most tasks that are planned at once: a transaction holds them and a counter.
pub const MOST_TASKS: usize = 90;

/// How long a job is kept, in seconds: a month.
const KEEP_SECONDS: i64 = 30 * 24 * 60 * 60;

/// In how many parts the counters of a job lie, so that workers seldom meet.
const PARTS: usize = 8;

const TOTAL: &str = "total";
const DONE: &str = "done";
const FAILED: &str = "failed";
const OUTCOME: &str = "outcome";
const PLANNED: &str = "planned";

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// When it was opened.
    pub opened: Timestamp,
    /// Whether all of its tasks are planned.
    #[serde(skip)]
    pub is_planned: bool,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Tasks that are planned.
    pub total: u64,
    /// Those that are done.
    pub done: u64,
    /// Those that failed.
    pub failed: u64,
    /// When one of them was counted last.
    pub at: Option<Timestamp>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// It is done.
    Done,
    /// It failed, for this reason.
    Failed(String),
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The query.
    pub query: QueryId,
    /// Why, in a few words and without any SQL.
    pub why: String,
}

impl Progress {
    /// Those that are neither done nor have failed.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done + self.failed)
    }
}

fn expires(at: Timestamp) -> i64 {
    at.as_second().saturating_add(KEEP_SECONDS)
}
