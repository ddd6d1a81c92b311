//! `DELETE /v1/queries/{id}`

use axum::extract::State;
use sqm_domain::QueryId;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};

use crate::App;
use crate::view::{etag, hold};

/// Remove a query with all its versions, for good. `If-Match` says which version the caller has seen last.
pub(crate) async fn delete(
    caller: Caller,
    _: NoParameters,
    Path(id): Path<QueryId>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesWrite)?;
    preconditions.if_match()?;
    let (newest, revision) = app.store.deletable(caller.workspace(), id).await?;
    hold(&preconditions, newest, revision)?;
    let deleted = app.store.delete(caller.workspace(), id, newest, app.clock.now()).await;
    deleted.map_err(|error| Problem::of_write(error, etag))?;
    Ok(Reply::no_content())
}
