//! `GET /v1/queries/{id}/versions/{n}/diff`

use std::time::Duration;

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::VersionNumber;
use sqm_http::{Caller, ETag, Path, Preconditions, Problem, QueryString, Reply, Scope, compute};
use sqm_store::StoreError;

use super::At;
use crate::App;
use crate::diff::Difference;

/// Longest time for a difference, which stops looking for the shortest after two seconds.
const BUDGET: Duration = Duration::from_secs(15);

/// What to compare with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    against: Option<VersionNumber>,
}

/// What changed from version `against`, by default the one before, to this one.
pub(crate) async fn diff(
    caller: Caller,
    Path(At { id, n }): Path<At>,
    QueryString(which): QueryString<Which>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let before = || VersionNumber::new(n.get() - 1);
    let against = which.against.or_else(before);
    let against = against.ok_or_else(|| Problem::parameter("against", "version 1 has none before it"))?;
    let tag = ETag::new(format_args!("{against}-{n}"));
    let head = async {
        let newest = app.store.summary(caller.workspace(), id).await?.version;
        Ok::<_, StoreError>((against.max(n) <= newest).then(|| tag.clone()))
    };
    if let Some(unchanged) = preconditions.unchanged(head).await? {
        return Ok(unchanged);
    }
    let from = app.store.version(caller.workspace(), id, against).await?;
    let to = app.store.version(caller.workspace(), id, n).await?;
    let difference = compute(BUDGET, move || Difference::between(&from, &to)).await?;
    Ok(Reply::ok(&difference).etag(tag).unless_known(&preconditions))
}
