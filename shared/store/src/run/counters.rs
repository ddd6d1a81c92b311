//! What a database counts of a query by itself, such as PostgreSQL's `pg_stat_statements`: counters that grow until
//! somebody sets them back. What is new since they were read last is several executions, known by their mean.

use std::num::NonZeroU64;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{QueryId, RunId, WorkspaceId};
use sqm_runs::MOST_MICROS;

use super::{KEEP_DAYS, KEEP_HOURS_DAYS, Outlines, Recorded, Run, kept_since};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, VERSION, doc, number, number_of};
use crate::keys;
use crate::transaction::{Guard, Refused};

/// How often it is tried anew where others count at the same time.
const ATTEMPTS: usize = 5;

/// Counters as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// What they are called: those of several databases do not mix.
    pub source: RunId,
    /// When they were read.
    pub at: Timestamp,
    /// How often the query was run.
    pub calls: u64,
    /// How long that took together, in microseconds.
    pub micros: u64,
    /// How many rows it gave together.
    pub rows: Option<u64>,
}

impl Counters {
    /// What ran since `before`. Counters that are smaller than before were set back, and began anew.
    fn since(&self, before: Option<&Self>) -> Option<Run> {
        let before = before.filter(|before| before.calls <= self.calls && before.micros <= self.micros);
        let (earlier, micros) = before.map_or((0, 0), |before| (before.calls, before.micros));
        let calls = NonZeroU64::new(self.calls - earlier)?;
        let rows = self.rows.map(|rows| {
            let earlier = before.and_then(|before| before.rows).unwrap_or(0);
            rows.checked_sub(earlier).unwrap_or(rows)
        });
        Some(Run {
            // Databases that count alike at the same time are told apart.
            id: format!("{}@{}", self.source, self.at.as_microsecond()).parse().ok(),
            at: self.at,
            micros: ((self.micros - micros) / calls).min(MOST_MICROS),
            calls,
            rows,
            bytes: None,
            engine: None,
            parameters: None,
            plan: None,
        })
    }
}

impl Store {
    /// Counts what ran since the counters of this source were read last. The same counters again count nothing, nor do
    /// older ones.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such query, and those of the database.
    pub async fn record_counters(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        counters: &Counters,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let partition = keys::executions(workspace, id);
        let head = keys::head(&keys::query(workspace, id));
        let key = keys::counters(&partition, &counters.source);
        if counters.at < kept_since(now, KEEP_DAYS) {
            return Ok(Recorded { recorded: 0, known: 1 });
        }
        for _ in 0..ATTEMPTS {
            let item = self.item(&key).await?;
            let before = item.as_ref().map(doc::<Counters>).transpose()?;
            if before.as_ref().is_some_and(|before| before.at >= counters.at) {
                return Ok(Recorded { recorded: 0, known: 1 });
            }
            let Some(run) = counters.since(before.as_ref()) else {
                return Ok(Recorded { recorded: 0, known: 1 });
            };
            let runs = [(keys::execution(&partition, &run.hash()), run)].into();
            let hours_since = kept_since(now, KEEP_HOURS_DAYS);
            let (mut transaction, required) =
                self.draft(&partition, &head, &runs, &Outlines::new(), hours_since)?;
            let (next, guard) = revision(item.as_ref());
            transaction.put(self, with_revision(key.with_doc(counters)?, next), guard)?;
            match transaction.commit(self).await {
                Ok(()) => return Ok(Recorded { recorded: 1, known: 0 }),
                Err(Refused::Guard(at, _)) if at == required => return Err(StoreError::NotFound),
                Err(Refused::Guard(..)) => {}
                Err(Refused::Error(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// Says up to where counters are counted, without counting anything; `false` where they are counted further.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such query, and those of the database.
    pub async fn bring_counters(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        counters: &Counters,
    ) -> Result<bool, StoreError> {
        self.summary(workspace, id).await?;
        let key = keys::counters(&keys::executions(workspace, id), &counters.source);
        let item = self.item(&key).await?;
        let before = item.as_ref().map(doc::<Counters>).transpose()?;
        if before.is_some_and(|before| before.at >= counters.at) {
            return Ok(false);
        }
        let (next, guard) = revision(item.as_ref());
        let mut transaction = crate::transaction::Transaction::default();
        transaction.put(self, with_revision(key.with_doc(counters)?, next), guard)?;
        match transaction.commit(self).await {
            Ok(()) => Ok(true),
            Err(Refused::Guard(..)) => Err(StoreError::Busy),
            Err(Refused::Error(error)) => Err(error),
        }
    }
}

/// What counters that are put in the place of these are guarded by.
fn revision(item: Option<&Item>) -> (u32, Guard) {
    match item.map(|item| number_of(item, VERSION).and_then(|at| u32::try_from(at).ok()).unwrap_or(0)) {
        None => (1, Guard::Absent),
        Some(at) => (at.wrapping_add(1), Guard::Version(at)),
    }
}

fn with_revision(mut item: Item, revision: u32) -> Item {
    item.insert(VERSION.to_owned(), number(revision));
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(calls: u64, micros: u64, rows: u64) -> Counters {
        let source = "pg".parse().unwrap();
        Counters { source, at: Timestamp::UNIX_EPOCH, calls, micros, rows: Some(rows) }
    }

    #[test]
    fn what_is_new_is_the_difference() {
        let check = |before: Option<Counters>, after: Counters, expected: Option<(u64, u64, u64)>| {
            let run = after.since(before.as_ref());
            assert_eq!(run.map(|run| (run.calls.get(), run.micros, run.rows.unwrap())), expected);
        };
        check(None, counters(4, 100, 8), Some((4, 25, 8)));
        check(Some(counters(4, 100, 8)), counters(6, 160, 11), Some((2, 30, 3)));
        check(Some(counters(4, 100, 8)), counters(4, 100, 8), None);
        check(Some(counters(4, 100, 8)), counters(1, 10, 1), Some((1, 10, 1)));
        check(None, counters(0, 0, 0), None);
    }
}
