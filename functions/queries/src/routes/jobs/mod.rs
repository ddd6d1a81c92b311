//! Jobs: how far the analysis of many queries is.

mod get;
mod list;
mod view;

use serde::Deserialize;

pub(crate) use get::get;
pub(crate) use list::list;

/// Which part of the jobs, or of the failures of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    limit: Option<usize>,
    cursor: Option<String>,
}
