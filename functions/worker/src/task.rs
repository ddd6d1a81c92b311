//! A task: its query analysed, and its job told what became of it.

use sqm_http::Problem;
use sqm_queue::Task;
use sqm_store::Finished;
use tokio::task::JoinSet;

use crate::App;
use crate::analyse::{Stopped, analyse};
use crate::batch::{Failed, Message};

/// What a job says of a task whose analysis panicked.
const PANICKED: &str = "internal";

/// Does what a message asks for. What fails for the last time is told to the job, and to the query.
pub(crate) async fn perform(app: &App, message: Message) -> Result<(), Failed> {
    let task = match Task::read(&message.body) {
        Ok(task) => task,
        Err(error) => {
            tracing::error!(%error, "a message is no task");
            return Err(Failed);
        }
    };
    let mut alone = JoinSet::new();
    let (app_of, task_of) = (app.clone(), task.clone());
    alone.spawn(async move { analyse(&app_of, &task_of).await });
    let stopped = match alone.join_next().await {
        Some(Ok(Ok(()))) => return finish(app, &task, Finished::Done).await,
        Some(Ok(Err(stopped))) => Some(stopped),
        Some(Err(_)) | None => None,
    };
    let why = stopped.as_ref().map_or(PANICKED, |Stopped { problem, .. }| problem.kind().slug());
    let causes = stopped.as_ref().and_then(|Stopped { problem, .. }| Problem::causes(problem));
    tracing::warn!(workspace = %task.workspace, job = %task.job, query.id = %task.query, problem = why,
        error = causes, is_last = message.is_last, "a query was not analysed");
    if message.is_last {
        if let Some(by) = stopped.and_then(|stopped| stopped.by) {
            let now = app.clock.now();
            match app.store.refresh_failed(&task.workspace, task.query, &by, now).await {
                Ok(()) | Err(sqm_store::StoreError::NotFound) => {}
                // It stays in the list in which it stands, and is tried again by another job.
                Err(error) => tracing::warn!(%error, query.id = %task.query, "the failure was not kept"),
            }
        }
        finish(app, &task, Finished::Failed(why.to_owned())).await?;
    }
    Err(Failed)
}

/// Tells the job.
async fn finish(app: &App, task: &Task, finished: Finished) -> Result<(), Failed> {
    let Task { workspace, job, query } = task;
    match app.store.finish_task(workspace, *job, *query, &finished, app.clock.now()).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, %job, query.id = %query, "the job was not told");
            Err(Failed)
        }
    }
}
