//! `POST /v1/queries/{id}/descriptions`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{QueryId, VersionNumber};
use sqm_http::{Basis, Caller, Path, Problem, QueryString, Reply, Scope};
use sqm_optimization::Of;

use super::describe::described_reply;
use crate::App;
use crate::asked::Maybe;
use crate::models::Asking;

/// Nothing is asked beyond the path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {}

/// Of which version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    version: Option<VersionNumber>,
}

/// What a model says of a stored query, by the catalog that it names, as that is now. Nothing of the query is changed.
pub(crate) async fn describe_stored(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
    Maybe(Asked {}): Maybe<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    caller.may(Scope::QueriesRead)?;
    let query = match which.version {
        None => app.store.query(caller.workspace(), id).await?,
        Some(version) => app.store.version(caller.workspace(), id, version).await?,
    };
    let (version, dialect) = (query.summary.version, query.summary.dialect);
    let (catalog, basis) =
        Basis::of_query(&app.store, caller.workspace(), query.summary.catalog.as_ref()).await?;
    let described = Asking::new(&app, caller.workspace()).describe(query.sql, dialect, catalog).await?;
    Ok(described_reply(Some(Of { id, version }), dialect, &basis, &described))
}
