//! `misestimate`: there were far more rows than estimated, or far fewer, so that the plan was made for other data.

use super::super::tree::{Node, Operation};
use super::figures::{count, rows};
use super::{About, Code, Context, Finding, called};
use crate::lint::Severity;

/// From this factor on an estimate is wrong. The measure is the q-error, the larger divided by the smaller; Leis et
/// al., "How Good Are Query Optimizers, Really?" (VLDB 2015), find plans that cost a multiple from errors of ten on.
const FACTOR: f64 = 10.0;

/// Few rows cost little, whatever was thought.
const LEAST_ROWS: f64 = 1_000.0;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let (estimated, actual, factor) = error(node)?;
    let is_more = actual > estimated;
    if factor < FACTOR
        || estimated.max(actual) * node.times() < LEAST_ROWS
        || !is_more && cx.steps[at].may_stop
        || is_inherited(node, factor, is_more)
    {
        return None;
    }
    // Where there is more than was thought, loops and memory are too small for it; the other way round they
    // are only too large.
    let (severity, word) = if is_more { (Severity::Warning, "more") } else { (Severity::Info, "fewer") };
    let each =
        if node.times() > 1.0 { format!(" in each of {} runs", count(node.times())) } else { String::new() };
    let remedy = match node.operation {
        Operation::SequentialScan | Operation::IndexScan | Operation::Filter => {
            "renew the statistics, and keep some of columns that belong together where the condition has several"
        }
        Operation::Aggregate => {
            "renew the statistics: how many groups there are is told from distinct values"
        }
        _ => {
            "the inputs are estimated well and what is made of them is not: values that are more frequent in one of them, or columns that depend on each other"
        }
    };
    let message = format!(
        "{}: {} were estimated and there were {}{each}, {} times {word}: {remedy}",
        called(node, node.relation.as_ref()),
        rows(estimated),
        count(actual),
        count(factor.floor()),
    );
    Some(cx.finding(at, (Code::Misestimate, severity), About::of(node), message))
}

/// What was estimated, what there was, and how far they are apart. Less than a row counts as one.
fn error(node: &Node) -> Option<(f64, f64, f64)> {
    let (estimated, actual) = node.estimated_rows.zip(node.actual_rows)?;
    let gives_rows = node.operation != Operation::Modify
        // Bitmaps are counted in rows or not at all.
        && (!node.kind.starts_with("Bitmap") || node.kind.contains("Heap"));
    if node.loops == Some(0.0) || !gives_rows {
        return None;
    }
    let (a, b) = (estimated.max(1.0), actual.max(1.0));
    Some((estimated, actual, a.max(b) / a.min(b)))
}

/// Whether an input is wrong by as much in the same direction, so that this step cannot help it.
fn is_inherited(node: &Node, factor: f64, is_more: bool) -> bool {
    node.inputs().any(|input| match error(input) {
        Some((estimated, actual, below)) => {
            below >= FACTOR && (actual > estimated) == is_more && factor < below * FACTOR
        }
        // What has no figures of its own hands on what is below it.
        None => input.loops != Some(0.0) && is_inherited(input, factor, is_more),
    })
}
