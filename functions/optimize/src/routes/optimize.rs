//! `POST /v1/optimizations`

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use sqm_cache::Origin;
use sqm_domain::{CatalogName, ConnectionName, Dialect};
use sqm_http::{Basis, Caller, Json, Problem, QueryString, Reply, Scope, sql_text};
use sqm_optimization::{Basics, Databases, Effort, Include, On, optimized};
use sqm_sql::catalog::{SchemaInput, StatisticsInput};

use crate::asked::{explained, read_statistics};
use crate::databases::named;
use crate::models::Asking;
use crate::view::optimization;
use crate::{App, work};

/// What is to be optimized, and how much is to be tried.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    sql: String,
    dialect: Dialect,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
    databases: Option<Databases>,
    seed: Option<u64>,
    measure: Option<bool>,
    statistics: Option<StatisticsInput>,
    connection: Option<ConnectionName>,
    model: Option<bool>,
    plan: Option<Value>,
}

/// What the answer is to hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    include: Option<Include>,
}

/// Findings and verified rewrites of a text that comes with the request and is not kept. A stored catalog
/// needs the scope to read catalogs, a connection to a database that to read connections.
pub(crate) async fn optimize(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    if asked.catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    if asked.connection.is_some() {
        caller.may(Scope::ConnectionsRead)?;
    }
    let Asked {
        sql,
        dialect,
        catalog,
        schema,
        databases,
        seed,
        measure,
        statistics,
        connection,
        model,
        plan,
    } = asked;
    let sql = sql_text("sql", sql)?;
    let connection = named(&app.store, caller.workspace(), connection.as_ref(), dialect).await?;
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    let (given, statistics) = (&statistics, read_statistics(statistics.as_ref(), &catalog)?);
    let plan = explained((plan, model), (&sql, dialect), &catalog).await?;
    let effort = Effort::new(databases, seed).measured(measure);
    if connection.is_none() && model != Some(true) {
        let (known, basis, statistics) = ((catalog, statistics), &basis, given.as_ref());
        let (include, origin) = (which.include, Origin::AdHoc);
        let basics = Basics { sql, dialect, known, basis, statistics, effort, include, origin };
        let analysis = optimized(&app.levels, caller.workspace(), app.clock.now(), basics).await?;
        return Ok(Reply::json(analysis.document.to_string()));
    }
    let on = On { query: None, dialect, basis: &basis, options: effort };
    let database = work::Asked::of(&app.databases, caller.workspace(), connection.as_ref());
    let asking = Asking::of(&app, caller.workspace(), model, plan);
    let found = work::optimize(sql, dialect, (catalog, statistics), effort, database, asking).await?;
    Ok(Reply::json(optimization(on, &found, which.include)?))
}
