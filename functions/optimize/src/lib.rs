//! Optimization over HTTP: findings and verified rewrites of stored queries and of texts that come with a
//! request; what is wrong with a database's plan; and whether any two queries are the same.

mod asked;
mod effort;
mod routes;
mod view;
mod work;

use axum::Router;
use axum::routing::post;
use sqm_store::Store;

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
}

/// The routes of this function.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/queries/{id}/optimizations", post(routes::optimize_stored))
        .route("/v1/optimizations", post(routes::optimize))
        .route("/v1/plans", post(routes::plans))
        .route("/v1/verifications", post(routes::verify))
        .with_state(app)
}
