//! The services that stand in for AWS on one machine, and the sample workspace: `cargo xtask up` and the
//! tests start them.
//!
//! What they serve is what `infra/template.yaml` says: nothing is defined here a second time.

mod dynamodb;
pub mod sample;
mod template;

pub use dynamodb::{Data, DynamoDb, Options};
pub use template::{TABLE, Table, Template};
