//! Lineage: of what is stored, of a text that comes with the request, of a plan.

mod ad_hoc;
mod plan;
mod stored;

pub(crate) use ad_hoc::ad_hoc;
pub(crate) use plan::plan;
pub(crate) use stored::stored;
