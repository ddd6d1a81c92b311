//! The databases of users: what a query and its rewrites cost there, by estimate and, where that is allowed,
//! by running them. Nothing is ever written to them.
//!
//! Which workspace may use which database is not decided here, and no secret is fetched here.

mod advise;
mod calls;
mod connect;
mod digest;
mod dsn;
mod error;
mod explain;
mod hypothetical;
mod indexes;
mod metered;
mod session;
mod time;
mod tls;
mod views;
mod weigh;

pub use advise::{advise, beside_existing};
pub use connect::Connector;
pub use dsn::{Dsn, InvalidDsn};
pub use error::DatabaseError;
pub use explain::{Estimate, Relation};
pub use hypothetical::Hypothetical;
pub use indexes::Index;
pub use session::Session;
pub use sqm_reach::{InvalidReach, Reach};
pub use time::{Outcome, Timing};
pub use weigh::{Runs, Weighed, weigh};
