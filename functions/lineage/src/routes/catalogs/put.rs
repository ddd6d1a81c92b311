//! `PUT /v1/catalogs/{name}`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Body, Caller, Path, Preconditions, Problem, QueryString, Reply, Scope};
use sqm_store::{CatalogWrite, Expected, StoreError};

use crate::App;
use crate::source::Source;
use crate::view::{PutView, etag, location};

/// In which dialect a body is that is SQL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    dialect: Option<Dialect>,
}

/// Store a catalog as the next version of its name, the first of which answers 201. `If-Match` says which
/// version is to be replaced, `If-None-Match: *` that there is to be none; without either, the last one
/// wins. The same again makes no version. What of the source was not understood stands in the answer; a
/// source of which nothing was is refused.
pub(crate) async fn put(
    caller: Caller,
    Path(name): Path<CatalogName>,
    QueryString(which): QueryString<Which>,
    preconditions: Preconditions,
    State(app): State<App>,
    body: Body,
) -> Result<Reply, Problem> {
    caller.may(Scope::CatalogsWrite)?;
    let (dialect, source) = Source::read(body, which.dialect)?;
    let before = match app.store.catalog(caller.workspace(), &name).await {
        Ok(stored) => Some(stored.summary.version),
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let tag = |version| etag(caller.workspace(), version);
    preconditions.hold(before.map(tag).as_ref())?;
    let expected = match before {
        _ if preconditions.is_empty() => Expected::Whatever,
        None => Expected::Absent,
        Some(version) => Expected::Version(version),
    };
    let (source, catalog, problems) = source.declared(dialect).await?;
    let (author, at) = (caller.subject().clone(), app.clock.now());
    let write = CatalogWrite { name, dialect, source, catalog, author, at, begun: at };
    let stored = app.store.put_catalog(caller.workspace(), &write, expected).await;
    let stored = stored.map_err(|error| Problem::of_write(error, tag))?;
    let view = PutView::new(&stored, &problems);
    // Where two create it at once, the second one finds what the first one made.
    let reply = match before.is_none() && stored.created == stored.updated {
        true => Reply::created(&view, &location(&stored.name)),
        false => Reply::ok(&view),
    };
    Ok(reply.etag(tag(stored.version)))
}
