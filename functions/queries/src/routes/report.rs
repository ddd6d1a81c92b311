//! `GET /v1/reports/latest`

use axum::extract::State;
use sqm_http::{Caller, Kind, NoParameters, Problem, Reply, Scope};

use crate::App;

/// The newest daily report, as it was written.
pub(crate) async fn report(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let report = app.store.latest_report(caller.workspace()).await?;
    let report = report.ok_or_else(|| {
        Problem::new(Kind::NotFound)
            .detail("no report has been written yet; the first one comes within a day")
    })?;
    Ok(Reply::json(report.document))
}
