//! Is this the same query? Two queries and a catalog in, a verdict out.
//!
//! Pure: no I/O, no AWS. DataFusion and SQLite run in memory; that DataFusion is asynchronous, no caller
//! ever sees.

pub mod bind;
mod checks;
pub mod compare;
pub mod counterexample;
pub mod coverage;
pub mod database;
mod dialects;
pub mod engine;
mod forms;
pub mod generate;
pub mod offer;
mod outputs;
pub mod pair;
pub mod prove;
mod search;
pub mod sqlite;
mod trust;
mod unique;
pub mod value;
mod verdict;
mod verifier;

pub use coverage::Coverage;
pub use outputs::output_kinds;
pub use verdict::{Counterexample, TableRows, Verdict, Verification};
pub use verifier::{Options, verify};
