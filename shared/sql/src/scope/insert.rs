//! INSERT in all its forms: which output goes into which column.

use sqlparser::ast::{
    AssignmentTarget, Expr, Ident, Insert, MultiTableInsertIntoClause, MultiTableInsertType,
    MultiTableInsertValue, OnConflictAction, OnInsert, TableObject,
};

use super::names::Name;
use super::query::{Place, Resolver, Rows};
use super::returning::{Changed, returned};
use super::statement::{Action, Effect};
use super::values::{Kind, NO_REFERENCE, span};
use super::{DoubtKind, Output, ScopeId, TableId};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn insert(&mut self, insert: &'t Insert, parent: Option<ScopeId>) -> Option<Rows> {
        let depth = self.enter();
        if insert.multi_table_insert_type.is_some() {
            self.multi_insert(insert);
            self.leave(depth);
            return None;
        }
        let source = insert.source.as_deref().map(|query| self.query(query, parent));
        self.into = None;
        let target = match &insert.table {
            TableObject::TableName(name) => self.table_id(name),
            TableObject::TableFunction(_) => None,
            TableObject::TableQuery(query) => {
                // INSERT INTO (SELECT … FROM t): the table behind the query.
                let before = self.reads.len();
                self.query(query, parent);
                let found = self.reads.get(before).copied();
                self.reads.truncate(before);
                found
            }
        };
        let Some((table, at)) = target else {
            self.leave(depth);
            return None;
        };
        let scope = self.scopes.add_scope(parent);
        let alias = insert.table_alias.as_ref().map(|alias| self.scopes.names.ident(&alias.alias));
        let target = self.target(scope, table, alias, at);
        let start = self.scopes.values.begin();
        let mut columns = match source {
            Some(rows) => {
                self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
                let outputs = self.scopes.shape(rows.shape).columns.clone();
                let fixed = insert.partitioned.as_deref().unwrap_or_default();
                let listed = insert
                    .columns
                    .iter()
                    .filter_map(|name| name.0.last().and_then(|part| part.as_ident()))
                    .chain(&insert.after_columns);
                let listed = self.target_columns(table, listed);
                if self.inserts_by_name { outputs } else { self.placed(table, &listed, fixed, &outputs, at) }
            }
            None => Vec::new(),
        };
        // MySQL: INSERT INTO t SET a = 1.
        for assignment in &insert.assignments {
            if let AssignmentTarget::ColumnName(name) = &assignment.target
                && let Some(ident) = name.0.last().and_then(|part| part.as_ident())
            {
                let node = self.item(&assignment.value, Place::new(scope));
                columns.push(self.assigned(ident, node));
                self.target_columns(table, [ident]);
            }
        }
        self.on_insert(insert, table, scope, &mut columns);
        let node = self.scopes.values.finish(start);
        let returned = returned(insert.returning.as_deref(), insert.output.as_ref());
        let assigned = if returned.is_some() { columns.clone() } else { Vec::new() };
        let is_whole = insert.overwrite && insert.partitioned.is_none();
        self.effects.push(Effect {
            action: if is_whole { Action::Overwrite } else { Action::Write },
            table,
            span: at,
            columns,
            rows: Some(node),
            defines: None,
        });
        self.leave(depth);
        self.returning(returned?, scope, &Changed { target, columns: &assigned, branches: 1, rows: node })
    }

    /// ON CONFLICT DO UPDATE, ON DUPLICATE KEY UPDATE: `excluded` is the row that was to be inserted.
    fn on_insert(&mut self, insert: &'t Insert, table: TableId, scope: ScopeId, columns: &mut Vec<Output>) {
        let Some(on) = &insert.on else { return };
        let (assignments, predicate) = match on {
            OnInsert::DuplicateKeyUpdate(assignments) => (assignments, None),
            OnInsert::OnConflict(conflict) => match &conflict.action {
                OnConflictAction::DoUpdate(update) => (&update.assignments, update.selection.as_ref()),
                OnConflictAction::DoNothing => return,
            },
            _ => return,
        };
        let shape = self.scopes.add_shape(columns.clone(), super::Rest::Nothing);
        let mut aliases = vec![self.scopes.names.fold("excluded")];
        if let Some(alias) = &insert.insert_alias
            && let Some(ident) = alias.row_alias.0.last().and_then(|part| part.as_ident())
        {
            aliases.push(self.scopes.names.ident(ident));
        }
        for alias in aliases {
            self.scopes.add_relation(
                scope,
                super::Relation {
                    alias: Some(alias),
                    source: super::Source::Shape(shape),
                    renamed: Vec::new(),
                    hidden: true,
                    span: super::query::NOWHERE,
                },
            );
        }
        for assignment in assignments {
            if let AssignmentTarget::ColumnName(name) = &assignment.target
                && let Some(ident) = name.0.last().and_then(|part| part.as_ident())
            {
                let node = self.item(&assignment.value, Place::new(scope));
                columns.push(self.assigned(ident, node));
                self.target_columns(table, [ident]);
            }
        }
        if let Some(predicate) = predicate {
            self.walk(predicate, Kind::Filter, Place::new(scope));
        }
    }

    /// The names of columns that get values.
    pub(super) fn target_columns<'i>(
        &mut self,
        table: TableId,
        idents: impl IntoIterator<Item = &'i Ident>,
    ) -> Vec<Name> {
        let mut names = Vec::new();
        for ident in idents {
            let name = self.scopes.names.ident(ident);
            self.scopes.doubt_target(table, name, span(ident.span));
            names.push(name);
        }
        names
    }

    pub(super) fn assigned(&mut self, ident: &Ident, node: super::Node) -> Output {
        self.cover(span(ident.span));
        Output { name: Some(self.scopes.names.ident(ident)), node, span: self.covered(), star: false }
    }

    /// Puts outputs into columns: by the list, by the columns that the table is known to have, or by name.
    pub(super) fn placed(
        &mut self,
        table: TableId,
        listed: &[Name],
        partition: &'t [Expr],
        outputs: &[Output],
        at: Span,
    ) -> Vec<Output> {
        let (fixed, dynamic) = self.partition_columns(partition);
        let mut names: Vec<Name> = listed.to_vec();
        let from_catalog = names.is_empty();
        if from_catalog && let Some(known) = self.scopes.tables.known_columns(table) {
            names = known.iter().map(|&column| self.scopes.tables.column(column).name).collect();
            let keys = |list: &[Name], name: Name| {
                list.iter().any(|&n| self.scopes.names.key(n) == self.scopes.names.key(name))
            };
            names.retain(|&name| !keys(&fixed, name) && !keys(&dynamic, name));
        }
        if names.is_empty() {
            return outputs.to_vec();
        }
        names.extend(dynamic);
        let stars = outputs.iter().filter(|output| output.star).count();
        if stars > 0 {
            return self.around_stars(&names, outputs, stars);
        }
        if outputs.len() > names.len() || outputs.len() < names.len() && !from_catalog {
            let name = self.scopes.tables.parts(table).last().copied();
            if let Some(name) = name {
                self.scopes.doubt(DoubtKind::Mismatch, name, Vec::new(), at);
            }
            if from_catalog {
                return outputs.to_vec();
            }
        }
        outputs.iter().zip(names).map(|(output, name)| Output { name: Some(name), ..*output }).collect()
    }

    /// With one star, what stands behind it goes into the last columns.
    fn around_stars(&self, names: &[Name], outputs: &[Output], stars: usize) -> Vec<Output> {
        let first = outputs.iter().position(|output| output.star).unwrap_or(0);
        let behind = if stars == 1 { outputs.len() - first - 1 } else { 0 };
        let mut placed = Vec::with_capacity(outputs.len());
        for (at, output) in outputs.iter().enumerate() {
            let name = if at < first {
                names.get(at)
            } else if output.star {
                None
            } else if stars == 1 && names.len() >= first + behind {
                names.get(names.len() - (outputs.len() - at))
            } else {
                continue;
            };
            match name {
                Some(&name) => placed.push(Output { name: Some(name), star: false, ..*output }),
                // One star that can only be one column.
                None if stars == 1 && names.len() == first + behind + 1 => {
                    placed.push(Output { name: Some(names[first]), star: false, ..*output });
                }
                None => placed.push(*output),
            }
        }
        placed
    }

    /// Columns of a PARTITION clause: with a value, and without one.
    fn partition_columns(&mut self, partition: &'t [Expr]) -> (Vec<Name>, Vec<Name>) {
        let (mut fixed, mut dynamic) = (Vec::new(), Vec::new());
        for expr in partition {
            match expr {
                Expr::BinaryOp { left, .. } => {
                    if let Expr::Identifier(ident) = &**left {
                        fixed.push(self.scopes.names.ident(ident));
                    }
                }
                Expr::Identifier(ident) => dynamic.push(self.scopes.names.ident(ident)),
                _ => {}
            }
        }
        (fixed, dynamic)
    }

    /// INSERT ALL and INSERT FIRST: one query, several targets.
    fn multi_insert(&mut self, insert: &'t Insert) {
        let Some(query) = insert.source.as_deref() else { return };
        let rows = self.query(query, None);
        let scope = self.scopes.add_scope(None);
        self.derived(scope, rows, None);
        let place = Place::new(scope);
        let whens = &insert.multi_table_when_clauses;
        let unconditional = insert.multi_table_into_clauses.iter().map(|clause| (0..0, clause));
        // With FIRST, what comes to a branch was let through by those before; ELSE is what all let through.
        let is_first = matches!(insert.multi_table_insert_type, Some(MultiTableInsertType::First));
        let conditional = whens.iter().enumerate().flat_map(|(at, when)| {
            let from = if is_first { 0 } else { at };
            when.into_clauses.iter().map(move |clause| (from..at + 1, clause))
        });
        let otherwise =
            insert.multi_table_else_clause.iter().flatten().map(|clause| (0..whens.len(), clause));
        for (conditions, clause) in unconditional.chain(conditional).chain(otherwise) {
            let start = self.scopes.values.begin();
            self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            for when in &whens[conditions] {
                self.walk(&when.condition, Kind::Filter, place);
            }
            self.insert_into(clause, rows, place, start);
        }
    }

    fn insert_into(
        &mut self,
        clause: &'t MultiTableInsertIntoClause,
        rows: Rows,
        place: Place<'t>,
        start: usize,
    ) {
        let Some((table, at)) = self.table_id(&clause.table_name) else {
            return self.scopes.values.discard(start);
        };
        let listed = self.target_columns(table, &clause.columns);
        let outputs = match &clause.values {
            None => self.scopes.shape(rows.shape).columns.clone(),
            Some(values) => {
                let mut outputs = Vec::new();
                for value in &values.values {
                    let (node, name) = match value {
                        MultiTableInsertValue::Expr(expr) => {
                            let node = self.item(expr, place);
                            let name = match expr {
                                Expr::Identifier(ident) => Some(self.scopes.names.ident(ident)),
                                _ => None,
                            };
                            (node, name)
                        }
                        MultiTableInsertValue::Default => {
                            let from = self.scopes.values.begin();
                            (self.scopes.values.finish(from), None)
                        }
                    };
                    outputs.push(Output { name, node, span: self.covered(), star: false });
                }
                outputs
            }
        };
        let columns = self.placed(table, &listed, &[], &outputs, at);
        let node = self.scopes.values.finish(start);
        self.effects.push(Effect {
            action: Action::Write,
            table,
            span: at,
            columns,
            rows: Some(node),
            defines: None,
        });
    }
}
