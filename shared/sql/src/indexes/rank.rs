//! What pays most, as far as that can be told without the data.
//!
//! The order is that of how often a table would be read whole without the index, and of how few rows it finds
//! with it. That an index for what a subquery compares with the row around it comes first was measured: in
//! PostgreSQL on TPC-H it is what makes queries 17 and 20 end at all.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use super::Purpose;
use super::uses::{Relation, Use};
use crate::ids::IdMap;
use crate::scope::RelationId;

/// What an index is worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// Rows come grouped, all of them.
    Grouping,
    /// From one value on, or up to one: a good part of the rows.
    OpenRange,
    /// A join of which neither side is narrowed, which reads the table once anyway.
    PlainJoin,
    /// Between two values.
    Range,
    /// Texts that begin alike.
    Prefix,
    /// The first rows, instead of all of them sorted.
    Order,
    /// The rows that belong to few others.
    Join,
    /// Rows that are told apart by a value.
    Equality,
    /// The rows that belong to one of the query around, which a database may find for all at once.
    Correlation,
    /// The same, found for each row by itself.
    Repeated,
}

impl Worth {
    /// Of a range.
    pub(super) fn of_range(range: &Use) -> Self {
        match (range.purpose, range.is_open) {
            (Purpose::Prefix, _) => Self::Prefix,
            (_, true) => Self::OpenRange,
            (_, false) => Self::Range,
        }
    }

    /// As a number, by which several texts are added up: twice as much for each step.
    pub(super) fn points(self) -> f64 {
        f64::from(1_u32 << (self as u32))
    }
}

/// How many joins away each relation is from one that conditions narrow; none where no such is joined.
pub(super) struct LookedUp {
    steps: IdMap<RelationId, u32>,
}

/// Follows the joins from where conditions narrow a relation.
pub(super) fn looked_up(relations: &[Relation<'_>]) -> LookedUp {
    let mut joined: IdMap<RelationId, Vec<RelationId>> = IdMap::default();
    let mut left = VecDeque::new();
    for relation in relations {
        for partner in relation.uses.iter().filter_map(|used| used.partner) {
            joined.entry(partner).or_default().push(relation.id);
        }
        let narrows = |used: &Use| match used.purpose {
            Purpose::Equality => !used.part.has_few_values,
            Purpose::Range => !used.is_open,
            Purpose::Prefix | Purpose::Correlation => true,
            _ => false,
        };
        if relation.uses.iter().any(narrows) || !relation.order.is_empty() {
            left.push_back((relation.id, 0));
        }
    }
    let mut steps = IdMap::default();
    while let Some((relation, far)) = left.pop_front() {
        if let Entry::Vacant(entry) = steps.entry(relation) {
            entry.insert(far);
            left.extend(joined.remove(&relation).into_iter().flatten().map(|next| (next, far + 1)));
        }
    }
    LookedUp { steps }
}

impl LookedUp {
    /// Whether rows of a relation are looked up from another: that one is closer to where rows are few, or as
    /// close.
    pub(super) fn is_from(&self, partner: Option<RelationId>, own: RelationId) -> bool {
        let Some(far) = partner.and_then(|partner| self.steps.get(&partner)) else { return false };
        self.steps.get(&own).is_none_or(|own| far <= own)
    }
}
