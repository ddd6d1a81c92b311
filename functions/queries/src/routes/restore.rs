//! `POST /v1/queries/{id}/versions/{n}/restore`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::Note;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::Content;

use super::At;
use crate::App;
use crate::asked::Asked;
use crate::view::{current, etag, hold};

/// Why it is restored; "restores version n" where nobody says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    message: Option<Note>,
}

/// Make a new version with what an old one said. Who owns the query is not part of that. `If-Match` says
/// which version is to be replaced.
pub(crate) async fn restore(
    caller: Caller,
    _: NoParameters,
    Path(At { id, n }): Path<At>,
    preconditions: Preconditions,
    State(app): State<App>,
    asked: Asked<Why>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesWrite)?;
    preconditions.if_match()?;
    if let Some(done) = asked.repeated(&app, &caller).await? {
        return Ok(current(&done.query));
    }
    let before = app.store.query(caller.workspace(), id).await?;
    hold(&preconditions, before.summary.version, before.summary.revision)?;
    let old = app.store.version(caller.workspace(), id, n).await?;
    let content = Content { owner: before.summary.owner.clone(), ..old.content() };
    let found = sqm_analysis::of(&app.store, caller.workspace(), &content).await?;
    let said = asked.body.message.clone();
    let said = said.or_else(|| format!("restores version {n}").parse().ok()).unwrap_or_default();
    let change = asked.change(&app, &caller, said);
    let written = app.store.update(caller.workspace(), &before, content, found, &change).await;
    let written = written.map_err(|error| Problem::of_write(error, etag))?;
    Ok(current(&written.query))
}
