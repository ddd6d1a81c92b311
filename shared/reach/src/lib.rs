//! Where a connection from inside of our network may lead, and whose certificates it trusts: one answer for
//! databases of users and for model endpoints.
//!
//! Nothing is connected to and no name is looked up here.

mod reach;
mod trust;

pub use reach::{Entry, InvalidReach, Reach};
pub use trust::Trust;
