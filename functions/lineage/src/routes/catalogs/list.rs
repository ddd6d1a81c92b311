//! `GET /v1/catalogs`

use axum::extract::State;
use serde::Deserialize;
use sqm_http::{Caller, PageAsked, Problem, QueryString, Reply, Scope};
use sqm_store::{Listed, MAX_PAGE};

use crate::App;
use crate::view::page;

/// How many are on a page where nobody says.
const DEFAULT_LIMIT: usize = 50;

/// Which part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The catalogs by name, without their tables. A page may be short and still have a next one.
pub(crate) async fn list(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    asked: PageAsked,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::CatalogsRead)?;
    let limit = which.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::parameter("limit", format!("from 1 to {MAX_PAGE}")));
    }
    let from = caller.position(which.cursor.as_deref())?;
    // Before the list is: what is written in between makes its tag an old one.
    let state = app.store.list_state(caller.workspace(), Listed::Catalogs, app.clock.now()).await?;
    let now = asked.now(&caller, state);
    if let Some(unchanged) = now.unchanged(|_| true).await {
        return Ok(unchanged);
    }
    let found = app.store.catalogs(caller.workspace(), limit, from.as_ref()).await?;
    Ok(now.made(page(&caller, &found, limit)).await)
}
