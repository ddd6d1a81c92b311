//! `DELETE /v1/catalogs/{name}`

use axum::extract::State;
use sqm_domain::{CatalogName, VersionNumber};
use sqm_http::{Caller, EntityTags, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::StoreError;

use crate::App;
use crate::view::etag;

/// Remove a catalog with all its versions, for good; queries that name it keep the name. `If-Match` says
/// which version the caller has seen last. The same request again goes on where the first one broke off,
/// and answers the same.
pub(crate) async fn delete(
    caller: Caller,
    Path(name): Path<CatalogName>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::CatalogsWrite)?;
    let seen = only(preconditions.if_match()?);
    let newest = match (app.store.catalog(caller.workspace(), &name).await, seen) {
        (Ok(stored), _) => {
            preconditions.hold(Some(&etag(stored.summary.version)))?;
            stored.summary.version
        }
        (Err(StoreError::NotFound), Some(seen)) => seen,
        (Err(error), _) => return Err(error.into()),
    };
    app.store.delete_catalog(caller.workspace(), &name, newest).await?;
    Ok(Reply::no_content())
}

/// The version that the tags name, if they name one alone.
fn only(tags: &EntityTags) -> Option<VersionNumber> {
    let EntityTags::OneOf(listed) = tags else { return None };
    let [(tag, _)] = listed.as_slice() else { return None };
    tag.opaque().parse().ok().filter(|_| tags.agree_strongly(tag))
}
