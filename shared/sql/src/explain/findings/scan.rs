//! A scan of a whole table together with what throws rows of it away: the scan itself, or the step above.

use super::super::tree::{Node, Operation, Role};
use super::{About, Context, texts};

/// A scan and what becomes of the rows.
pub(super) struct Scan<'a> {
    /// The scan and its conditions.
    pub(super) about: About<'a>,
    /// Rows that were read, or would be, in all.
    pub(super) read: Option<f64>,
    /// Rows that were kept of them, or would be.
    pub(super) kept: Option<f64>,
    /// Whether that was measured.
    pub(super) is_measured: bool,
    /// The estimated cost of the scan.
    pub(super) cost: Option<f64>,
}

impl<'a> Scan<'a> {
    /// The scan that a step is, if it reads a whole table.
    pub(super) fn of(cx: &Context<'a>, at: usize) -> Option<Self> {
        let node = cx.node(at);
        if node.operation != Operation::SequentialScan {
            return None;
        }
        let filter = cx.above(at).filter(|above| above.operation == Operation::Filter);
        let own = texts(node, &[Role::Filter]);
        let mut predicates = own.clone();
        predicates.extend(filter.into_iter().flat_map(|filter| texts(filter, &[Role::Filter])));
        let keeps = filter.unwrap_or(node);
        let measured = node.total_rows().zip(keeps.total_rows());
        let (read, kept) = match measured {
            Some((given, kept)) => (Some(given + node.total_removed().unwrap_or(0.0)), Some(kept)),
            None => {
                let read = node.estimated_rows.map(|rows| rows + node.estimated_removed.unwrap_or(0.0));
                // A plan of PostgreSQL says how many are kept and not how many are read.
                let is_known = filter.is_some() || node.estimated_removed.is_some() || predicates.is_empty();
                (read.filter(|_| is_known), keeps.estimated_rows)
            }
        };
        let about = About { relation: node.relation.as_ref(), predicates };
        Some(Self { about, read, kept, is_measured: measured.is_some(), cost: node.cost })
    }

    /// Whether rows are thrown away by a condition.
    pub(super) fn is_filtered(&self) -> bool {
        !self.about.predicates.is_empty()
    }
}

/// The scan at the end of a line of steps that hand rows on, and whether rows are kept on the way.
pub(super) fn leaf(node: &Node) -> &Node {
    let mut node = node;
    while matches!(
        node.operation,
        Operation::Filter | Operation::Materialize | Operation::Gather | Operation::Hash | Operation::Limit
    ) {
        let mut inputs = node.inputs();
        match (inputs.next(), inputs.next()) {
            (Some(only), None) => node = only,
            _ => break,
        }
    }
    node
}
