//! `GET /v1/connections/{name}`

use axum::extract::State;
use sqm_domain::ConnectionName;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};

use super::view::{ConnectionView, etag};
use crate::App;

/// A connection as it is now.
pub(crate) async fn get(
    caller: Caller,
    _: NoParameters,
    Path(name): Path<ConnectionName>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::ConnectionsRead)?;
    let connection = app.store.connection(caller.workspace(), &name).await?;
    let reply =
        Reply::ok(&ConnectionView::from(&connection)).etag(etag(caller.workspace(), connection.version));
    Ok(reply.unless_known(&preconditions))
}
