//! The words that every other crate uses: ids, names, dialects, SQL text and limits.
//!
//! A value of a type from here is valid by construction; parsing is the only way in. No I/O, no
//! clock, no randomness: ids are made from a time and random bits that the caller brings.

mod dialect;
mod engine;
mod id;
pub mod limits;
mod name;
mod sql_text;

pub use dialect::{Dialect, UnknownDialect};
pub use engine::{DatabaseEngine, UnknownEngine};
pub use id::{AnalysisId, InvalidId, JobId, QueryId, VersionNumber, WorkspaceId};
pub use name::{
    CatalogName, ConnectionName, EngineLabel, InvalidName, Note, ParametersHash, RunId, SecretName, Subject,
    Tag, Title,
};
pub use sql_text::{InvalidSql, SqlText};
