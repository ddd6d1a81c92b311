//! Tasks that are planned, and tasks that have come to an end.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use sqm_domain::{JobId, QueryId, WorkspaceId};

use super::{DONE, FAILED, Finished, Job, MOST_TASKS, OUTCOME, PARTS, PLANNED, TOTAL, expires};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, number};
use crate::keys::{self, EXPIRES, Key, PK};
use crate::registry::AT;
use crate::transaction::{Changed, Guard, Refused, Transaction};

/// Attempts of a plan that meets another one of the same job.
const ATTEMPTS: usize = 5;

impl Store {
    /// Opens a job, or finds it open: the same id is the same job.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_job(
        &self,
        workspace: &WorkspaceId,
        id: JobId,
        at: Timestamp,
    ) -> Result<Job, StoreError> {
        let job = Job { id, opened: at, is_planned: false };
        let mut item = keys::job(workspace, id).with_doc(&job)?;
        item.insert(EXPIRES.to_owned(), number(expires(at)));
        if self.put_new(item).await? { Ok(job) } else { self.job(workspace, id).await }
    }

    /// Plans tasks of a job, as many as [`MOST_TASKS`] at once. What is planned already counts no second time. Returns
    /// those of them that have no outcome yet.
    ///
    /// # Errors
    /// [`StoreError::Busy`], and those of the database.
    pub async fn plan_tasks(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        queries: &[QueryId],
        at: Timestamp,
    ) -> Result<Vec<QueryId>, StoreError> {
        let partition = keys::tasks(workspace, job);
        let mut wanted: BTreeSet<QueryId> = queries.iter().copied().collect();
        let mut open = Vec::with_capacity(wanted.len());
        while !wanted.is_empty() {
            let part: BTreeSet<QueryId> = wanted.iter().copied().take(MOST_TASKS).collect();
            wanted.retain(|query| !part.contains(query));
            open.extend(self.plan_part(&partition, part, at).await?);
        }
        Ok(open)
    }

    async fn plan_part(
        &self,
        partition: &str,
        part: BTreeSet<QueryId>,
        at: Timestamp,
    ) -> Result<Vec<QueryId>, StoreError> {
        let expires = number(expires(at));
        for _ in 0..ATTEMPTS {
            let keys: Vec<Key> = part.iter().map(|query| keys::task(partition, *query)).collect();
            let known = self.items(&keys).await?;
            let new: Vec<&Key> = keys.iter().filter(|key| !known.contains_key(key)).collect();
            let has_outcome = |key: &Key| known.get(key).is_some_and(|item| item.contains_key(OUTCOME));
            let open = part.iter().zip(&keys).filter(|(_, key)| !has_outcome(key)).map(|(query, _)| *query);
            if new.is_empty() {
                return Ok(open.collect());
            }
            let mut transaction = Transaction::default();
            for key in &new {
                transaction.put(self, key.with([(EXPIRES, expires.clone())]), Guard::Absent)?;
            }
            let counted = added(&[(TOTAL, i64::try_from(new.len()).unwrap_or(0))], at);
            transaction.update(self, &keys::task_counters(partition, 0), counted)?;
            match transaction.commit(self).await {
                Ok(()) => return Ok(open.collect()),
                // Somebody else plans the same job: look again.
                Err(Refused::Guard(..)) => {}
                Err(Refused::Error(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// Says that all tasks of a job are planned.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn seal_job(&self, workspace: &WorkspaceId, job: JobId) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::job(workspace, job).item()))
            .update_expression("SET #d = :d")
            .expression_attribute_names("#d", PLANNED)
            .expression_attribute_values(":d", AttributeValue::Bool(true))
            .return_values(ReturnValue::None)
            .send()
            .await?;
        Ok(())
    }

    /// Says what became of a task. `false` where that was counted before, or where nobody has planned it. One that
    /// failed and is done later counts as done from then on.
    ///
    /// # Errors
    /// The database does not answer, or is busy.
    pub async fn finish_task(
        &self,
        workspace: &WorkspaceId,
        job: JobId,
        query: QueryId,
        finished: &Finished,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let partition = keys::tasks(workspace, job);
        let (outcome, counted) = match finished {
            Finished::Done => (DONE, [(DONE, 1)]),
            Finished::Failed(_) => (FAILED, [(FAILED, 1)]),
        };
        let first = "attribute_exists(#p) AND attribute_not_exists(#o)";
        let before = match self.outcome(&partition, query, (outcome, first), &counted, finished, at).await? {
            None => return Ok(true),
            Some(before) => before,
        };
        let was = before.get(OUTCOME).and_then(|outcome| outcome.as_s().ok());
        if finished != &Finished::Done || was.is_none_or(|was| was != FAILED) {
            return Ok(false);
        }
        let counted = [(DONE, 1), (FAILED, -1)];
        let again = self.outcome(&partition, query, (DONE, "#o = :before"), &counted, finished, at).await?;
        Ok(again.is_none())
    }

    /// Gives a task its outcome where the condition holds; else returns what is there.
    async fn outcome(
        &self,
        partition: &str,
        query: QueryId,
        (outcome, condition): (&str, &str),
        counted: &[(&str, i64)],
        finished: &Finished,
        at: Timestamp,
    ) -> Result<Option<Item>, StoreError> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let mut names = HashMap::from([("#o".to_owned(), OUTCOME.to_owned())]);
        let mut values = HashMap::from([(":o".to_owned(), text(outcome))]);
        if condition.contains("#p") {
            names.insert("#p".to_owned(), PK.to_owned());
        }
        if condition.contains(":before") {
            values.insert(":before".to_owned(), text(FAILED));
        }
        let expression = "SET #o = :o".to_owned();
        let change = Changed { expression, condition: Some(condition.to_owned()), names, values };
        let mut transaction = Transaction::default();
        let asked = transaction.update(self, &keys::task(partition, query), change)?;
        transaction.update(self, &keys::task_counters(partition, part_of(query)), added(counted, at))?;
        let failure = keys::failure(partition, query);
        match finished {
            Finished::Done => transaction.delete(self, &failure)?,
            Finished::Failed(why) => {
                let mut item = failure.with_doc(why)?;
                item.insert(EXPIRES.to_owned(), number(expires(at)));
                transaction.put(self, item, Guard::Free)?;
            }
        }
        match transaction.commit(self).await {
            Ok(()) => Ok(None),
            Err(Refused::Guard(position, item)) if position == asked => Ok(Some(item.unwrap_or_default())),
            Err(Refused::Guard(..)) => Err(StoreError::Busy),
            Err(Refused::Error(error)) => Err(error),
        }
    }
}

/// Adds to counters, and says when.
fn added(counted: &[(&str, i64)], at: Timestamp) -> Changed {
    let mut names = HashMap::from([("#a".to_owned(), AT.to_owned()), ("#e".to_owned(), EXPIRES.to_owned())]);
    let mut values = HashMap::from([
        (":a".to_owned(), AttributeValue::S(at.to_string())),
        (":e".to_owned(), number(expires(at))),
    ]);
    let mut parts = Vec::new();
    for (place, (name, value)) in counted.iter().enumerate() {
        names.insert(format!("#n{place}"), (*name).to_owned());
        values.insert(format!(":n{place}"), number(value));
        parts.push(format!("#n{place} :n{place}"));
    }
    let expression = format!("SET #a = :a, #e = :e ADD {}", parts.join(", "));
    Changed { expression, condition: None, names, values }
}

/// The part of the counters that a query belongs to: by the random end of its id.
fn part_of(query: QueryId) -> usize {
    let last = query.to_string().bytes().last().unwrap_or_default();
    usize::from(last) % PARTS
}
