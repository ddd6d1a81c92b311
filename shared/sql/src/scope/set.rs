//! UNION, EXCEPT and INTERSECT: columns are matched by position, or by name where the text says so.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use super::names::Name;
use super::query::{NOWHERE, Resolver, Rows};
use super::values::{Kind, NO_REFERENCE, Node};
use crate::parse::SetSide;

use super::{DoubtKind, Output, Rest, ScopeId, Scopes, ShapeId};

/// The arms of a chain of set operations, from left to right.
pub(super) struct Arms<'t> {
    pub(super) first: &'t SetExpr,
    pub(super) rest: Vec<Arm<'t>>,
}

pub(super) struct Arm<'t> {
    pub(super) body: &'t SetExpr,
    op: SetOperator,
    by_name: bool,
}

impl<'t> Arms<'t> {
    /// Follows the left spine: such chains can be long.
    pub(super) fn of(mut body: &'t SetExpr) -> Self {
        let mut rest = Vec::new();
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = body {
            let by_name = matches!(
                set_quantifier,
                SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
            );
            rest.push(Arm { body: right, op: *op, by_name });
            body = left;
        }
        rest.reverse();
        Self { first: body, rest }
    }
}

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn set_operation(&mut self, body: &'t SetExpr, parent: Option<ScopeId>) -> Rows {
        let arms = Arms::of(body);
        let by_name = arms.rest.iter().any(|arm| arm.by_name);
        let first = self.body(arms.first, parent);
        let mut values = vec![first.shape];
        let start = self.scopes.values.begin();
        self.scopes.values.add(first.node, Kind::Rows, NO_REFERENCE);
        for arm in &arms.rest {
            let rows = self.body(arm.body, parent);
            self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            match arm.op {
                SetOperator::Union | SetOperator::Intersect => values.push(rows.shape),
                SetOperator::Except | SetOperator::Minus => {
                    // The rows of the right arm select, they give no value.
                    for column in &self.scopes.shapes[rows.shape.0 as usize].columns {
                        self.scopes.values.add(column.node, Kind::Filter, NO_REFERENCE);
                    }
                }
            }
        }
        let node = self.scopes.values.finish(start);
        let shape = if by_name { self.scopes.by_name(&values) } else { self.scopes.by_position(&values) };
        if by_name && let [(side, listed)] = &self.set_sides[..] {
            let listed: Vec<Name> = listed.iter().map(|name| self.scopes.names.fold(name)).collect();
            self.scopes.keep(shape, &values, *side, &listed);
        }
        Rows { shape, node }
    }
}

impl Scopes<'_> {
    /// Merges shapes column by column.
    pub(super) fn by_position(&mut self, arms: &[ShapeId]) -> ShapeId {
        let [first, others @ ..] = arms else { return self.add_shape(Vec::new(), Rest::Nothing) };
        if others.is_empty() {
            return *first;
        }
        let mut columns = self.shape(*first).columns.clone();
        let same = |scopes: &Self, other: ShapeId| {
            let other = &scopes.shape(other).columns;
            other.len() == columns.len() && other.iter().zip(&columns).all(|(a, b)| a.star == b.star)
        };
        if !others.iter().all(|&other| same(self, other)) {
            return self.by_ragged_position(arms);
        }
        for (at, column) in columns.iter_mut().enumerate() {
            column.node = self.union_of(arms.iter().map(|&arm| self.shape(arm).columns[at].node).collect());
        }
        let open = columns.iter().any(|column| column.star);
        self.add_shape(columns, if open { Rest::Arms(arms.to_vec()) } else { Rest::Nothing })
    }

    /// Arms of different width, or with stars in different places. What stands before the first star in
    /// every arm is matched from the left, what stands behind the last one from the right; the rest is
    /// one open column.
    fn by_ragged_position(&mut self, arms: &[ShapeId]) -> ShapeId {
        let lists: Vec<Vec<Output>> = arms.iter().map(|&arm| self.shape(arm).columns.clone()).collect();
        let any_star = lists.iter().flatten().any(|column| column.star);
        let first = &lists[0];
        if !any_star {
            let span = first.first().map_or_else(
                || lists.iter().flatten().next().map_or(NOWHERE, |column| column.span),
                |column| column.span,
            );
            let name = self.names.exact("set operation");
            self.doubt(DoubtKind::Mismatch, name, Vec::new(), span);
        }
        let head = lists.iter().map(|list| list.iter().take_while(|c| !c.star).count()).min().unwrap_or(0);
        let mut columns = Vec::with_capacity(first.len());
        for at in 0..head {
            let node = self.union_of(lists.iter().map(|list| list[at].node).collect());
            columns.push(Output { node, ..first[at] });
        }
        let left: Vec<Node> = lists.iter().flat_map(|list| list[head..].iter().map(|c| c.node)).collect();
        if any_star && !left.is_empty() {
            let node = self.union_of(left);
            let span = first.get(head).or(first.last()).map_or(NOWHERE, |c| c.span);
            let star = self.names.exact("*");
            columns.push(Output { name: Some(star), node, span, star: true });
            return self.add_shape(columns, Rest::Arms(arms.to_vec()));
        }
        // Widths that differ without a star: only the first arm says what the further columns are.
        columns.extend(first.iter().skip(head));
        self.add_shape(columns, Rest::Nothing)
    }

    /// Merges shapes by the names of their columns.
    fn by_name(&mut self, arms: &[ShapeId]) -> ShapeId {
        let mut order: Vec<(Output, Vec<Node>)> = Vec::new();
        let mut place: std::collections::HashMap<Name, usize> = std::collections::HashMap::new();
        for &arm in arms {
            for column in &self.shape(arm).columns {
                let key = column.name.map(|name| self.names.key(name));
                let at = key.and_then(|key| place.get(&key).copied());
                match at {
                    Some(at) => order[at].1.push(column.node),
                    None => {
                        if let Some(key) = key {
                            place.insert(key, order.len());
                        }
                        order.push((*column, vec![column.node]));
                    }
                }
            }
        }
        let mut columns = Vec::with_capacity(order.len());
        for (column, nodes) in order {
            let node = self.union_of(nodes);
            columns.push(Output { node, ..column });
        }
        let open = columns.iter().any(|column| column.star);
        self.add_shape(columns, if open { Rest::Arms(arms.to_vec()) } else { Rest::Nothing })
    }

    /// Leaves only the columns that a set operation by name keeps.
    fn keep(&mut self, whole: ShapeId, arms: &[ShapeId], side: SetSide, listed: &[Name]) {
        let has = |scopes: &Self, arm: ShapeId, key: Name| {
            let mut columns = scopes.shape(arm).columns.iter();
            columns.any(|c| c.star || c.name.is_some_and(|name| scopes.names.key(name) == key))
        };
        let mut columns = std::mem::take(&mut self.shapes[whole.0 as usize].columns);
        columns.retain(|column| {
            let Some(key) = column.name.map(|name| self.names.key(name)).filter(|_| !column.star) else {
                return true;
            };
            let arms = match side {
                SetSide::Full => &[],
                SetSide::Left => &arms[..1],
                SetSide::Inner => arms,
            };
            arms.iter().all(|&arm| has(self, arm, key))
                && (listed.is_empty() || listed.iter().any(|&name| self.names.key(name) == key))
        });
        self.shapes[whole.0 as usize].columns = columns;
    }

    fn union_of(&mut self, nodes: Vec<Node>) -> Node {
        if let [node] = nodes[..] {
            return node;
        }
        let start = self.values.begin();
        for node in nodes {
            self.values.add(node, Kind::Identity, NO_REFERENCE);
        }
        self.values.finish(start)
    }
}
