//! A model proposes, the verifier decides: the client of a model endpoint, what a model is asked, and what is
//! done with its answers.
//!
//! What a model says is somebody else's text: nothing of it is offered that `sqm_verify` has not looked at. This
//! crate knows no store, no secrets and no HTTP of ours.

pub mod provider;
