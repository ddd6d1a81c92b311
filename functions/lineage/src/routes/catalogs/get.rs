//! `GET /v1/catalogs/{name}`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{CatalogName, VersionNumber};
use sqm_http::{CacheControl, Caller, Path, Preconditions, Problem, QueryString, Reply, Scope};

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
    let (stored, cache) = match which.version {
        None => (app.store.catalog(caller.workspace(), &name).await?, CacheControl::Revalidate),
        Some(version) => {
            let stored = app.store.catalog_version(caller.workspace(), &name, version).await?;
            (stored, CacheControl::Immutable)
        }
    };
    let reply = Reply::ok(&CatalogView::from(&stored)).etag(etag(caller.workspace(), stored.summary.version));
    Ok(reply.cache(cache).unless_known(&preconditions))
}
