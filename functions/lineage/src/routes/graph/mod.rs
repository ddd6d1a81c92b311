//! What a table or a column leads to across all queries of a workspace, and what leads to it.

mod impact;
mod reach;
mod view;

pub(crate) use impact::impact;
pub(crate) use reach::{columns, tables};
