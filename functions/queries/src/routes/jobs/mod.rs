//! Jobs: how far the analysis of many queries is.

mod get;
mod list;
mod view;

pub(crate) use get::get;
pub(crate) use list::list;
