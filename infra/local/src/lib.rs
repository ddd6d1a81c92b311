//! The services that stand in for AWS on one machine, and the sample workspace: `cargo xtask up` and the
//! tests start them.
//!
//! What they serve is what `infra/template.yaml` says: nothing is defined here a second time.

mod debian;
mod dynamodb;
pub mod edge;
mod moto;
mod nginx;
mod passing;
mod postgres;
pub mod process;
mod redis;
pub mod sample;
mod small_model;
pub mod stack;
mod template;
mod tools;

pub use dynamodb::{Data, DynamoDb, Options};
pub use moto::Moto;
pub use nginx::Nginx;
pub use postgres::{Door, Postgres, Release};
pub use redis::{Kind as RedisKind, Redis};
pub use small_model::SmallModel;
pub use template::{TABLE, Table, Template};
pub use tools::{Tool, Tools};
