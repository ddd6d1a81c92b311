//! `POST /v1/verifications`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Basis, Caller, Json, NoParameters, Problem, Reply, Scope, sql_text};
use sqm_optimization::{Databases, Effort, On};
use sqm_sql::catalog::SchemaInput;

use crate::view::verification;
use crate::{App, work};

/// Which queries, and how much is to be tried.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    q1: String,
    q2: String,
    dialect: Dialect,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
    databases: Option<Databases>,
    seed: Option<u64>,
    names: Option<bool>,
}

/// Whether two queries are the same: a verdict, with what it rests on or the database on which they
/// differ. A query that cannot be looked at is no problem: the verdict is unknown, and says why. A stored
/// catalog needs the scope to read catalogs.
pub(crate) async fn verify(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    if asked.catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    let Asked { q1, q2, dialect, catalog, schema, databases, seed, names } = asked;
    let queries = [sql_text("q1", q1)?, sql_text("q2", q2)?];
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    let effort = Effort::new(databases, seed).named(names);
    let found = work::verify(queries, dialect, catalog, effort).await?;
    let on = On { query: None, dialect, basis: &basis, options: effort };
    Ok(verification(on, &found))
}
