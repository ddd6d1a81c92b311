//! Lineage for people and for other tools: a tree, three kinds of drawings, OpenLineage events.
//!
//! Pure functions of the answer: nothing here knows SQL, a catalog or the time.

mod dot;
mod drawing;
mod mermaid;
mod openlineage;
mod svg;
mod text;

pub use openlineage::{EventContext, job_event, producer, run_event};
