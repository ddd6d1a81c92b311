//! What tests stand on, and nothing else does: the whole application in one process, on an embedded
//! DynamoDB, behind the gateway's routes; callers of each kind; answers that are held against the API's description; a wire to the
//! database that can be cut; a model endpoint that says what a test wants; SQL that nobody should write.
//!
//! Like every test it stops with a message where something is not as it must be.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod app;
mod call;
mod caller;
pub mod checkout;
mod clock;
mod contract;
mod faults;
mod gateway;
mod keys;
mod model;
mod report;
mod response;
pub mod shapes;
mod together;
mod units;

pub use app::{Builder, TestApp, local_aws};
pub use call::Call;
pub use caller::{Anonymous, Bearer, Calls, Stored, User};
pub use clock::TestClock;
pub use contract::Contract;
pub use faults::{Fault, FaultyWire};
pub use gateway::{Functions, Operation, Route, deployed_routes, watch_routes};
pub use keys::KeyFile;
pub use model::{Asked, FakeModel, Step};
pub use report::empty_report;
pub use response::Response;
pub use together::together;
pub use units::Units;
