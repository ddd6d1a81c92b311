//! What is stored: queries with their versions, references, catalogs, connections, analyses, what models have said and
//! what that cost, in one DynamoDB table.
//!
//! [`keys`] builds every key and lists the access patterns. Every function takes the workspace first, so
//! nothing can be read or written without saying whose it is. The time, the author and the results of
//! analysis are arguments: this crate knows neither HTTP nor how SQL is parsed.

mod analyses;
mod batch;
mod blob;
mod catalog;
mod changes;
mod config;
mod connection;
mod error;
mod export;
mod graph;
mod idempotency;
mod item;
mod job;
pub mod keys;
mod parts;
mod position;
mod query;
mod registry;
mod reports;
mod run;
mod shards;
mod suggestions;
mod transaction;
mod usage;

pub use analyses::StoredAnalysis;
pub use blob::sha256;
pub use catalog::{CatalogState, CatalogSummary, CatalogWrite, Expected, StoredCatalog};
pub use changes::{ListState, Listed};
pub use config::{Store, StoreConfig};
pub use connection::{Connection, ConnectionWrite};
pub use error::StoreError;
pub use export::Exported;
pub use graph::{Found, Reach, Reached};
pub use idempotency::{Idempotency, IdempotencyKey, InvalidIdempotencyKey};
pub use job::{Failure, Finished, Job, MOST_TASKS, Progress};
pub use keys::{Direction, Grain};
pub use parts::PartsHash;
pub use position::Position;
pub use query::{
    AnalysedBy, Analysis, Anew, Brought, Change, Content, Filter, Fingerprint, Heads, Hits, MAX_PAGE,
    MAX_REFERENCES, Origin, Page, Parse, Query, References, Sort, StaleList, Standing, Summary, Terms,
    Weight, Written, words,
};
pub use reports::StoredReport;
pub use run::{Counters, KEEP_DAYS, KEEP_HOURS_DAYS, Outlines, PlanShape, Recorded, Run};
pub use suggestions::{Lease, SuggestionKey};
pub use usage::{Quota, Reserved, Spent, UsageOfDay};
