//! From a column reference to the relation of a table that its value comes from, one query at a time.

use super::values::{Edge, Kind, NO_REFERENCE, Node};
use super::{ColumnId, Meaning, Reference, RelationId, ScopeId, Scopes, Source, TableId};

/// What a reference means, looked at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behind<'s> {
    /// A column of a table in FROM.
    Column(RelationId, &'s str),
    /// What a query inside of this one hands on as it is: a reference that stands there.
    Reference(&'s Reference),
    /// A column of this table, which a `*` hands on.
    Star(TableId, &'s str),
    /// Anything else.
    Nothing,
}

impl Scopes<'_> {
    /// What is behind a reference.
    pub(crate) fn origin_of(&self, reference: &Reference) -> Behind<'_> {
        match reference.meaning {
            Meaning::Column { relation, node } => match self.relation(relation).source {
                Source::Table(table) => match self.table_column(node) {
                    Some((own, name)) if own == table && !self.tables.is_record(table) => {
                        Behind::Column(relation, name)
                    }
                    _ => Behind::Nothing,
                },
                Source::Shape(_) => self.handed_on(node),
            },
            Meaning::Alias(node) => self.handed_on(node),
            _ => Behind::Nothing,
        }
    }

    fn handed_on(&self, node: Node) -> Behind<'_> {
        match self.values.edges(node) {
            [Edge { kind: Kind::Identity, reference, .. }] if *reference != NO_REFERENCE => {
                Behind::Reference(&self.references[*reference as usize])
            }
            _ => self.table_column(node).map_or(Behind::Nothing, |(table, name)| Behind::Star(table, name)),
        }
    }

    fn table_column(&self, node: Node) -> Option<(TableId, &str)> {
        let column = self.tables.column(ColumnId(self.values.column(node)?));
        Some((column.table, self.names.text(column.name)))
    }

    /// The table that a relation is, and the scope that it stands in, for every relation that is one.
    pub(crate) fn tables_selected_from(&self) -> impl Iterator<Item = (TableId, RelationId, ScopeId)> {
        self.all().flat_map(move |(id, scope)| {
            scope.relations.iter().filter_map(move |&relation| match self.relation(relation).source {
                Source::Table(table) => Some((table, relation, id)),
                Source::Shape(_) => None,
            })
        })
    }
}
