//! What needs analysis in one workspace, as tasks of a job and messages of the queue.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use sqm_domain::{JobId, QueryId, WorkspaceId};
use sqm_queue::Task;
use sqm_sql::ENGINE_VERSION;
use sqm_store::{Job, MOST_TASKS, StaleList};
use tokio::time::Instant;

use crate::{App, Done, Failed};

/// After this time nobody says anything of a task any more: its message is among the dead letters, or lost.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(6);

/// What a job says of such a task.
const LOST: &str = "no worker has said anything of it within six hours";

/// Jobs that are looked back at: as many as may be open, and some.
const JOBS: usize = 20;

/// A workspace that is looked through.
struct Look<'a> {
    app: &'a App,
    workspace: &'a WorkspaceId,
    /// The job of this event, once there is something to do.
    job: JobId,
    is_open: bool,
    /// Jobs before it that are under way: what they are about is not begun again.
    busy: Vec<JobId>,
}

/// Looks through a workspace.
pub(crate) async fn of_workspace(
    app: &App,
    workspace: &WorkspaceId,
    time: Timestamp,
    until: Instant,
    done: &mut Done,
) -> Result<(), Failed> {
    let mut look = Look { app, workspace, job: job_of(workspace, time), is_open: false, busy: Vec::new() };
    look.back(done).await?;
    for list in app.store.stale_lists(workspace, ENGINE_VERSION).await? {
        if !look.through(&list, until, done).await? {
            done.is_cut_short = true;
            break;
        }
    }
    // All that is planned was sent, also where more is left for the next event.
    if look.is_open {
        app.store.seal_job(workspace, look.job).await?;
    }
    Ok(())
}

impl Look<'_> {
    /// At the jobs before: one whose messages may not all have been sent is gone on with, one that takes too long is
    /// ended.
    async fn back(&mut self, done: &mut Done) -> Result<(), Failed> {
        let (store, now) = (&self.app.store, self.app.clock.now());
        for Job { id, opened, is_planned } in store.jobs(self.workspace, JOBS, None).await?.items {
            let left = store.progress(self.workspace, id).await?.left();
            if id == self.job || (left == 0 && is_planned) {
                continue;
            }
            if opened.saturating_add(GIVE_UP).is_ok_and(|end| end < now) {
                done.given_up += store.give_up_tasks(self.workspace, id, LOST, now).await?;
                store.seal_job(self.workspace, id).await?;
                continue;
            }
            if !is_planned {
                let mut after = None;
                loop {
                    let (left, next) = store.unfinished_tasks(self.workspace, id, after).await?;
                    self.send(id, &left, done).await?;
                    after = next;
                    if after.is_none() {
                        break;
                    }
                }
                done.jobs += 1;
                store.seal_job(self.workspace, id).await?;
            }
            self.busy.push(id);
        }
        Ok(())
    }

    /// Through a list of what is stale; `false` where the time ends before it.
    async fn through(&mut self, list: &StaleList, until: Instant, done: &mut Done) -> Result<bool, Failed> {
        let (store, now) = (&self.app.store, self.app.clock.now());
        let (mut before, mut is_empty) = (None, true);
        loop {
            if Instant::now() >= until {
                return Ok(false);
            }
            let (mut stale, next) = store.stale(self.workspace, list, MOST_TASKS, before).await?;
            is_empty &= stale.is_empty();
            for busy in &self.busy {
                let begun = store.unfinished_of(self.workspace, *busy, &stale).await?;
                stale.retain(|query| !begun.contains(query));
            }
            if !stale.is_empty() {
                if !self.is_open {
                    store.open_job(self.workspace, self.job, now).await?;
                    (self.is_open, done.jobs) = (true, done.jobs + 1);
                }
                let open = store.plan_tasks(self.workspace, self.job, &stale, now).await?;
                self.send(self.job, &open, done).await?;
            }
            before = next;
            if before.is_none() {
                break;
            }
        }
        if is_empty {
            store.forget_stale(self.workspace, list, now).await?;
        }
        Ok(true)
    }

    async fn send(&self, job: JobId, queries: &[QueryId], done: &mut Done) -> Result<(), Failed> {
        let task = |query: &QueryId| Task { workspace: self.workspace.clone(), job, query: *query };
        let tasks: Vec<Task> = queries.iter().map(task).collect();
        self.app.queue.send(&tasks).await?;
        done.sent += tasks.len();
        Ok(())
    }
}

/// The job of a workspace for an event: the same event has the same.
fn job_of(workspace: &WorkspaceId, time: Timestamp) -> JobId {
    let hash = Sha256::digest(workspace.as_str());
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    JobId::from_parts(u64::try_from(time.as_millisecond()).unwrap_or(0), random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_job() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let time = Timestamp::from_second(1_800_000_000).unwrap();
        assert_eq!(job_of(&acme, time), job_of(&acme, time));
        assert_ne!(job_of(&acme, time), job_of(&other, time));
        assert!(job_of(&acme, time) < job_of(&acme, time + SignedDuration::from_hours(1)));
    }
}
