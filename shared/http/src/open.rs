//! What every function tells everybody: that it runs, and what the API is.

use std::sync::LazyLock;

use axum::Router;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::etag::{ETag, Preconditions};
use crate::parameters::NoParameters;
use crate::problem::Problem;
use crate::reply::Reply;

/// The description of the API. The tests hold every answer against it.
const OPENAPI: &str = include_str!("../../../docs/openapi.yaml");

/// Its tag: that of its bytes.
static TAG: LazyLock<ETag> = LazyLock::new(|| ETag::new(format_args!("{:x}", Sha256::digest(OPENAPI))));

/// The routes that need no token.
pub(crate) fn routes() -> Router {
    Router::new().route("/v1/health", get(health)).route("/v1/openapi.yaml", get(openapi))
}

/// It says that the function runs, not that what it relies on does.
async fn health() -> Reply {
    Reply::ok(&serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

async fn openapi(_: NoParameters, preconditions: Preconditions) -> Result<Reply, Problem> {
    let reply = Reply::text(OPENAPI.to_owned(), "application/yaml").etag(TAG.clone());
    Ok(reply.unless_known(&preconditions))
}
