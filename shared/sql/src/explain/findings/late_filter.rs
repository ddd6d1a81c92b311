//! `late-filter`: rows are fetched, joined or computed, and most of them are thrown away by a condition that
//! comes after.

use super::super::tree::{Node, Operation, Role};
use super::figures::{count, percent, rows};
use super::{About, Code, Context, Finding, called, texts};
use crate::lint::Severity;

/// As for scans of whole tables: throwing away fewer costs little, and what keeps more than a tenth saves little.
const LEAST_REMOVED: f64 = 10_000.0;
const MOST_KEPT: f64 = 0.1;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let (kept, removed) = figures(node)?;
    if removed < LEAST_REMOVED || kept > (kept + removed) * MOST_KEPT {
        return None;
    }
    let below = node.inputs().next();
    let relation = node.relation.as_ref().or_else(|| below?.relation.as_ref());
    let about = About { relation, predicates: texts(node, roles(node)) };
    let name = called(node, about.relation);
    let remedy = match node.operation {
        Operation::IndexScan => {
            "an index that has the columns of the other condition as well would not fetch them"
        }
        Operation::OtherScan | Operation::Filter => {
            "the condition belongs inside the query that makes these rows, before they are made"
        }
        _ => "a condition of one table alone belongs before the join",
    };
    let message = format!(
        "{} of {name} were thrown away after they had been read and {} were kept ({}): {remedy}",
        rows(removed),
        count(kept),
        percent(kept, kept + removed),
    );
    Some(cx.finding(at, (Code::LateFilter, Severity::Warning), about, message))
}

/// The conditions that throw rows away: not those that say which rows are read at all.
fn roles(node: &Node) -> &'static [Role] {
    match node.operation {
        Operation::HashJoin | Operation::MergeJoin => &[Role::Filter, Role::Join],
        _ => &[Role::Filter],
    }
}

/// Rows that are kept and rows that are thrown away, where a step does so late. Scans of whole tables and nested
/// loops have findings of their own, and HAVING can come no earlier.
fn figures(node: &Node) -> Option<(f64, f64)> {
    match node.operation {
        Operation::IndexScan | Operation::OtherScan | Operation::HashJoin | Operation::MergeJoin => {
            node.total_rows().zip(node.total_removed())
        }
        Operation::Filter => {
            let below = node.inputs().next()?;
            if matches!(
                below.operation,
                Operation::SequentialScan | Operation::Aggregate | Operation::NestedLoop
            ) {
                return None;
            }
            let (kept, all) = node.total_rows().zip(below.total_rows())?;
            Some((kept, (all - kept).max(0.0)))
        }
        _ => None,
    }
}
