//! What a SQL text says: parsed, resolved against a catalog, traced, linted and rewritten.
//!
//! Pure functions of (SQL, dialect, catalog, options): no I/O, no clock, no AWS. SQL is hostile, so
//! syntax trees exist only behind `guard`, and what leaves it is our own representation.

pub mod catalog;
pub mod complexity;
pub mod explain;
pub mod fingerprint;
pub mod guard;
mod ids;
pub mod indexes;
pub mod lineage;
pub mod lint;
pub mod parse;
pub mod placeholders;
pub mod plan;
pub mod read_only;
pub mod rewrites;
pub mod rules;
pub mod scope;
pub mod shape;
pub mod terms;
pub mod text;
pub mod words;

/// The version of the analyses: what the same text gives may change with it. It names the sources that it
/// was built of.
pub const ENGINE_VERSION: &str = env!("SQM_ENGINE_VERSION");
