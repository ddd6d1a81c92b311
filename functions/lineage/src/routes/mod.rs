//! One file a route.

pub(crate) mod analyses;
pub(crate) mod catalogs;
pub(crate) mod graph;
pub(crate) mod lineage;
