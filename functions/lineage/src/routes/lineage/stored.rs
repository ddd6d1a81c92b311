//! `GET /v1/queries/{id}/lineage`

use axum::extract::State;
use serde::Deserialize;
use sqm_analysis::{Basics, lineage, of_query};
use sqm_cache::Origin;
use sqm_domain::{QueryId, SqlText, VersionNumber};
use sqm_http::{Basis, Caller, PageAsked, Path, Problem, QueryString, Reply, Scope};
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Options, Views};
use sqm_store::{Heads, Listed, StoreError, Summary};

use crate::App;
use crate::analysis::{ViewsAsked, options, shown};
use crate::form::{Format, Job, data_source};
use crate::names::Qualifier;
use crate::stored_views;
use crate::tag::{Depends, catalog_of};

/// When to come again where what was looked at was deleted before it was read, in seconds.
const RETRY_AFTER_S: u32 = 1;

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
/// reads, so the scope to read queries is needed too. What it depends on stands in two heads: texts are read where it has
/// to be made, and where views are followed, since which ones these are shows on the text alone.
pub(crate) async fn stored(
    caller: Caller,
    Path(id): Path<QueryId>,
    QueryString(which): QueryString<Which>,
    asked: PageAsked,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    caller.may(Scope::QueriesRead)?;
    let options = options(which.views, which.default_db, which.default_schema);
    let format = which.format.unwrap_or_default();
    let namespace = which.dataset_namespace.map(Qualifier::into_string);
    let form = (&options, format, namespace.as_deref());
    let named = asked.preconditions().known().find_map(catalog_of);
    let workspace = caller.workspace();
    let heads = |lists| Box::pin(app.store.query_heads(workspace, id, which.version, named.as_ref(), lists));
    if options.views == Views::Follow && asked.preconditions().known().next().is_some() {
        let Heads { query, catalog, lists } = heads(Some(app.clock.now())).await?;
        let basis = Basis::of_state(query.catalog.clone(), catalog);
        let depends = depends(&query, &basis, form);
        if let Some(unchanged) = asked.now(&caller, lists).unchanged(|tag| depends.is_of(tag)).await {
            return Ok(unchanged);
        }
    }
    // What a batch reads it does not read at one moment: what the state of lists is to vouch for is read after it.
    let lists = match options.views {
        Views::Follow => app.store.list_state(caller.workspace(), Listed::Queries, app.clock.now()).await?,
        Views::Stop => None,
    };
    let now = asked.now(&caller, lists);
    let Heads { query, catalog, .. } = heads(None).await?;
    let basis = Basis::of_state(query.catalog.clone(), catalog);
    // Boxed, here and below: what few requests come to would make the future of each a large one.
    let of = || Box::pin(texts(&app, &caller, &query, &basis));
    let (read, views) = match options.views {
        Views::Stop => (None, Vec::new()),
        Views::Follow => {
            let (sql, catalog) = of().await?;
            let text = (&sql, query.dialect);
            let followed = stored_views::add(&app.store, caller.workspace(), text, &options, catalog);
            let (catalog, views) = Box::pin(followed).await?;
            (Some((sql, catalog)), views)
        }
    };
    let depends = Depends { views: &views, ..depends(&query, &basis, form) };
    let tag = match now.tag(depends.tag().opaque().to_owned()).await {
        Ok(tag) => tag,
        Err(unchanged) => return Ok(unchanged),
    };
    if format == Format::Json {
        let nothing = Catalog::default();
        let basics = Basics {
            sql: query.sql_sha256.clone(),
            dialect: query.dialect,
            tables: basis.described(read.as_ref().map_or(&nothing, |(_, catalog)| catalog))?,
            basis: &basis,
            views: &views,
            options: options.clone(),
            origin: Origin::Stored,
        };
        let read = async {
            match read {
                Some(read) => Ok(read),
                None => of().await,
            }
        };
        let analysis = Box::pin(lineage(&app.levels, workspace, app.clock.now(), basics, read)).await?;
        return Ok(of_query(id, query.sql_version, &analysis.document).etag(tag));
    }
    let (sql, catalog) = match read {
        Some(read) => read,
        None => of().await?,
    };
    let job = Job {
        namespace: caller.workspace().to_string(),
        name: id.to_string(),
        dataset_namespace: data_source(namespace.clone(), query.catalog.as_ref(), query.dialect),
        at: query.updated,
    };
    let shown = shown(sql, query.dialect, catalog, options.clone(), format, job);
    let (text, media_type) = Box::pin(shown).await?;
    Ok(Reply::text(text, media_type).etag(tag))
}

/// What the lineage of a version depends on in a form, apart from views that are followed.
fn depends<'a>(
    query: &Summary,
    basis: &'a Basis,
    (options, format, dataset_namespace): (&'a Options, Format, Option<&'a str>),
) -> Depends<'a> {
    // An event says since when it is so.
    let version = if format == Format::OpenLineage { query.version } else { query.sql_version };
    Depends { version, dialect: query.dialect, basis, views: &[], options, format, dataset_namespace }
}

/// What the heads have told of: the text of that version, and the catalog at that one. Neither ever changes.
async fn texts(
    app: &App,
    caller: &Caller,
    query: &Summary,
    basis: &Basis,
) -> Result<(SqlText, Catalog), Problem> {
    let catalog = async {
        match basis.catalog.as_ref().and_then(|used| Some((&used.name, used.version?))) {
            None => Ok(Catalog::default()),
            Some((name, version)) => {
                Ok(app.store.catalog_version(caller.workspace(), name, version).await?.catalog)
            }
        }
    };
    let text = app.store.version(caller.workspace(), query.id, query.version);
    match tokio::try_join!(text, catalog) {
        Ok((query, catalog)) => Ok((query.sql, catalog)),
        Err(StoreError::NotFound) => {
            Err(Problem::unavailable("what was to be traced was deleted meanwhile", RETRY_AFTER_S))
        }
        Err(error) => Err(error.into()),
    }
}
