//! MERGE: every branch gives columns of the target.

use sqlparser::ast::{
    AssignmentTarget, Expr, Merge, MergeAction, MergeInsertExpr, MergeInsertKind, ObjectName,
};

use super::names::Name;
use super::query::{Place, Resolver, Rows};
use super::returning::Changed;
use super::statement::{Action, Effect};
use super::values::Kind;
use super::{Node, Output, ScopeId, TableId};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn merge(&mut self, merge: &'t Merge, parent: Option<ScopeId>) -> Option<Rows> {
        let scope = self.scopes.add_scope(parent);
        let start = self.scopes.values.begin();
        self.factor(&merge.source, scope);
        let mut targets = Vec::new();
        self.changed(&merge.table, scope, &mut targets);
        let changed = targets.first().map(|target| target.0);
        let target = targets.first().map(|&(relation, table, at)| {
            self.scopes.relations[relation.0 as usize].hidden = true;
            (table, at)
        });
        let place = Place::new(scope);
        self.walk(&merge.on, Kind::Join, place);
        let mut columns = Vec::new();
        for clause in &merge.clauses {
            if let Some(predicate) = &clause.predicate {
                self.walk(predicate, Kind::Filter, place);
            }
            match &clause.action {
                MergeAction::Update(update) => {
                    for predicate in
                        [&update.update_predicate, &update.delete_predicate].into_iter().flatten()
                    {
                        self.walk(predicate, Kind::Filter, place);
                    }
                    for assignment in &update.assignments {
                        match &assignment.target {
                            AssignmentTarget::ColumnName(name) if is_star(name) => {
                                columns.extend(
                                    target.map_or_else(Vec::new, |(table, at)| {
                                        self.same_named(table, scope, at)
                                    }),
                                );
                            }
                            AssignmentTarget::ColumnName(name) => {
                                let node = self.item(&assignment.value, place);
                                columns.extend(self.merged_column(name, node, target, scope));
                            }
                            AssignmentTarget::Tuple(names) => {
                                let nodes = self.tuple(&assignment.value, names.len(), place);
                                for (name, node) in names.iter().zip(nodes) {
                                    columns.extend(self.merged_column(name, node, target, scope));
                                }
                            }
                        }
                    }
                }
                MergeAction::Insert(insert) => {
                    if let Some(predicate) = &insert.insert_predicate {
                        self.walk(predicate, Kind::Filter, place);
                    }
                    if let Some((table, at)) = target {
                        self.merge_insert(insert, table, at, scope, &mut columns);
                    }
                }
                MergeAction::Delete { .. } => {}
            }
        }
        let node = self.scopes.values.finish(start);
        let (table, span) = target?;
        let returned = super::returning::returned(None, merge.output.as_ref());
        let assigned = if returned.is_some() { columns.clone() } else { Vec::new() };
        self.effects.push(Effect {
            action: Action::Write,
            table,
            span,
            columns,
            rows: Some(node),
            defines: None,
        });
        let is_change = |action: &MergeAction| !matches!(action, MergeAction::Delete { .. });
        let branches = merge.clauses.iter().filter(|clause| is_change(&clause.action)).count();
        let changed = Changed { target: changed?, columns: &assigned, branches, rows: node };
        self.returning(returned?, scope, &changed)
    }

    /// The column that an assignment of WHEN MATCHED changes.
    fn merged_column(
        &mut self,
        name: &'t ObjectName,
        node: Node,
        target: Option<(TableId, Span)>,
        scope: ScopeId,
    ) -> Option<Output> {
        let (_, output) = self.assignment_to(name, node, scope)?;
        if let (Some((table, _)), Some(name)) = (target, output.name) {
            self.scopes.doubt_target(table, name, output.span);
        }
        Some(output)
    }

    fn merge_insert(
        &mut self,
        insert: &'t MergeInsertExpr,
        table: TableId,
        at: Span,
        scope: ScopeId,
        columns: &mut Vec<Output>,
    ) {
        let place = Place::new(scope);
        let listed = insert.columns.iter().filter_map(|name| name.0.last().and_then(|part| part.as_ident()));
        let listed = self.target_columns(table, listed);
        let outputs = match &insert.kind {
            MergeInsertKind::Values(values) => {
                let Some(row) = values.rows.first() else { return };
                let mut outputs = Vec::with_capacity(row.content.len());
                for expr in &row.content {
                    let node = self.item(expr, place);
                    let name = match expr {
                        Expr::Identifier(ident) => Some(self.scopes.names.ident(ident)),
                        Expr::CompoundIdentifier(list) => list.last().map(|i| self.scopes.names.ident(i)),
                        _ => None,
                    };
                    outputs.push(Output { name, node, span: self.covered(), star: false });
                }
                outputs
            }
            // INSERT *: by name; BigQuery's INSERT ROW: the source's columns in their order.
            MergeInsertKind::Row if self.scopes.dialect != sqm_domain::Dialect::BigQuery => {
                return columns.extend(self.same_named(table, scope, at));
            }
            MergeInsertKind::Row => self.expand_all(scope, at).0,
        };
        columns.extend(self.placed(table, &listed, &[], &outputs, at));
    }

    /// The columns of the source, each for the column of the target that has its name.
    fn same_named(&mut self, table: TableId, scope: ScopeId, at: Span) -> Vec<Output> {
        let (mut columns, _) = self.expand_all(scope, at);
        if let Some(known) = self.scopes.tables.known_columns(table) {
            let names = &self.scopes.names;
            let keys: Vec<Name> =
                known.iter().map(|&column| names.key(self.scopes.tables.column(column).name)).collect();
            columns.retain(|c| c.star || c.name.is_some_and(|name| keys.contains(&names.key(name))));
        }
        columns
    }
}

/// Whether it is the `*` that stands for every column.
fn is_star(name: &sqlparser::ast::ObjectName) -> bool {
    matches!(&name.0[..], [part] if part.as_ident().is_some_and(|ident| ident.value == "*"))
}
