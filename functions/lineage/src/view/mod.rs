//! Lineage and catalogs as callers read them.

mod catalog;
mod lineage;
mod table;

pub(crate) use catalog::{CatalogView, PutView, etag, location, page, version_of};
pub(crate) use lineage::{LineageView, On, of_query};
