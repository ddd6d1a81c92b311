//! `POST /v1/lineage`

use axum::extract::State;
use sqm_analysis::{Basics, lineage};
use sqm_cache::Origin;
use sqm_http::{Basis, Caller, Problem, Reply, Scope};
use sqm_sql::lineage::Views;
use sqm_store::sha256;

use crate::App;
use crate::analysis::shown;
use crate::asked::AdHoc;
use crate::form::{Format, Job, data_source};
use crate::stored_views;

/// The lineage of a text that comes with the request and is not kept. A stored catalog, which its columns
/// show, needs the scope to read catalogs.
pub(crate) async fn ad_hoc(caller: Caller, State(app): State<App>, asked: AdHoc) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    if asked.catalog.is_some() {
        caller.may(Scope::CatalogsRead)?;
    }
    let AdHoc { sql, dialect, catalog, schema, options, format, dataset_namespace } = asked;
    let job = Job {
        namespace: caller.workspace().to_string(),
        name: "ad-hoc".to_owned(),
        dataset_namespace: data_source(dataset_namespace, catalog.as_ref(), dialect),
        at: app.clock.now(),
    };
    let (catalog, basis) =
        Basis::of_request(&app.store, caller.workspace(), dialect, catalog, schema).await?;
    // What is stored shows only to those who may read it.
    let (catalog, views) = match options.views {
        Views::Follow if caller.may(Scope::QueriesRead).is_ok() => {
            stored_views::add(&app.store, caller.workspace(), (&sql, dialect), &options, catalog).await?
        }
        _ => (catalog, Vec::new()),
    };
    if format == Format::Json {
        let basics = Basics {
            sql: sha256(sql.as_str()),
            dialect,
            tables: basis.described(&catalog)?,
            basis: &basis,
            views: &views,
            options,
            origin: Origin::AdHoc,
        };
        let analysis =
            lineage(&app.levels, caller.workspace(), app.clock.now(), basics, async { Ok((sql, catalog)) })
                .await?;
        return Ok(Reply::json(analysis.document.to_string()));
    }
    let (text, media_type) = shown(sql, dialect, catalog, options, format, job).await?;
    Ok(Reply::text(text, media_type))
}
