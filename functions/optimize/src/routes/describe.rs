//! `POST /v1/descriptions`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Basis, Caller, Json, NoParameters, Problem, Reply, Scope, sql_text};
use sqm_optimization::Of;
use sqm_sql::catalog::SchemaInput;

use crate::App;
use crate::models::{Asking, Described};

/// What is to be described.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    sql: String,
    dialect: Dialect,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
}

/// What a model says of a text that comes with the request: what it is for, a name, tags, indexes. A stored catalog
/// needs the scope to read catalogs.
pub(crate) async fn describe(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    if asked.catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    let Asked { sql, dialect, catalog, schema } = asked;
    let sql = sql_text("sql", sql)?;
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    let described = Asking::new(&app, caller.workspace()).describe(sql, dialect, catalog).await?;
    Ok(described_reply(None, dialect, &basis, &described))
}

#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    query: Option<Of>,
    dialect: Dialect,
    basis: &'a Basis,
    model: crate::models::ModelView<'a>,
    description: Option<crate::models::DescriptionView<'a>>,
}

/// A description as an answer.
pub(super) fn described_reply(
    query: Option<Of>,
    dialect: Dialect,
    basis: &Basis,
    described: &Described,
) -> Reply {
    let (model, description) = (described.model(), described.view());
    Reply::ok(&View { query, dialect, basis, model, description })
}
