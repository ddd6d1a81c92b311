//! The column of a table that an expression is, looked for through subqueries that a condition reaches into.

use sqlparser::ast::{Expr, Select, Statement};

use super::flat::Flat;
use crate::ids::IdMap;
use crate::scope::{Behind, Meaning, Reference, RelationId, ScopeId, Scopes, TableId};
use crate::text::Position;

/// Subqueries within each other that a column is followed through.
const MOST_STEPS: usize = 32;

/// What the column is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To be compared with what is known before.
    Value,
    /// To be joined or ordered by.
    Rows,
}

/// A column of a relation that is a table.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) relation: RelationId,
    pub(super) column: String,
}

/// A column as it is named in a condition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    /// The relation in sight that has it.
    pub(super) relation: RelationId,
    /// Where that stands in the text.
    pub(super) at: Position,
    /// Whether it belongs to a query around the one that the condition stands in.
    pub(super) is_outer: bool,
}

/// The columns of a statement.
pub(super) struct Spots<'c> {
    pub(super) scopes: Scopes<'c>,
    flat: IdMap<ScopeId, Flat>,
    /// The one relation that a table is in this statement, and the scope of it; `None` where there are more.
    only: IdMap<TableId, Option<(RelationId, ScopeId)>>,
}

impl<'c> Spots<'c> {
    pub(super) fn new(tree: &Statement, scopes: Scopes<'c>) -> Self {
        let flat = Flat::of(tree, &scopes);
        let mut only = IdMap::default();
        for (table, relation, scope) in scopes.tables_selected_from() {
            only.entry(table)
                .and_modify(|only: &mut Option<_>| *only = only.filter(|(known, _)| *known == relation))
                .or_insert(Some((relation, scope)));
        }
        Self { scopes, flat, only }
    }

    /// What the name of a column refers to, in sight of its condition.
    pub(super) fn named(&self, expr: &Expr) -> Option<Named> {
        let reference = self.scopes.reference(expr)?;
        let Meaning::Column { relation, .. } = reference.meaning else { return None };
        let at = self.scopes.relation(relation).span.start;
        Some(Named { relation, at, is_outer: self.scopes.is_outer(reference) })
    }

    /// The column of a table that the expression is.
    pub(super) fn find(&self, expr: &Expr, wanted: Wanted) -> Option<Spot> {
        self.behind(self.scopes.reference(expr)?, wanted)
    }

    /// The relation that a column comes from: a table where it can be followed to one.
    pub(super) fn relation(&self, expr: &Expr) -> Option<RelationId> {
        self.find(expr, Wanted::Rows)
            .map(|spot| spot.relation)
            .or_else(|| self.named(expr).map(|named| named.relation))
    }

    fn behind<'s>(&'s self, mut reference: &'s Reference, wanted: Wanted) -> Option<Spot> {
        for _ in 0..MOST_STEPS {
            match self.scopes.origin_of(reference) {
                Behind::Column(relation, column) => {
                    return Some(Spot { relation, column: column.to_owned() });
                }
                // An output of the same block, by its alias.
                Behind::Reference(inner) if inner.scope == reference.scope => reference = inner,
                Behind::Reference(inner) if self.reaches(inner, wanted) => reference = inner,
                Behind::Star(table, column) => {
                    let (relation, scope) = self.only.get(&table).copied().flatten()?;
                    let reaches = scope == reference.scope
                        || self.flat.get(&scope).is_some_and(|flat| flat.lets(wanted));
                    return reaches.then(|| Spot { relation, column: column.to_owned() });
                }
                _ => return None,
            }
        }
        None
    }

    fn reaches(&self, inner: &Reference, wanted: Wanted) -> bool {
        let flat = self.flat.get(&inner.scope);
        flat.is_some_and(|flat| flat.lets(wanted) || wanted == Wanted::Value && flat.is_key(&inner.meaning))
    }

    /// Whether a block hands on rows as they are.
    pub(super) fn is_flat(&self, select: &Select) -> bool {
        let flat = self.scopes.of_select(select).and_then(|scope| self.flat.get(&scope));
        matches!(flat, Some(Flat::Everything))
    }

    /// Whether a block refers to nothing around it.
    pub(super) fn stands_alone(&self, select: &Select) -> bool {
        self.scopes.of_select(select).is_some_and(|scope| !self.scopes.scope(scope).correlated)
    }
}
