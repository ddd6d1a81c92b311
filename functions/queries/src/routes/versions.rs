//! `GET /v1/queries/{id}/versions`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::QueryId;
use sqm_http::{Caller, Path, Preconditions, Problem, QueryString, Reply, Scope};

use super::limit;
use crate::App;
use crate::view::{location, page};

/// Which part of the history.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The history of a query, the newest version first, without the texts.
pub(crate) async fn versions(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let limit = limit(which.limit)?;
    let from = caller.position(which.cursor.as_deref())?;
    let newest = app.store.summary(caller.workspace(), id).await?.version;
    let tag = caller.history_tag(newest);
    if preconditions.not_modified(&tag) {
        return Ok(Reply::not_modified(tag));
    }
    let found = app.store.versions(caller.workspace(), id, limit, from.as_ref()).await?;
    Ok(page(&caller, &found, &format!("{}/versions?limit={limit}", location(id))).etag(tag))
}
