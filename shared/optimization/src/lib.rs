//! Optimizations as functions answer them and the batch keeps them: how much is tried, the work itself without any database
//! or model, and the document, made once and found again by whoever asks for the same.
//!
//! It knows the levels of the cache, and nothing of requests, of databases or of models.

mod document;
mod effort;
mod kept;
mod work;

pub use document::{Include, Of, On, document, of_query};
pub use effort::{Databases, Effort};
pub use kept::{Basics, optimized};
pub use work::{BUDGET, Known, judged};
