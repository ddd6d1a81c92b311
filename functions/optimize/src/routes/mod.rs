//! One file a route.

pub(crate) mod connections;
mod describe;
mod describe_stored;
mod indexes;
mod optimize;
mod optimize_stored;
mod plans;
mod usage;
mod verify;

pub(crate) use describe::describe;
pub(crate) use describe_stored::describe_stored;
pub(crate) use indexes::indexes;
pub(crate) use optimize::optimize;
pub(crate) use optimize_stored::optimize_stored;
pub(crate) use plans::plans;
pub(crate) use usage::usage;
pub(crate) use verify::verify;
