//! RETURNING and OUTPUT: a list over the rows that a statement has changed, as they are now.
//!
//! A column that was assigned is what it was assigned; any other is that of the table. What OUTPUT puts
//! into a table goes there and not to whoever sent the statement.

use sqlparser::ast::{OutputClause, SelectInto, SelectItem};

use sqm_domain::Dialect;

use super::names::Name;
use super::query::{NOWHERE, Place, Resolver, Rows};
use super::statement::{Action, Effect};
use super::values::{Kind, NO_REFERENCE, span};
use super::{Node, OpenStar, Output, Relation, RelationId, Rest, ScopeId, Source};
use crate::text::Span;

/// What has become of the rows of a table.
pub(super) struct Changed<'a> {
    /// The relation that the table is in the scope of the statement.
    pub(super) target: RelationId,
    /// The columns that were assigned, as often as branches do it.
    pub(super) columns: &'a [Output],
    /// How many branches assign columns: what fewer assign keeps its value in some rows.
    pub(super) branches: usize,
    /// What chose the rows.
    pub(super) rows: Node,
}

/// The list, and the table that it goes into.
pub(super) type Returned<'t> = (&'t [SelectItem], Option<&'t SelectInto>);

pub(super) fn returned<'t>(
    returning: Option<&'t [SelectItem]>,
    output: Option<&'t OutputClause>,
) -> Option<Returned<'t>> {
    if let Some(items) = returning {
        return Some((items, None));
    }
    match output? {
        OutputClause::Output { select_items, into_table, .. } => Some((select_items, into_table.as_ref())),
        OutputClause::Returning { select_items, .. } => Some((select_items, None)),
    }
}

impl<'t> Resolver<'t, '_, '_> {
    /// What the statement gives; nothing where a table takes it.
    pub(super) fn returning(
        &mut self,
        (items, into): Returned<'t>,
        scope: ScopeId,
        changed: &Changed<'_>,
    ) -> Option<Rows> {
        self.scopes.scopes[scope.0 as usize].outputs.clear();
        let old = self.scopes.relation(changed.target).source;
        let new = if changed.columns.is_empty() { old } else { self.new_rows(changed, first_star(items)) };
        let named_rows = matches!(self.scopes.dialect, Dialect::TSql | Dialect::Fabric);
        if named_rows {
            for (alias, source) in [("inserted", new), ("deleted", old)] {
                let alias = Some(self.scopes.names.fold(alias));
                let relation = Relation { alias, source, renamed: Vec::new(), hidden: true, span: NOWHERE };
                self.scopes.add_relation(scope, relation);
            }
        } else {
            self.scopes.relations[changed.target.0 as usize].source = new;
        }
        let mut rest = Vec::new();
        for item in items {
            self.select_item(item, Place::new(scope), &mut rest);
        }
        self.scopes.relations[changed.target.0 as usize].source = old;
        let columns = std::mem::take(&mut self.scopes.scopes[scope.0 as usize].outputs);
        let rest = rest.into_iter().next().unwrap_or_default();
        let Some(into) = into else {
            return Some(Rows { shape: self.scopes.add_shape(columns, rest), node: changed.rows });
        };
        if let Some((table, span)) = self.table_id(&into.name) {
            let listed: Vec<Name> =
                std::mem::take(&mut self.output_columns).iter().map(|n| self.scopes.names.fold(n)).collect();
            let columns = self.placed(table, &listed, &[], &columns, span);
            let rows = Some(changed.rows);
            self.effects.push(Effect { action: Action::Write, table, span, columns, rows, defines: None });
        }
        None
    }

    /// The rows after the change, of which all columns are given where a star stands.
    fn new_rows(&mut self, changed: &Changed<'_>, star: Option<Span>) -> Source {
        let old = self.scopes.relation(changed.target).clone();
        // The table as it was, in a scope of its own: nothing else is looked up in it.
        let apart = self.scopes.add_scope(None);
        let before = self.scopes.add_relation(apart, Relation { hidden: false, ..old });
        let mut columns: Vec<Output> = Vec::new();
        let mut keys: Vec<Name> = Vec::new();
        for column in changed.columns {
            let Some(name) = column.name.filter(|_| !column.star) else { continue };
            let key = self.scopes.names.key(name);
            if !keys.contains(&key) {
                keys.push(key);
                let node = self.assigned_everywhere(changed, before, name);
                columns.push(Output { node, ..*column });
            }
        }
        // In the order of the table, where it is known; then those that no catalog expands.
        let doubts = self.scopes.doubts.len();
        let (own, _) = self.expand_all(apart, star.unwrap_or(NOWHERE));
        if star.is_none() {
            self.scopes.doubts.truncate(doubts);
        }
        let mut ordered = Vec::with_capacity(own.len() + columns.len());
        for column in own {
            let key = column.name.map(|name| self.scopes.names.key(name));
            match keys.iter().position(|&other| Some(other) == key) {
                Some(at) => ordered.push(columns[at]),
                None => ordered.push(column),
            }
        }
        let open = ordered.iter().any(|column| column.star);
        if open {
            columns.append(&mut ordered);
            let rest = Rest::Stars(vec![OpenStar { relation: before, except: Vec::new() }]);
            return Source::Shape(self.scopes.add_shape(columns, rest));
        }
        Source::Shape(self.scopes.add_shape(ordered, Rest::Nothing))
    }

    /// The value of a column after the change, whichever branch made it.
    fn assigned_everywhere(&mut self, changed: &Changed<'_>, before: RelationId, name: Name) -> Node {
        let key = self.scopes.names.key(name);
        let assigned: Vec<Node> = changed
            .columns
            .iter()
            .filter(|column| column.name.is_some_and(|name| self.scopes.names.key(name) == key))
            .map(|column| column.node)
            .collect();
        if let ([node], true) = (&assigned[..], changed.branches <= 1) {
            return *node;
        }
        let kept = (assigned.len() < changed.branches)
            .then(|| self.scopes.qualified(before, name, NOWHERE))
            .flatten();
        let start = self.scopes.values.begin();
        for node in assigned.into_iter().chain(kept) {
            self.scopes.values.add(node, Kind::Identity, NO_REFERENCE);
        }
        self.scopes.values.finish(start)
    }
}

/// Where the first `*` of a list stands.
fn first_star(items: &[SelectItem]) -> Option<Span> {
    items.iter().find_map(|item| match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
            Some(span(options.wildcard_token.0.span))
        }
        _ => None,
    })
}
