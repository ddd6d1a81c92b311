//! What a model is asked: the statement without comments and literals, what the catalog knows of the tables that it
//! reads, and what is wanted. Names and types are data in one JSON object, never instructions.

mod counterexample;
mod prompt;
mod schema;
mod statement;

pub(crate) use counterexample::symbolic;
pub use prompt::PROMPT_VERSION;
pub(crate) use prompt::{DESCRIBE, OBJECTIONS, REWRITE, SYSTEM, filled};
pub(crate) use schema::{description, rewrites};
pub use statement::{NotAsked, Statement};
