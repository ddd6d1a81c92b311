//! What is done with an answer: read as JSON, put back into the user's words, looked at, verified, measured. Pure:
//! an answer and an original in, verdicts out.

mod checks;
mod original;
mod proposal;
mod verdicts;

pub use original::Original;
pub use proposal::{NoProposals, Proposal, proposals};
pub(crate) use proposal::{first_object, line, prose};
pub use verdicts::{Rejected, Verdicts, judge};
