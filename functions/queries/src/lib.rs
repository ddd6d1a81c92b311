//! Stored queries over HTTP: create, find, change, delete; their versions, the differences between them,
//! and the way back to one; what ran of them; imports and exports.

mod asked;
mod diff;
mod execution;
mod patch;
mod routes;
mod view;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use sqm_http::{Clock, Entropy, Pages};
use sqm_store::Store;

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields the random part of ids.
    pub entropy: Arc<dyn Entropy>,
}

/// The routes of this function.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/queries", get(routes::list).post(routes::create))
        .route("/v1/queries/{id}", get(routes::get).patch(routes::update).delete(routes::delete))
        .route("/v1/queries/{id}/runs", get(routes::summary).post(routes::record))
        .route("/v1/queries/{id}/versions", get(routes::versions))
        .route("/v1/queries/{id}/versions/{n}", get(routes::version))
        .route("/v1/queries/{id}/versions/{n}/diff", get(routes::diff))
        .route("/v1/queries/{id}/versions/{n}/restore", post(routes::restore))
        .route("/v1/imports", post(routes::import))
        .route("/v1/exports", get(routes::export))
        .route("/v1/reports/latest", get(routes::report))
        .route("/v1/jobs", get(routes::jobs::list))
        .route("/v1/jobs/{id}", get(routes::jobs::get))
        .layer(Extension(Pages::default()))
        .with_state(app)
}
