//! `GET /v1/queries/{id}/versions/{n}`

use axum::extract::State;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::StoreError;

use super::At;
use crate::App;
use crate::view::{etag, fixed};

/// A query at one of its versions, which never changes.
pub(crate) async fn version(
    caller: Caller,
    _: NoParameters,
    Path(At { id, n }): Path<At>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let head = async {
        let newest = app.store.summary(caller.workspace(), id).await?.version;
        Ok::<_, StoreError>((n <= newest).then(|| etag(n)))
    };
    if let Some(unchanged) = preconditions.unchanged(head).await? {
        return Ok(unchanged);
    }
    let query = app.store.version(caller.workspace(), id, n).await?;
    Ok(fixed(&query, &preconditions))
}
