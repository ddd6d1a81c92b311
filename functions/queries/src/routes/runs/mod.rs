//! What ran of a query: recorded by whoever runs it, and what that adds up to.

mod asked;
mod record;
mod summary;
mod view;

pub(crate) use record::record;
pub(crate) use summary::summary;
