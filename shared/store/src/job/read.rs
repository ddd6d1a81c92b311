//! What is told of jobs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqm_domain::{JobId, QueryId, WorkspaceId};

use super::{DONE, FAILED, Failure, Finished, Job, OUTCOME, PLANNED, Progress, TOTAL};
use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, doc, number_of};
use crate::keys::{self, FAILURES, Key, TASK_COUNTERS, TASKS};
use crate::position::Position;
use crate::query::{MAX_PAGE, Page};
use crate::registry::AT;

/// Tasks that are looked at at once.
const TASKS_AT_ONCE: usize = 500;

impl Store {
    /// A job.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn job(&self, workspace: &WorkspaceId, id: JobId) -> Result<Job, StoreError> {
        let item = self.item(&keys::job(workspace, id)).await?;
        job(&item.ok_or(StoreError::NotFound)?)
    }

    /// The jobs of a workspace, the newest first, at most `limit` (up to [`MAX_PAGE`]).
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`].
    pub async fn jobs(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<Job>, StoreError> {
        let pk = keys::jobs(workspace);
        let last = match from {
            None => char::MAX.to_string(),
            Some(from) => from.of(&pk)?.to_owned(),
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let range = Range { pk: &pk, first: "!", last: &last, order: Order::Backwards, most: limit + 2 };
        let items = self.range(range).await?;
        // The position itself is the last one that was shown.
        let rest = items.iter().filter(|item| from.is_none() || Key::of(item).sk != last);
        let jobs = rest.map(job).collect::<Result<Vec<_>, _>>()?;
        let next = jobs.get(limit - 1).filter(|_| jobs.len() > limit);
        let next = next.map(|job| Position::new(&pk, job.id));
        Ok(Page { items: jobs.into_iter().take(limit).collect(), next })
    }

    /// How far a job is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn progress(&self, workspace: &WorkspaceId, job: JobId) -> Result<Progress, StoreError> {
        let items = self.part_of_job(workspace, job, TASK_COUNTERS, "", MAX_PAGE).await?;
        let mut progress = Progress::default();
        for item in &items {
            let count = |name| number_of(item, name).unwrap_or(0);
            progress.total += count(TOTAL);
            progress.done += count(DONE);
            progress.failed += count(FAILED);
            let at = item.get(AT).and_then(|at| at.as_s().ok()).and_then(|at| at.parse::<Timestamp>().ok());
            progress.at = progress.at.max(at);
        }
        Ok(progress)
    }

    /// The tasks of a job that failed, at most `limit` (up to [`MAX_PAGE`]), by the ids of their queries.
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`].
    pub async fn failures(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<Failure>, StoreError> {
        let list = format!("{}#failures", keys::tasks(workspace, job));
        let after = from.map(|from| from.of(&list)).transpose()?.unwrap_or_default();
        let limit = limit.clamp(1, MAX_PAGE);
        let items = self.part_of_job(workspace, job, FAILURES, after, limit + 1).await?;
        let failure = |item: &Item| Ok(Failure { query: query(item, FAILURES)?, why: doc(item)? });
        let failures = items.iter().map(failure).collect::<Result<Vec<_>, StoreError>>()?;
        let next = failures.get(limit - 1).filter(|_| failures.len() > limit);
        let next = next.map(|failure| Position::new(&list, failure.query));
        Ok(Page { items: failures.into_iter().take(limit).collect(), next })
    }

    /// Tasks of a job that have no outcome, behind one of them, and where to go on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unfinished_tasks(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        after: Option<QueryId>,
    ) -> Result<(Vec<QueryId>, Option<QueryId>), StoreError> {
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let items = self.part_of_job(workspace, job, TASKS, &after, TASKS_AT_ONCE).await?;
        let next = items.last().filter(|_| items.len() == TASKS_AT_ONCE);
        let next = next.map(|item| query(item, TASKS)).transpose()?;
        let left = items.iter().filter(|item| !item.contains_key(OUTCOME));
        Ok((left.map(|item| query(item, TASKS)).collect::<Result<_, _>>()?, next))
    }

    /// Those of these queries that are tasks of a job without an outcome.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unfinished_of(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        queries: &[QueryId],
    ) -> Result<BTreeSet<QueryId>, StoreError> {
        let partition = keys::tasks(workspace, job);
        let keys: Vec<Key> = queries.iter().map(|query| keys::task(&partition, *query)).collect();
        let items = self.items(&keys).await?;
        let left = items.values().filter(|item| !item.contains_key(OUTCOME));
        left.map(|item| query(item, TASKS)).collect()
    }

    /// Gives up on the tasks of a job that have no outcome: nobody has said anything of them for too long. Returns how
    /// many there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn give_up_tasks(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        why: &str,
        at: Timestamp,
    ) -> Result<usize, StoreError> {
        let (mut given_up, mut after) = (0, None);
        loop {
            let (left, next) = self.unfinished_tasks(workspace, job, after).await?;
            for query in left {
                let failed = Finished::Failed(why.to_owned());
                given_up += usize::from(self.finish_task(workspace, job, query, &failed, at).await?);
            }
            after = next;
            if after.is_none() {
                return Ok(given_up);
            }
        }
    }

    /// The items of a job that begin so, behind one of them.
    async fn part_of_job(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        begin: &str,
        after: &str,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let pk = keys::tasks(workspace, job);
        let first = format!("{begin}{after} ");
        let first = if after.is_empty() { begin } else { &first };
        let last = format!("{begin}~");
        self.range(Range { pk: &pk, first, last: &last, order: Order::Forwards, most }).await
    }
}

fn job(item: &Item) -> Result<Job, StoreError> {
    let is_planned = item.get(PLANNED).and_then(|planned| planned.as_bool().ok()).copied().unwrap_or(false);
    Ok(Job { is_planned, ..doc(item)? })
}

/// The query that an item of a job is about.
fn query(item: &Item, begin: &str) -> Result<QueryId, StoreError> {
    let key = Key::of(item);
    let id = key.sk.strip_prefix(begin).and_then(|id| id.parse().ok());
    id.ok_or_else(|| StoreError::corrupt(&key, "it names no query"))
}
