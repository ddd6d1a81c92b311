//! `sort-spill`, `hash-spill`, `spill`: what did not fit into memory and was written to disk and read again. Any of
//! it is told: the database itself says that its memory was too small.

use super::super::Engine;
use super::super::tree::Spilled;
use super::figures::{bytes, count};
use super::{About, Code, Context, Finding};
use crate::lint::Severity;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let spill = node.spill?;
    let (code, what) = match spill.what {
        Spilled::Sort => (Code::SortSpill, "what is sorted"),
        Spilled::Hash => (Code::HashSpill, "the hash table"),
        Spilled::Rows => (Code::Spill, "what the query keeps"),
    };
    let mut figures = Vec::new();
    if let Some(size) = spill.bytes {
        figures.push(format!("{} on disk", bytes(size)));
    }
    if let Some(batches) = spill.batches {
        figures.push(format!("in {} batches", count(batches)));
    }
    let remedy = match (cx.engine, spill.what) {
        (Engine::Postgres, Spilled::Hash) => "more work_mem, or fewer rows and columns in it",
        (Engine::Postgres, _) => "more work_mem, an index in this order, or fewer rows and columns in it",
        (Engine::DuckDb, _) => "a larger memory_limit, or fewer rows and columns in it",
        _ => "more memory for the query, or fewer rows and columns in it",
    };
    let message = format!("{what} does not fit into memory ({}): {remedy}", figures.join(", "));
    Some(cx.finding(at, (code, Severity::Warning), About::of(node), message))
}
