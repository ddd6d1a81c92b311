//! `GET /v1/analyses/{hash}`

use axum::extract::State;
use sqm_cache::Address;
use sqm_domain::AnalysisId;
use sqm_http::{Caller, ETag, NoParameters, Path, Preconditions, Problem, Reply, Scope};

use crate::App;

/// When to come again where a level does not answer, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// An analysis by its id, as it was answered. It needs the scopes that were needed then. One whose time is over is not
/// there: whoever asks for it the way that made it gets the same again, under the same id.
pub(crate) async fn get(
    caller: Caller,
    _: NoParameters,
    Path(id): Path<AnalysisId>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    let address = Address { workspace: caller.workspace().clone(), id };
    let found = app.levels.find(&address, app.clock.now()).await;
    let found = found.map_err(|error| Problem::unavailable(error, RETRY_AFTER_S))?;
    let analysis = found.ok_or_else(|| Problem::not_found("analysis"))?;
    for name in &analysis.needs {
        // A scope that there is no more opens nothing.
        let scope: Scope = name.parse().map_err(|_| Problem::not_found("analysis"))?;
        caller.may(scope)?;
    }
    Ok(Reply::json(analysis.document.to_string()).etag(ETag::new(id)).unless_known(&preconditions))
}
