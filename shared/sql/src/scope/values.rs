//! The graph of values: what each output, and each set of rows, is made of, and how.
//!
//! Nodes are made after what they are made of, except in recursive queries; so ascending order is an
//! order of computation. Knows nothing of SQL.

use crate::text::Span;

/// How one value enters another. The terms are those of OpenLineage's column lineage facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// As it is.
    Identity,
    /// Changed.
    Transformation,
    /// Together with the values of other rows.
    Aggregation,
    /// Changed so that it cannot be told, as by a hash.
    MaskedTransformation,
    /// Together with others so that it cannot be told, as by a count.
    MaskedAggregation,
    /// As part of a join's condition.
    Join,
    /// As a key of a grouping.
    GroupBy,
    /// As part of a predicate that selects rows.
    Filter,
    /// As a key of an order.
    Sort,
    /// As a key of a window.
    Window,
    /// As a condition that chooses between values.
    Conditional,
    /// Through the rows of a relation: whatever selected, joined, grouped or sorted them.
    Rows,
}

impl Kind {
    /// Whether the value itself, not only the choice or the order of rows, comes through.
    pub fn is_direct(self) -> bool {
        self <= Self::MaskedAggregation
    }

    /// The kind of `inner` seen through `self`: the outermost indirect influence counts, and the
    /// strongest change.
    #[must_use]
    pub fn over(self, inner: Self) -> Self {
        match (self.is_direct(), inner.is_direct()) {
            (true, true) => {
                let masked = self.is_masked() || inner.is_masked();
                let aggregated = self.is_aggregation() || inner.is_aggregation();
                match (masked, aggregated) {
                    (true, true) => Self::MaskedAggregation,
                    (true, false) => Self::MaskedTransformation,
                    (false, true) => Self::Aggregation,
                    (false, false) => self.max(inner),
                }
            }
            (true, false) => inner,
            (false, _) => self,
        }
    }

    fn is_masked(self) -> bool {
        matches!(self, Self::MaskedTransformation | Self::MaskedAggregation)
    }

    fn is_aggregation(self) -> bool {
        matches!(self, Self::Aggregation | Self::MaskedAggregation)
    }
}

/// A value, or the rows of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub(crate) u32);

/// One value enters another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// What enters.
    pub from: Node,
    /// How.
    pub kind: Kind,
    /// The number of the reference that made it, or [`NO_REFERENCE`].
    pub(crate) reference: u32,
}

pub(crate) const NO_REFERENCE: u32 = u32::MAX;
const NO_COLUMN: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Entry {
    column: u32,
    start: u32,
    end: u32,
}

/// The graph.
#[derive(Debug, Default)]
pub(crate) struct Values {
    nodes: Vec<Entry>,
    edges: Vec<Edge>,
    /// Edges of nodes not yet finished, innermost last.
    pending: Vec<Edge>,
    /// Whether some node is made of later ones.
    pub(crate) cyclic: bool,
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node that stands for a column of a table.
    pub(crate) fn source(&mut self, column: u32) -> Node {
        self.push(Entry { column, start: 0, end: 0 })
    }

    /// The column that the node stands for.
    pub(crate) fn column(&self, node: Node) -> Option<u32> {
        let column = self.nodes[node.0 as usize].column;
        (column != NO_COLUMN).then_some(column)
    }

    /// What the node is made of.
    pub(crate) fn edges(&self, node: Node) -> &[Edge] {
        let entry = self.nodes[node.0 as usize];
        &self.edges[entry.start as usize..entry.end as usize]
    }

    /// Where the edges of the next node begin.
    pub(crate) fn begin(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn add(&mut self, from: Node, kind: Kind, reference: u32) {
        self.pending.push(Edge { from, kind, reference });
    }

    /// Makes a node of the edges pending since `start`.
    pub(crate) fn finish(&mut self, start: usize) -> Node {
        let (from, to) = self.take(start);
        self.push(Entry { column: NO_COLUMN, start: from, end: to })
    }

    /// Forgets the edges pending since `start`.
    pub(crate) fn discard(&mut self, start: usize) {
        self.pending.truncate(start);
    }

    /// A node whose edges come later, from [`Values::complete`].
    pub(crate) fn promise(&mut self) -> Node {
        self.push(Entry { column: NO_COLUMN, start: 0, end: 0 })
    }

    /// Gives a promised node the edges pending since `start`.
    pub(crate) fn complete(&mut self, node: Node, start: usize) {
        let (from, to) = self.take(start);
        let entry = &mut self.nodes[node.0 as usize];
        (entry.start, entry.end) = (from, to);
        self.cyclic = true;
    }

    fn take(&mut self, start: usize) -> (u32, u32) {
        let from = self.edges.len() as u32;
        self.edges.extend(self.pending.drain(start..));
        (from, self.edges.len() as u32)
    }

    fn push(&mut self, entry: Entry) -> Node {
        let node = Node(self.nodes.len() as u32);
        self.nodes.push(entry);
        node
    }

    /// The node behind a chain of unchanged copies.
    pub(crate) fn origin(&self, mut node: Node) -> Node {
        while let [Edge { from, kind: Kind::Identity, .. }] = self.edges(node) {
            if *from >= node {
                break;
            }
            node = *from;
        }
        node
    }
}

/// Turns a span of the parser into ours. Empty where the parser kept none.
pub(crate) fn span(span: sqlparser::tokenizer::Span) -> Span {
    Span { start: position(span.start), end: position(span.end) }
}

fn position(at: sqlparser::tokenizer::Location) -> crate::text::Position {
    crate::text::Position { line: at.line as u32, column: at.column as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_compose() {
        let check = |outer: Kind, inner: Kind, expected| assert_eq!(outer.over(inner), expected);
        check(Kind::Identity, Kind::Identity, Kind::Identity);
        check(Kind::Transformation, Kind::Identity, Kind::Transformation);
        check(Kind::Transformation, Kind::Aggregation, Kind::Aggregation);
        check(Kind::Aggregation, Kind::MaskedTransformation, Kind::MaskedAggregation);
        check(Kind::Aggregation, Kind::Conditional, Kind::Conditional);
        check(Kind::Filter, Kind::Conditional, Kind::Filter);
        check(Kind::Rows, Kind::Join, Kind::Rows);
    }
}
