//! Lineage: of what is stored, and of what comes with the request.

mod ad_hoc;
mod stored;

pub(crate) use ad_hoc::ad_hoc;
pub(crate) use stored::stored;
