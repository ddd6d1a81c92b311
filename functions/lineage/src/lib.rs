//! Lineage over HTTP: of stored queries and of texts that come with a request; and the catalogs that
//! describe their tables; what leads to what across all queries. Analyses of every kind are answered by their ids.

mod analysis;
mod asked;
mod form;
mod names;
mod routes;
mod source;
mod stored_views;
mod tag;
mod view;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use sqm_cache::Levels;
use sqm_http::{Clock, Pages};
use sqm_store::Store;

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What was made before.
    pub levels: Levels,
}

/// The routes of this function.
pub fn routes(app: App) -> Router {
    use routes::{analyses, catalogs, graph, lineage};
    Router::new()
        .route("/v1/queries/{id}/lineage", get(lineage::stored))
        .route("/v1/lineage", post(lineage::ad_hoc))
        .route("/v1/lineage/plan", post(lineage::plan))
        .route("/v1/analyses/{hash}", get(analyses::get))
        .route("/v1/graph/tables/{name}", get(graph::tables))
        .route("/v1/graph/columns/{name}", get(graph::columns))
        .route("/v1/impact", post(graph::impact))
        .route("/v1/catalogs", get(catalogs::list))
        .route("/v1/catalogs/{name}", get(catalogs::get).put(catalogs::put).delete(catalogs::delete))
        .layer(Extension(Pages::default()))
        .with_state(app)
}
