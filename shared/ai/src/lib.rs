//! A model proposes, the verifier decides: the client of a model endpoint, what a model is asked, and what is
//! done with its answers.
//!
//! What a model says is somebody else's text: nothing of it is offered that `sqm_verify` has not looked at. This
//! crate knows no store, no secrets and no HTTP of ours.

pub mod ask;
mod converse;
mod describe;
mod dialogue;
pub mod judge;
pub mod provider;

pub use ask::{NotAsked, PROMPT_VERSION, Statement};
pub use converse::{Conversed, Keyed, Model, Workers, converse};
pub use describe::{Describing, Description, ThoughtOf};
pub use dialogue::{Dialogue, Next, Outcome};
pub use judge::{Original, Proposal, Rejected, Verdicts};
