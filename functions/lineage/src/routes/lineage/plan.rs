//! `POST /v1/lineage/plan`

use std::borrow::Cow;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqm_analysis::BUDGET;
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Basis, Caller, Json, NoParameters, Problem, Reply, Scope, compute, sql_text};
use sqm_sql::catalog::SchemaInput;
use sqm_sql::lineage::Options;
use sqm_sql::plan::{self, Compared, PlanError, Text};

use crate::App;

/// A plan, and the text that it was made for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// What EXPLAIN prints: JSON, or that as a text.
    plan: Value,
    sql: Option<String>,
    dialect: Option<Dialect>,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
}

#[derive(Serialize)]
struct Document<'a> {
    basis: &'a Basis,
    #[serde(flatten)]
    compared: &'a Compared,
}

/// What a plan reads and gives, and where that is not what its text says. Nothing is kept, and nothing is run.
pub(crate) async fn plan(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Json(asked): Json<Given>,
) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    let Given { plan, sql, dialect, catalog, schema } = asked;
    if catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    let plan = match plan {
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|error| Problem::field("plan", format!("this text is no JSON: {error}")))?,
        plan => plan,
    };
    let dialect = dialect.or_else(|| plan::dialect_of(&plan)).unwrap_or(Dialect::Postgres);
    let sql = sql.map(|sql| sql_text("sql", sql)).transpose()?;
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    let work = move || {
        let text = sql.as_ref().map(|sql| Text { sql: sql.as_str(), dialect });
        plan::read(&plan, text, &catalog, &Options::default())
    };
    let compared = compute(BUDGET, work).await?.map_err(refused)?;
    Ok(Reply::ok(&Document { basis: &basis, compared: &compared }))
}

fn refused(error: PlanError) -> Problem {
    match error {
        PlanError::Guard(error) => error.into(),
        error => Problem::field("plan", Cow::Owned(error.to_string())),
    }
}
