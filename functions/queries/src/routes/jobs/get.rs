//! `GET /v1/jobs/{id}`

use axum::extract::State;
use sqm_domain::JobId;
use sqm_http::{Caller, Path, Problem, QueryString, Reply, Scope};

use super::Which;
use super::view::{JobView, of_job};
use crate::App;
use crate::routes::limit;

/// A job: how many of its queries are done, and which failed, with the reason of each. Another workspace's id answers
/// 404.
pub(crate) async fn get(
    caller: Caller,
    Path(id): Path<JobId>,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let limit = limit(which.limit)?;
    let from = caller.position(which.cursor.as_deref())?;
    let (workspace, store) = (caller.workspace(), &app.store);
    let job = store.job(workspace, id).await?;
    let progress = store.progress(workspace, id).await?;
    let failures = store.failures(workspace, id, limit, from.as_ref()).await?;
    Ok(of_job(&caller, &JobView::new(&job, &progress), &failures))
}
