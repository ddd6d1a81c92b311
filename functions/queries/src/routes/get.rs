//! `GET /v1/queries/{id}`

use axum::extract::State;
use sqm_domain::QueryId;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::StoreError;

use crate::App;
use crate::view::{current, current_etag};

/// A query as it is now. Another workspace's id answers 404.
pub(crate) async fn get(
    caller: Caller,
    _: NoParameters,
    Path(id): Path<QueryId>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let head = async {
        let now = app.store.summary(caller.workspace(), id).await?;
        Ok::<_, StoreError>(Some(current_etag(now.version, now.revision)))
    };
    if let Some(unchanged) = preconditions.unchanged(head).await? {
        return Ok(unchanged);
    }
    let query = app.store.query(caller.workspace(), id).await?;
    Ok(current(&query).unless_known(&preconditions))
}
