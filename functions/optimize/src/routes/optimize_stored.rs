//! `POST /v1/queries/{id}/optimizations`

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use sqm_cache::Origin;
use sqm_domain::{ConnectionName, QueryId, VersionNumber};
use sqm_http::{Basis, Caller, Path, Problem, QueryString, Reply, Scope};
use sqm_optimization::{Basics, Databases, Effort, Include, Of, On, of_query, optimized};
use sqm_sql::catalog::StatisticsInput;

use crate::asked::{Maybe, explained, read_statistics};
use crate::databases::named;
use crate::models::Asking;
use crate::view::optimization;
use crate::{App, work};

/// How much is to be tried.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    databases: Option<Databases>,
    seed: Option<u64>,
    measure: Option<bool>,
    statistics: Option<StatisticsInput>,
    connection: Option<ConnectionName>,
    model: Option<bool>,
    plan: Option<Value>,
}

/// Of which version, and what the answer is to hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    version: Option<VersionNumber>,
    include: Option<Include>,
}

/// Findings and verified rewrites of a stored query, by the catalog that it names, as that is now. They
/// show its text, so the scope to read queries is needed too, and for a connection that to read connections.
pub(crate) async fn optimize_stored(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
    Maybe(asked): Maybe<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    caller.may(Scope::QueriesRead)?;
    if asked.connection.is_some() {
        caller.may(Scope::ConnectionsRead)?;
    }
    let query = match which.version {
        None => app.store.query(caller.workspace(), id).await?,
        Some(version) => app.store.version(caller.workspace(), id, version).await?,
    };
    let (version, dialect) = (query.summary.version, query.summary.dialect);
    let connection = named(&app.store, caller.workspace(), asked.connection.as_ref(), dialect).await?;
    let (catalog, basis) =
        Basis::of_query(&app.store, caller.workspace(), query.summary.catalog.as_ref()).await?;
    let statistics = read_statistics(asked.statistics.as_ref(), &catalog)?;
    let plan = explained((asked.plan, asked.model), (&query.sql, dialect), &catalog).await?;
    let effort = Effort::new(asked.databases, asked.seed).measured(asked.measure);
    if connection.is_none() && asked.model != Some(true) {
        let (sql, known, basis) = (query.sql, (catalog, statistics), &basis);
        let (statistics, include, origin) = (asked.statistics.as_ref(), which.include, Origin::Stored);
        let basics = Basics { sql, dialect, known, basis, statistics, effort, include, origin };
        let analysis = optimized(&app.levels, caller.workspace(), app.clock.now(), basics).await?;
        return Ok(of_query(Of { id, version }, &analysis.document));
    }
    let database = work::Asked::of(&app.databases, caller.workspace(), connection.as_ref());
    let asking = Asking::of(&app, caller.workspace(), asked.model, plan);
    let found = work::optimize(query.sql, dialect, (catalog, statistics), effort, database, asking).await?;
    let on = On { query: Some(Of { id, version }), dialect, basis: &basis, options: effort };
    Ok(Reply::json(optimization(on, &found, which.include)?))
}
