//! `POST /v1/plans`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Basis, Caller, Json, NoParameters, Problem, Reply, Scope, compute, sql_text};
use sqm_optimization::BUDGET;
use sqm_sql::catalog::SchemaInput;
use sqm_sql::explain::{self, Engine, Explained, Text};

use crate::App;
use crate::asked::{read_plan, refused_plan};

/// A plan, and the text that it was made for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// What EXPLAIN prints: a text, or JSON.
    plan: Value,
    engine: Option<Engine>,
    sql: Option<String>,
    dialect: Option<Dialect>,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
}

#[derive(Serialize)]
struct Document<'a> {
    basis: &'a Basis,
    #[serde(flatten)]
    explained: &'a Explained,
}

/// A plan in one form whatever database it is of, and what is wrong with it. Nothing is kept, and nothing is run.
pub(crate) async fn plans(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    let Asked { plan, engine, sql, dialect, catalog, schema } = asked;
    if catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    let sql = sql.map(|sql| sql_text("sql", sql)).transpose()?;
    let plan = read_plan(plan, engine).await?;
    let dialect = dialect.unwrap_or(plan.engine.dialect());
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    let work = move || {
        let text = sql.as_ref().map(|sql| Text { sql: sql.as_str(), dialect });
        explain::examine(plan, text, &catalog)
    };
    let explained = compute(BUDGET, work).await?.map_err(refused_plan)?;
    Ok(Reply::ok(&Document { basis: &basis, explained: &explained }))
}
