//! What other tools keep of queries, brought to one form: lines of JSON, which the API imports and exports.
//!
//! No I/O: texts and bytes come in, records go out, and what cannot be used is named with its place.

pub mod csv;
pub mod dbt;
pub mod pg_stat_statements;
mod record;
pub mod snowflake;
pub mod sql_file;
mod title;

pub use record::{
    CatalogRecord, CountersRecord, Execution, Kind, Origin, QueryRecord, Record, RunsRecord,
    StatisticsRecord, VersionRecord,
};

/// What a reader gives, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Something to import.
    Record(Box<Record>),
    /// Something that is left out, and why.
    Skipped(Skipped),
}

/// What is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands: `line 7`, or the name that the tool gives it.
    pub place: String,
    /// Why, in words for who runs the import.
    pub why: String,
}

impl Outcome {
    pub(crate) fn skipped(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Skipped(Skipped { place: place.into(), why: why.into() })
    }
}

impl From<Record> for Outcome {
    fn from(record: Record) -> Self {
        Self::Record(Box::new(record))
    }
}
