//! `GET /v1/jobs`

use axum::extract::State;
use sqm_http::{Caller, Problem, QueryString, Reply, Scope};

use super::Which;
use super::view::{JobView, page};
use crate::App;
use crate::routes::limit;

/// The jobs of a workspace, the newest first.
pub(crate) async fn list(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let limit = limit(which.limit)?;
    let from = caller.position(which.cursor.as_deref())?;
    let found = app.store.jobs(caller.workspace(), limit, from.as_ref()).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for job in &found.items {
        let progress = app.store.progress(caller.workspace(), job.id).await?;
        items.push(JobView::new(job, &progress));
    }
    Ok(page(&caller, items, found.next.as_ref(), limit))
}
