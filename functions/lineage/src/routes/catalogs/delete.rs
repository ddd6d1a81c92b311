//! `DELETE /v1/catalogs/{name}`

use axum::extract::State;
use sqm_domain::CatalogName;
use sqm_http::{Caller, ETag, EntityTags, NoParameters, Path, Preconditions, Problem, Reply, Scope};
use sqm_store::StoreError;

use crate::App;
use crate::view::{etag, version_of};

/// Remove a catalog with all its versions, for good; queries that name it keep the name. `If-Match` says
/// which version the caller has seen last. The same request again goes on where the first one broke off,
/// and answers the same.
pub(crate) async fn delete(
    caller: Caller,
    _: NoParameters,
    Path(name): Path<CatalogName>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::CatalogsWrite)?;
    let tag = |version| etag(caller.workspace(), version);
    let seen = only(preconditions.if_match()?).and_then(|tag| version_of(caller.workspace(), tag));
    let newest = match (app.store.catalog(caller.workspace(), &name).await, seen) {
        (Ok(stored), _) => {
            preconditions.hold(Some(&tag(stored.summary.version)))?;
            stored.summary.version
        }
        (Err(StoreError::NotFound), Some(seen)) => seen,
        (Err(error), _) => return Err(error.into()),
    };
    let deleted = app.store.delete_catalog(caller.workspace(), &name, newest, app.clock.now()).await;
    deleted.map_err(|error| Problem::of_write(error, tag))?;
    Ok(Reply::no_content())
}

/// The tag, if there is one alone.
fn only(tags: &EntityTags) -> Option<&ETag> {
    let EntityTags::OneOf(listed) = tags else { return None };
    let [(tag, _)] = listed.as_slice() else { return None };
    tags.agree_strongly(tag).then_some(tag)
}
