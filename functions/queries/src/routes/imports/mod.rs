//! Imports: one record a line, of which each succeeds or fails alone.

mod apply;
mod import;
mod line;
mod report;

pub(crate) use import::import;
