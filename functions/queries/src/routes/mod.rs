//! One file a route.

mod create;
mod delete;
mod diff;
mod export;
mod get;
mod imports;
pub(crate) mod jobs;
mod list;
mod report;
mod restore;
mod runs;
mod update;
mod version;
mod versions;

use serde::Deserialize;
use sqm_domain::{QueryId, VersionNumber};
use sqm_http::Problem;
use sqm_store::MAX_PAGE;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use diff::diff;
pub(crate) use export::export;
pub(crate) use get::get;
pub(crate) use imports::import;
pub(crate) use list::list;
pub(crate) use report::report;
pub(crate) use restore::restore;
pub(crate) use runs::{record, summary};
pub(crate) use update::update;
pub(crate) use version::version;
pub(crate) use versions::versions;

/// How many are on a page where nobody says.
const DEFAULT_LIMIT: usize = 50;

/// The path of a version.
#[derive(Deserialize)]
pub(crate) struct At {
    id: QueryId,
    n: VersionNumber,
}

fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::parameter("limit", format!("from 1 to {MAX_PAGE}")))
    }
}
