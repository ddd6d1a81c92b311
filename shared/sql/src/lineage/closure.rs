//! From the graph of values to base columns: which of them each value comes from, and how.
//!
//! Only what is asked for is computed. Nodes come after what they are made of, so one pass in ascending
//! order suffices; recursive queries repeat it until nothing changes.

use crate::ids::IdMap;
use crate::scope::{ColumnId, Kind, Node, Values};

/// The kinds of influence of one column, as bits: `1 << Kind`.
pub(super) type Mask = u16;

/// A base column in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) column: ColumnId,
    pub(super) mask: Mask,
    /// The reference that reads the column, as its number.
    pub(super) reference: u32,
}

/// Every kind in order of its bit.
pub(super) const KINDS: [Kind; 11] = [
    Kind::Identity,
    Kind::Transformation,
    Kind::Aggregation,
    Kind::MaskedTransformation,
    Kind::MaskedAggregation,
    Kind::Join,
    Kind::GroupBy,
    Kind::Filter,
    Kind::Sort,
    Kind::Window,
    Kind::Conditional,
];

const DIRECT: Mask = 0b1_1111;

/// What `mask` becomes when the value enters as `kind`.
pub(super) fn through(kind: Kind, mask: Mask) -> Mask {
    match kind {
        Kind::Identity => mask,
        Kind::Rows => mask & !DIRECT,
        kind if kind.is_direct() => {
            let mut out = mask & !DIRECT;
            for (bit, inner) in KINDS.iter().enumerate().take(5) {
                if mask & (1 << bit) != 0 {
                    out |= 1 << (kind.over(*inner) as u16);
                }
            }
            out
        }
        kind => 1 << (kind as u16),
    }
}

/// What influences the rows that `root` stands for.
///
/// Looked at from above: the rows of a long chain of queries depend on everything below, and lists made at
/// each step would grow with its square.
pub(super) fn influences(values: &Values, first: usize, root: Node) -> Vec<Element> {
    let first = first as u32;
    let mut reached: Vec<Mask> = vec![0; values.len() - first as usize];
    let mut found: IdMap<u32, Element> = IdMap::default();
    let mut work = vec![(root, ROWS)];
    while let Some((node, new)) = work.pop() {
        let Some(at) = node.0.checked_sub(first) else { continue };
        let new = new & !reached[at as usize];
        if new == 0 {
            continue;
        }
        reached[at as usize] |= new;
        for edge in values.edges(node) {
            let mask = seen_through(new, edge.kind);
            if mask == 0 {
                continue;
            }
            match values.column(edge.from) {
                None => work.push((edge.from, mask)),
                Some(column) => {
                    let mask = mask & !ROWS;
                    found.entry(column).and_modify(|element| element.mask |= mask).or_insert(Element {
                        column: ColumnId(column),
                        mask,
                        reference: edge.reference,
                    });
                }
            }
        }
    }
    let mut elements: Vec<Element> = found.into_values().filter(|element| element.mask != 0).collect();
    elements.sort_unstable_by_key(|element| element.column);
    elements
}

const ROWS: Mask = 1 << (Kind::Rows as u16);

/// The ways in which what enters as `inner` is seen by those who see the whole in the ways of `outer`.
fn seen_through(outer: Mask, inner: Kind) -> Mask {
    let mut seen = 0;
    if outer & ROWS != 0 && !inner.is_direct() {
        seen |= 1 << (inner as u16);
    }
    for (bit, kind) in KINDS.iter().enumerate() {
        if outer & (1 << bit) != 0 {
            seen |= 1 << (kind.over(inner) as u16);
        }
    }
    seen
}

#[derive(Debug, Clone, Copy, Default)]
struct Range {
    start: u32,
    end: u32,
}

/// Base columns of the nodes from `first` on.
pub(super) struct Closure {
    first: u32,
    ranges: Vec<Range>,
    elements: Vec<Element>,
    /// Whether it grew beyond [`MOST_ELEMENTS`]: some nodes have nothing.
    pub(super) is_full: bool,
}

/// Base columns in all nodes of a statement together; 24 MB.
const MOST_ELEMENTS: usize = 2_000_000;

impl Closure {
    /// Computes the nodes asked for. Nodes before `first` belong to statements before and are columns.
    pub(super) fn of(values: &Values, first: usize, wanted: impl Iterator<Item = Node>) -> Self {
        let count = values.len() - first;
        let mut closure = Self {
            first: first as u32,
            ranges: vec![Range::default(); count],
            elements: Vec::new(),
            is_full: false,
        };
        let needed = closure.needed(values, wanted);
        let mut scratch = Vec::new();
        loop {
            let mut changed = false;
            for (at, _) in needed.iter().enumerate().filter(|(_, needed)| **needed) {
                changed |= closure.compute(values, at, &mut scratch);
            }
            if !(changed && values.cyclic) || closure.is_full {
                return closure;
            }
        }
    }

    fn needed(&self, values: &Values, wanted: impl Iterator<Item = Node>) -> Vec<bool> {
        let mut needed = vec![false; self.ranges.len()];
        let mut work: Vec<Node> = wanted.collect();
        while let Some(node) = work.pop() {
            let Some(at) = node.0.checked_sub(self.first) else { continue };
            if std::mem::replace(&mut needed[at as usize], true) {
                continue;
            }
            work.extend(values.edges(node).iter().map(|edge| edge.from));
        }
        needed
    }

    /// The base columns of a node, in order of column.
    pub(super) fn elements(&self, values: &Values, node: Node) -> Vec<Element> {
        match values.column(node) {
            Some(column) => vec![Element { column: ColumnId(column), mask: 1, reference: u32::MAX }],
            None => self.slice(node).to_vec(),
        }
    }

    /// How many base columns a node has.
    pub(super) fn count(&self, values: &Values, node: Node) -> usize {
        if values.column(node).is_some() { 1 } else { self.slice(node).len() }
    }

    fn slice(&self, node: Node) -> &[Element] {
        match node.0.checked_sub(self.first).and_then(|at| self.ranges.get(at as usize)) {
            Some(range) => &self.elements[range.start as usize..range.end as usize],
            None => &[],
        }
    }

    /// Computes one node from what it is made of; gives whether it changed.
    fn compute(&mut self, values: &Values, at: usize, scratch: &mut Vec<Element>) -> bool {
        let node = Node(self.first + at as u32);
        if values.column(node).is_some() {
            return false;
        }
        let edges = values.edges(node);
        if let [edge] = edges
            && edge.kind == Kind::Identity
            && values.column(edge.from).is_none()
        {
            // An unchanged copy shares what it copies.
            let range = self.range(edge.from);
            let old = self.ranges[at];
            self.ranges[at] = range;
            return range.end - range.start != old.end - old.start;
        }
        scratch.clear();
        if self.elements.len() > MOST_ELEMENTS {
            self.is_full = true;
            return false;
        }
        for edge in edges {
            match values.column(edge.from) {
                Some(column) => {
                    let mask = through(edge.kind, 1);
                    if mask != 0 {
                        scratch.push(Element { column: ColumnId(column), mask, reference: edge.reference });
                    }
                }
                None => {
                    for element in self.slice(edge.from) {
                        let mask = through(edge.kind, element.mask);
                        if mask != 0 {
                            scratch.push(Element { mask, ..*element });
                        }
                    }
                }
            }
        }
        merge(scratch);
        if scratch[..] == *self.slice(node) {
            return false;
        }
        let start = self.elements.len() as u32;
        self.elements.extend_from_slice(scratch);
        self.ranges[at] = Range { start, end: self.elements.len() as u32 };
        true
    }

    fn range(&self, node: Node) -> Range {
        node.0
            .checked_sub(self.first)
            .and_then(|at| self.ranges.get(at as usize))
            .copied()
            .unwrap_or_default()
    }
}

/// Each column once, with every way in which it has influence.
pub(super) fn merged(mut elements: Vec<Element>) -> Vec<Element> {
    merge(&mut elements);
    elements
}

fn merge(elements: &mut Vec<Element>) {
    elements.sort_by_key(|element| element.column);
    elements.dedup_by(|next, kept| {
        let same = next.column == kept.column;
        if same {
            kept.mask |= next.mask;
        }
        same
    });
}
