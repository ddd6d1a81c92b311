//! `GET /v1/connections`

use axum::extract::State;
use serde::Deserialize;
use sqm_http::{Caller, Problem, QueryString, Reply, Scope};
use sqm_store::MAX_PAGE;

use super::view::page;
use crate::App;

/// How many are on a page where nobody says.
const DEFAULT_LIMIT: usize = 50;

/// Which part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The connections by name. A page may be short and still have a next one.
pub(crate) async fn list(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::ConnectionsRead)?;
    let limit = which.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::parameter("limit", format!("from 1 to {MAX_PAGE}")));
    }
    let from = caller.position(which.cursor.as_deref())?;
    let found = app.store.connections(caller.workspace(), limit, from.as_ref()).await?;
    Ok(page(&caller, &found, limit))
}
