//! `nested-loop`: large inputs are joined row by row, each time through the whole of the second one or by an
//! index.

use super::super::Engine;
use super::super::tree::{Node, Operation, Role};
use super::figures::{count, rows};
use super::scan::leaf;
use super::{About, Code, Context, Finding, texts};
use crate::lint::Severity;

/// Pairs of rows that are looked at. A hash table for a thousand rows costs less than a million comparisons.
const LEAST_PAIRS: f64 = 1_000_000.0;

/// Look-ups by an index. Each goes down the index and to a page at random, at least twice `random_page_cost`; a hundred
/// thousand of them cost PostgreSQL as much as reading six gigabytes in order.
const LEAST_LOOKUPS: f64 = 100_000.0;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let (outer, inner) = sides(node)?;
    let read = leaf(inner);
    let mut predicates = texts(node, &[Role::Join, Role::Filter]);
    predicates.extend(texts(inner, &[Role::Filter, Role::Index, Role::Join]));
    if !std::ptr::eq(inner, read) {
        predicates.extend(texts(read, &[Role::Filter, Role::Index]));
    }
    let about = About { relation: read.relation.as_ref(), predicates };
    let name = read.relation.as_ref().map_or("the second input", |relation| relation.name.as_str());
    let (severity, message) = match figures(outer, inner, read) {
        Some(Figures::Pairs { outer, inner, is_measured }) if outer * inner >= LEAST_PAIRS => {
            let verb = if is_measured { "were" } else { "would be" };
            let remedy = match cx.engine {
                Engine::DuckDb => String::new(),
                _ => format!(", and an index on the column of {name} would find the rows"),
            };
            let message = format!(
                "for each of {} {} of {name} {verb} gone through, {} pairs: a join by equality could use a hash table{remedy}",
                rows(outer),
                rows(inner),
                count(outer * inner),
            );
            (Severity::Warning, message)
        }
        Some(Figures::Lookups { times, is_measured }) if times >= LEAST_LOOKUPS => {
            let verb = if is_measured { "were" } else { "would be" };
            let message = format!(
                "rows of {name} {verb} looked up {} times by an index: for as many, reading {name} once into a hash table costs less",
                count(times),
            );
            (Severity::Warning, message)
        }
        Some(_) => return None,
        None if cx.engine == Engine::Snowflake => {
            (Severity::Warning, "each row of one input is joined with each of the other: there is no equality between them in the condition".to_owned())
        }
        None if read.operation == Operation::SequentialScan => {
            let message = format!(
                "for each row of what is read before it the whole of {name} is gone through; the plan has no figures: an index on the column of {name} that is compared would find the rows"
            );
            (Severity::Info, message)
        }
        None => return None,
    };
    Some(cx.finding(at, (Code::NestedLoop, severity), about, message))
}

/// The two inputs of a nested loop.
fn sides(node: &Node) -> Option<(&Node, &Node)> {
    if node.operation != Operation::NestedLoop {
        return None;
    }
    let mut inputs = node.inputs();
    inputs.next().zip(inputs.next())
}

enum Figures {
    /// Each row of one with each that is read of the other.
    Pairs { outer: f64, inner: f64, is_measured: bool },
    /// As often as an index was asked.
    Lookups { times: f64, is_measured: bool },
}

fn figures(outer: &Node, inner: &Node, read: &Node) -> Option<Figures> {
    let is_measured = outer.actual_rows.is_some() && inner.actual_rows.is_some();
    let outer = if is_measured { outer.total_rows()? } else { outer.estimated_rows? };
    // What was kept of earlier look-ups is not looked up again.
    let times = read.loops.filter(|_| is_measured).map_or(outer, |loops| loops.min(outer));
    if read.operation == Operation::IndexScan {
        return Some(Figures::Lookups { times, is_measured });
    }
    let inner = if is_measured {
        let kept = inner.actual_rows? + inner.rows_removed.unwrap_or(0.0);
        // Where rows are kept in memory, those are gone through; where not, all that is read.
        if inner.operation == Operation::Filter { kept.max(read.actual_rows.unwrap_or(0.0)) } else { kept }
    } else {
        inner
            .estimated_rows
            .map(|rows| rows + inner.estimated_removed.unwrap_or(0.0))?
            .max(if inner.operation == Operation::Filter { read.estimated_rows.unwrap_or(0.0) } else { 0.0 })
    };
    Some(Figures::Pairs { outer, inner, is_measured })
}

/// Whether a scan is what a nested loop goes through again and again, of which there is a finding.
pub(super) fn is_inner(cx: &Context<'_>, at: usize) -> bool {
    let scan = cx.node(at);
    let mut above = cx.steps[at].parent;
    while let Some(step) = above {
        if let Some((_, inner)) = sides(cx.node(step)) {
            return std::ptr::eq(leaf(inner), scan) && check(cx, step).is_some();
        }
        above = match cx.node(step).operation {
            Operation::Filter | Operation::Materialize | Operation::Gather => cx.steps[step].parent,
            _ => None,
        };
    }
    false
}
