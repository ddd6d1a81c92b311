//! `PATCH /v1/queries/{id}`

use axum::extract::State;
use sqm_domain::QueryId;
use sqm_http::{Caller, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::Query;

use crate::App;
use crate::asked::Asked;
use crate::patch::Patch;
use crate::view::{current, etag, hold};

/// Change some fields, which makes the next version. `If-Match` says of which version; where another
/// writer was faster, 412 and nothing is changed. What is the same as before makes no version.
pub(crate) async fn update(
    caller: Caller,
    _: NoParameters,
    Path(id): Path<QueryId>,
    preconditions: Preconditions,
    State(app): State<App>,
    asked: Asked<Patch>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesWrite)?;
    preconditions.if_match()?;
    if let Some(done) = asked.repeated(&app, &caller).await? {
        return Ok(current(&done.query));
    }
    let before = app.store.query(caller.workspace(), id).await?;
    hold(&preconditions, before.summary.version, before.summary.revision)?;
    let change = asked.change(&app, &caller, asked.body.message.clone());
    if let Some(catalog) = &asked.body.catalog {
        sqm_analysis::known(&app.store, caller.workspace(), catalog.as_ref()).await?;
    }
    let content = asked.body.apply(before.content())?;
    let found = match same_basis(&before, &content) {
        true => before.analysis(),
        false => sqm_analysis::of(&app.store, caller.workspace(), &content).await?,
    };
    let written = app.store.update(caller.workspace(), &before, content, found, &change).await;
    let written = written.map_err(|error| Problem::of_write(error, etag))?;
    Ok(current(&written.query))
}

/// Whether what was found out before still holds.
fn same_basis(before: &Query, content: &sqm_store::Content) -> bool {
    before.sql == content.sql
        && before.summary.dialect == content.dialect
        && before.summary.catalog == content.catalog
}
