//! `POST /v1/indexes`

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{Dialect, QueryId, Tag};
use sqm_http::{Caller, NoParameters, Problem, Reply, Scope};
use sqm_store::Filter;

use crate::App;
use crate::asked::Maybe;
use crate::view::workload;
use crate::workload::{MOST, Weights, Which, advise};

/// Longest name of a table to look for, in bytes: what databases take, with room for three parts.
const MAX_TABLE_BYTES: usize = 1_024;

/// Which stored queries, and how much each weighs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    queries: Option<Vec<QueryId>>,
    tag: Option<Tag>,
    dialect: Option<Dialect>,
    reads: Option<String>,
    weights: Option<BTreeMap<QueryId, f64>>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The indexes that would serve stored queries together: those that are named, or those of a list. The answer shows
/// what their texts compare, so the scope to read queries is needed too.
pub(crate) async fn indexes(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Maybe(mut asked): Maybe<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    caller.may(Scope::QueriesRead)?;
    let weights = Weights::new(asked.weights.take().unwrap_or_default())?;
    let which = which(&caller, asked)?;
    let found = advise(&app.store, caller.workspace(), which, &weights).await?;
    Ok(workload(&caller, &found))
}

fn which(caller: &Caller, asked: Asked) -> Result<Which, Problem> {
    let Asked { queries, tag, dialect, reads, limit, cursor, .. } = asked;
    let limit = limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", format!("expected a number from 1 to {MOST}")));
    }
    if reads.as_ref().is_some_and(|name| name.is_empty() || name.len() > MAX_TABLE_BYTES) {
        return Err(Problem::field("reads", format!("expected a name of 1 to {MAX_TABLE_BYTES} bytes")));
    }
    let Some(queries) = queries else {
        let from = caller.position(cursor.as_deref())?;
        let filter = Filter { tag, dialect, reads, ..Filter::default() };
        return Ok(Which::Listed(Box::new(filter), limit, from));
    };
    if tag.is_some() || dialect.is_some() || reads.is_some() || cursor.is_some() {
        return Err(Problem::field(
            "queries",
            "expected either queries or what they have in common, not both",
        ));
    }
    if queries.is_empty() || queries.len() > MOST {
        return Err(Problem::field("queries", format!("expected 1 to {MOST} queries")));
    }
    Ok(Which::Named(queries))
}
