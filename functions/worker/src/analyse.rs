//! The analysis of a stored query: what lists and the graph are made from, its findings, and the documents of its lineage
//! and its optimization, kept where the functions look for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sqm_cache::Origin;
use sqm_http::{Basis, Kind, Problem, compute};
use sqm_queue::Task;
use sqm_sql::ENGINE_VERSION;
use sqm_sql::catalog::{Catalog, Statistics};
use sqm_sql::lineage::Options;
use sqm_sql::lint::Config;
use sqm_sql::rules::lint;
use sqm_store::{AnalysedBy, Anew, Query, StoreError};

use crate::App;

/// Attempts where people write the same query.
const ATTEMPTS: usize = 4;

/// Longest time for the rules.
const LINT: Duration = Duration::from_secs(20);

/// Why a query was not analysed, and by what it should have been where that was known.
pub(crate) struct Stopped {
    pub problem: Problem,
    pub by: Option<AnalysedBy>,
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self { problem, by: None }
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::from(Problem::from(error))
    }
}

/// Analyses the query of a task, unless it is gone, or was analysed by this engine and its catalog before.
pub(crate) async fn analyse(app: &App, task: &Task) -> Result<(), Stopped> {
    for _ in 0..ATTEMPTS {
        let query = match app.store.query(&task.workspace, task.query).await {
            Ok(query) => query,
            Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let named = query.summary.catalog.as_ref();
        let (catalog, basis) = Basis::of_query(&app.store, &task.workspace, named).await?;
        let used = basis.catalog.as_ref().map(|used| (used.name.clone(), used.version));
        let by = AnalysedBy { engine: ENGINE_VERSION.to_owned(), catalog: used };
        if query.standing().is_some_and(|standing| standing.is_current(&by)) {
            return Ok(());
        }
        match found_out(app, task, &query, catalog, &basis, &by).await {
            // Somebody has written it meanwhile.
            Err(Found::Store(StoreError::Busy | StoreError::NotFound)) => {}
            Err(Found::Store(error)) => return Err(Stopped { problem: error.into(), by: Some(by) }),
            Err(Found::Problem(problem)) => return Err(Stopped { problem, by: Some(by) }),
            Ok(()) => return Ok(()),
        }
    }
    Err(StoreError::Busy.into())
}

/// Why something was not found out, or not kept.
enum Found {
    Problem(Problem),
    Store(StoreError),
}

impl From<Problem> for Found {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

async fn found_out(
    app: &App,
    task: &Task,
    query: &Query,
    catalog: Catalog,
    basis: &Basis,
    by: &AnalysedBy,
) -> Result<(), Found> {
    let (workspace, now) = (&task.workspace, app.clock.now());
    let (sql, dialect, origin) = (&query.sql, query.summary.dialect, Origin::Stored);
    let shared = Arc::new(catalog.clone());
    let analysis = sqm_analysis::with(shared.clone(), &query.content()).await?;
    let basics = sqm_analysis::Basics {
        sql: query.summary.sql_sha256.clone(),
        dialect,
        tables: basis.described(&catalog)?,
        basis,
        views: &[],
        options: Options::default(),
        origin,
    };
    let of = async { Ok((sql.clone(), catalog.clone())) };
    sqm_analysis::lineage(&app.levels, workspace, now, basics, of).await?;
    let effort = sqm_optimization::Effort::new(None, None).measured(None);
    let known = (catalog, Statistics::default());
    let (statistics, include) = (None, None);
    let basics = sqm_optimization::Basics {
        sql: sql.clone(),
        dialect,
        known,
        basis,
        statistics,
        effort,
        include,
        origin,
    };
    match sqm_optimization::optimized(&app.levels, workspace, now, basics).await {
        Ok(_) => {}
        // Whoever asks for it is told so; all else is known of the query all the same.
        Err(problem) if matches!(problem.kind(), Kind::TooExpensive | Kind::AnswerTooLarge) => {
            tracing::warn!(query.id = %task.query, problem = problem.kind().slug(), "no optimization is kept");
        }
        Err(problem) => return Err(problem.into()),
    }
    let text = sql.clone();
    let rules = move || lint(text.as_str(), dialect, &shared, &Config::default());
    let findings: BTreeSet<String> =
        compute(LINT, rules).await?.into_iter().map(|finding| finding.code.to_string()).collect();
    let anew = Anew { analysis, findings, by: by.clone() };
    app.store.refresh(workspace, query, anew, now).await.map_err(Found::Store)
}
