//! `POST /v1/queries/{id}/runs`

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use sqm_domain::QueryId;
use sqm_http::{Caller, Json, NoParameters, Path, Problem, Reply, Scope, compute};

use super::asked::Asked;
use crate::App;

/// Longest time to read plans.
const BUDGET: Duration = Duration::from_secs(15);

#[derive(Serialize)]
struct View {
    recorded: usize,
    known: usize,
}

/// Record executions of a query, each once however often it is sent.
pub(crate) async fn record(
    caller: Caller,
    _: NoParameters,
    Path(id): Path<QueryId>,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::RunsWrite)?;
    let now = app.clock.now();
    let (runs, outlines) = compute(BUDGET, move || asked.read(now)).await??;
    let done = app.store.record_runs(caller.workspace(), id, runs, &outlines, now).await?;
    Ok(Reply::ok(&View { recorded: done.recorded, known: done.known }))
}
