//! `GET /v1/queries/{id}/lineage`

use axum::extract::State;
use serde::Deserialize;
use sqm_analysis::{Basics, lineage, of_query};
use sqm_cache::Origin;
use sqm_domain::{QueryId, VersionNumber};
use sqm_http::{Basis, Caller, Path, Preconditions, Problem, QueryString, Reply, Scope};

use sqm_sql::lineage::Views;
use sqm_store::StoreError;

use crate::App;
use crate::analysis::{ViewsAsked, catalog_of, options, shown, tag};
use crate::form::{Format, Job, data_source};
use crate::names::Qualifier;
use crate::stored_views;

/// Of which version, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    version: Option<VersionNumber>,
    views: Option<ViewsAsked>,
    default_db: Option<Qualifier>,
    default_schema: Option<Qualifier>,
    format: Option<Format>,
    dataset_namespace: Option<Qualifier>,
}

/// The lineage of a stored query, by the catalog that it names, as that is now. It shows what the query
/// reads, so the scope to read queries is needed too. A caller who has it already learns so before
/// anything is analysed.
pub(crate) async fn stored(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    preconditions: Preconditions,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    caller.may(Scope::QueriesRead)?;
    let options = options(which.views, which.default_db, which.default_schema);
    let format = which.format.unwrap_or_default();
    let namespace = which.dataset_namespace.map(Qualifier::into_string);
    // What views that are followed come to is only known once they are.
    if options.views == Views::Stop {
        let heads = async {
            let named = preconditions.known().find_map(catalog_of);
            let heads = app.store.query_heads(caller.workspace(), id, which.version, named.as_ref()).await?;
            let (version, catalog) = (heads.query.version, heads.query.catalog);
            let basis = Basis::of_version(named.clone(), heads.catalog);
            let is_named = catalog == named;
            Ok::<_, StoreError>(
                is_named.then(|| tag(version, &basis, &[], &options, format, namespace.as_deref())),
            )
        };
        if let Some(unchanged) = preconditions.unchanged(heads).await? {
            return Ok(unchanged);
        }
    }
    let query = match which.version {
        None => app.store.query(caller.workspace(), id).await?,
        Some(version) => app.store.version(caller.workspace(), id, version).await?,
    };
    let (version, dialect) = (query.summary.version, query.summary.dialect);
    let (catalog, basis) =
        Basis::of_query(&app.store, caller.workspace(), query.summary.catalog.as_ref()).await?;
    let (catalog, views) = match options.views {
        Views::Follow => {
            let text = (&query.sql, dialect);
            stored_views::add(&app.store, caller.workspace(), text, &options, catalog).await?
        }
        Views::Stop => (catalog, Vec::new()),
    };
    let tag = tag(version, &basis, &views, &options, format, namespace.as_deref());
    if preconditions.not_modified(&tag) {
        return Ok(Reply::not_modified(tag));
    }
    if format == Format::Json {
        let (sql, basis, views, origin) = (query.sql, &basis, views.as_slice(), Origin::Stored);
        let basics = Basics { sql, dialect, catalog, basis, views, options, origin };
        let analysis = lineage(&app.levels, caller.workspace(), app.clock.now(), basics).await?;
        return Ok(of_query(id, version, &analysis.document).etag(tag));
    }
    let job = Job {
        namespace: caller.workspace().to_string(),
        name: id.to_string(),
        dataset_namespace: data_source(namespace, query.summary.catalog.as_ref(), dialect),
        at: query.summary.updated,
    };
    let (text, media_type) = shown(query.sql, dialect, catalog, options, format, job).await?;
    Ok(Reply::text(text, media_type).etag(tag))
}
