//! Optimization over HTTP: findings and verified rewrites of stored queries and of texts that come with a
//! request, and what they bring on a database of the user's; what is wrong with a database's plan; and whether
//! any two queries are the same. The connections to databases are kept here too, and what models have said.

mod asked;
mod databases;
mod models;
mod routes;
mod view;
mod work;
mod workload;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use sqm_cache::Levels;
use sqm_http::Clock;
use sqm_store::Store;

pub use databases::Databases;
pub use models::Models;

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Reaches the databases of users.
    pub databases: Databases,
    /// Asks the model, where there is one.
    pub models: Models,
    /// What was made before.
    pub levels: Levels,
}

/// The routes of this function.
pub fn routes(app: App) -> Router {
    use routes::connections;
    let connection = get(connections::get).put(connections::put).delete(connections::delete);
    Router::new()
        .route("/v1/queries/{id}/optimizations", post(routes::optimize_stored))
        .route("/v1/optimizations", post(routes::optimize))
        .route("/v1/indexes", post(routes::indexes))
        .route("/v1/queries/{id}/descriptions", post(routes::describe_stored))
        .route("/v1/descriptions", post(routes::describe))
        .route("/v1/usage", get(routes::usage))
        .route("/v1/plans", post(routes::plans))
        .route("/v1/verifications", post(routes::verify))
        .route("/v1/connections", get(connections::list))
        .route("/v1/connections/{name}", connection)
        .with_state(app)
}
