//! Lineage and catalogs as callers read them.

mod catalog;
mod table;

pub(crate) use catalog::{CatalogView, PutView, etag, location, page, version_of};
