//! What a SQL text says: parsed, resolved against a catalog, traced, linted and rewritten.
//!
//! Pure functions of (SQL, dialect, catalog, options): no I/O, no clock, no AWS. SQL is hostile, so
//! syntax trees exist only behind `guard`, and what leaves it is our own representation.

pub mod catalog;
pub mod guard;
mod ids;
pub mod lineage;
pub mod lint;
pub mod parse;
pub mod rewrites;
pub mod rules;
pub mod scope;
pub mod text;
