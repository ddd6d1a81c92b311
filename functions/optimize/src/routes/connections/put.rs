//! `PUT /v1/connections/{name}`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{ConnectionName, DatabaseEngine, SecretName};
use sqm_http::{Caller, Json, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::{ConnectionWrite, Expected, StoreError};

use super::view::{ConnectionView, etag, location};
use crate::App;

/// What a connection leads to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    engine: DatabaseEngine,
    secret: SecretName,
    #[serde(default)]
    run: bool,
}

/// Store a connection, as new (201) or in place of what there is. `If-Match` says which version is to be
/// replaced, `If-None-Match: *` that there is to be none; without either, the last one wins. The secret is
/// not read here: it may be made later.
pub(crate) async fn put(
    caller: Caller,
    _: NoParameters,
    Path(name): Path<ConnectionName>,
    preconditions: Preconditions,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::ConnectionsWrite)?;
    let workspace = caller.workspace();
    app.databases.check(workspace, &asked.secret)?;
    let before = match app.store.connection(workspace, &name).await {
        Ok(connection) => Some(connection.version),
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let tag = |version| etag(workspace, version);
    preconditions.hold(before.map(tag).as_ref())?;
    let expected = match before {
        _ if preconditions.is_empty() => Expected::Whatever,
        None => Expected::Absent,
        Some(version) => Expected::Version(version),
    };
    let Asked { engine, secret, run } = asked;
    let (author, at) = (caller.subject().clone(), app.clock.now());
    let write = ConnectionWrite { name, engine, secret, run, author, at };
    let stored = app.store.put_connection(workspace, &write, expected).await;
    let stored = stored.map_err(|error| Problem::of_write(error, tag))?;
    let view = ConnectionView::from(&stored);
    let reply = match before {
        None => Reply::created(&view, &location(&stored.name)),
        Some(_) => Reply::ok(&view),
    };
    Ok(reply.etag(tag(stored.version)))
}
