//! What is found out about texts without running them, as functions answer it and the batch keeps it: what lists and the
//! graph are made from, and lineage as a document, made once and found again by whoever asks for the same.
//!
//! It knows the store and the levels of the cache, and nothing of requests.

mod document;
mod flows;
mod lineage;
mod written;

pub use document::{LineageView, On, StoredView, of_query};
pub use lineage::{BUDGET, Basics, lineage, traced};
pub use written::{known, of, with};
