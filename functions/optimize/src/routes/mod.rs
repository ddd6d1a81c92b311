//! One file a route.

pub(crate) mod connections;
mod indexes;
mod optimize;
mod optimize_stored;
mod plans;
mod verify;

pub(crate) use indexes::indexes;
pub(crate) use optimize::optimize;
pub(crate) use optimize_stored::optimize_stored;
pub(crate) use plans::plans;
pub(crate) use verify::verify;
