//! `DELETE /v1/connections/{name}`

use axum::extract::State;
use sqm_domain::ConnectionName;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};

use super::view::etag;
use crate::App;

/// Remove a connection; its secret stays. `If-Match` says which version the caller has seen last.
pub(crate) async fn delete(
    caller: Caller,
    _: NoParameters,
    Path(name): Path<ConnectionName>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::ConnectionsWrite)?;
    preconditions.if_match()?;
    let tag = |version| etag(caller.workspace(), version);
    let version = app.store.connection(caller.workspace(), &name).await?.version;
    preconditions.hold(Some(&tag(version)))?;
    let deleted = app.store.delete_connection(caller.workspace(), &name, version).await;
    deleted.map_err(|error| Problem::of_write(error, tag))?;
    Ok(Reply::no_content())
}
