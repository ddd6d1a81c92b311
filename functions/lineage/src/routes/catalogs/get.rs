//! `GET /v1/catalogs/{name}`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{CatalogName, VersionNumber};
use sqm_http::{Caller, Path, Preconditions, Problem, QueryString, Reply, Scope};
use sqm_store::StoreError;

use crate::App;
use crate::view::{CatalogView, etag};

/// At which version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    version: Option<VersionNumber>,
}

/// A catalog as it is now, or at one of its versions, which never changes.
pub(crate) async fn get(
    caller: Caller,
    Path(name): Path<CatalogName>,
    QueryString(which): QueryString<Which>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::CatalogsRead)?;
    let head = async {
        let versions = app.store.catalog_versions(caller.workspace(), &name).await?;
        let version = which.version.unwrap_or(*versions.end());
        Ok::<_, StoreError>(versions.contains(&version).then(|| etag(caller.workspace(), version)))
    };
    if let Some(unchanged) = preconditions.unchanged(head).await? {
        return Ok(unchanged);
    }
    let stored = match which.version {
        None => app.store.catalog(caller.workspace(), &name).await?,
        Some(version) => app.store.catalog_version(caller.workspace(), &name, version).await?,
    };
    let reply = Reply::ok(&CatalogView::from(&stored)).etag(etag(caller.workspace(), stored.summary.version));
    Ok(reply.unless_known(&preconditions))
}
