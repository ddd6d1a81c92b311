//! UPDATE and DELETE: the target, what is joined to it, and what is assigned.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, ObjectName, TableAlias, TableFactor, TableWithJoins, Update, UpdateTableFromKind,
};
use sqm_domain::Dialect;

use super::query::{Place, Resolver, Rows};
use super::returning::{Changed, returned};
use super::statement::{Action, Effect};
use super::values::Kind;
use super::{Output, RelationId, Rest, ScopeId, Source, TableId};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn update(&mut self, update: &'t Update, parent: Option<ScopeId>) -> Option<Rows> {
        let scope = self.scopes.add_scope(parent);
        let start = self.scopes.values.begin();
        let from: &[TableWithJoins] = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
            None => &[],
        };
        // T-SQL names the alias of a relation in FROM as the target.
        let named = match &update.table.relation {
            TableFactor::Table { name, alias: None, .. } => Some(name),
            _ => None,
        };
        let aliased = named.filter(|name| from.iter().any(|item| has_alias(item, name)));
        let mut targets: Vec<(RelationId, TableId, Span)> = Vec::new();
        if aliased.is_none() {
            self.changed(&update.table.relation, scope, &mut targets);
            for join in &update.table.joins {
                self.join(join, scope, 0);
            }
        }
        for item in from {
            self.table_with_joins(item, scope);
        }
        if let Some(name) = aliased {
            targets.extend(self.aliased_target(name, scope));
        }
        if let Some(predicate) = &update.selection {
            self.walk(predicate, Kind::Filter, Place::new(scope));
        }
        let mut assigned: Vec<(RelationId, TableId, Span, Vec<Output>)> =
            targets.iter().map(|&(relation, table, at)| (relation, table, at, Vec::new())).collect();
        for assignment in &update.assignments {
            self.assignment(assignment, scope, &mut assigned);
        }
        let node = self.scopes.values.finish(start);
        let is_joined = !from.is_empty() || !update.table.joins.is_empty();
        let all = update.selection.is_none() && update.limit.is_none() && !is_joined;
        if assigned.iter().any(|target| !target.3.is_empty()) {
            assigned.retain(|target| !target.3.is_empty());
        }
        let first = assigned.first().map(|(relation, _, _, columns)| (*relation, columns.clone()));
        for (_, table, at, columns) in assigned {
            self.effects.push(Effect {
                action: Action::Update { all },
                table,
                span: at,
                columns,
                rows: Some(node),
                defines: None,
            });
        }
        let returned = returned(update.returning.as_deref(), update.output.as_ref())?;
        let (target, columns) = first?;
        self.returning(returned, scope, &Changed { target, columns: &columns, branches: 1, rows: node })
    }

    pub(super) fn delete(&mut self, delete: &'t Delete, parent: Option<ScopeId>) -> Option<Rows> {
        let scope = self.scopes.add_scope(parent);
        let start = self.scopes.values.begin();
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let mut targets: Vec<(RelationId, TableId, Span)> = Vec::new();
        let using = delete.using.as_deref().unwrap_or_default();
        // DELETE FROM t USING …, and MySQL's DELETE FROM a USING t AS a JOIN …, where FROM lists aliases.
        let aliases_in_from = !using.is_empty()
            && from.iter().all(|item| match &item.relation {
                TableFactor::Table { name, alias: None, .. } => {
                    using.iter().any(|other| has_alias(other, name))
                }
                _ => false,
            });
        if delete.tables.is_empty() && !aliases_in_from {
            for item in from {
                self.changed(&item.relation, scope, &mut targets);
                for join in &item.joins {
                    self.join(join, scope, 0);
                }
            }
        } else if !aliases_in_from {
            for item in from {
                self.table_with_joins(item, scope);
            }
        }
        for item in using {
            self.table_with_joins(item, scope);
        }
        let listed = delete.tables.iter();
        let in_from = from.iter().filter(|_| aliases_in_from).filter_map(|item| match &item.relation {
            TableFactor::Table { name, .. } => Some(name),
            _ => None,
        });
        for name in listed.chain(in_from) {
            let target = self.aliased_target(name, scope);
            targets.extend(target);
        }
        if let Some(predicate) = &delete.selection {
            self.walk(predicate, Kind::Filter, Place::new(scope));
        }
        let node = self.scopes.values.finish(start);
        let first = targets.first().map(|target| target.0);
        for (_, table, at) in targets {
            self.effects.push(Effect {
                action: Action::Change,
                table,
                span: at,
                columns: Vec::new(),
                rows: Some(node),
                defines: None,
            });
        }
        let returned = returned(delete.returning.as_deref(), delete.output.as_ref())?;
        self.returning(returned, scope, &Changed { target: first?, columns: &[], branches: 0, rows: node })
    }

    /// The target of a change, which is not a read.
    pub(super) fn changed(
        &mut self,
        factor: &'t TableFactor,
        scope: ScopeId,
        targets: &mut Vec<(RelationId, TableId, Span)>,
    ) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                if self.changed_cte(name, alias.as_ref(), scope, targets) {
                    return;
                }
                let Some((table, at)) = self.target_id(factor, name) else { return };
                let alias = alias.as_ref().map(|alias| self.scopes.names.ident(&alias.name));
                let relation = self.target(scope, table, alias, at);
                targets.push((relation, table, at));
            }
            other => {
                // An updatable query: its first table is the one that is changed.
                let before = self.reads.len();
                self.factor(other, scope);
                let relation = self.scopes.scope(scope).relations.last().copied();
                if let (Some(&(table, at)), Some(relation)) = (self.reads.get(before), relation) {
                    self.reads.remove(before);
                    targets.push((relation, table, at));
                }
            }
        }
    }

    /// T-SQL changes the table behind a CTE. Gives whether it is one.
    fn changed_cte(
        &mut self,
        name: &'t ObjectName,
        alias: Option<&'t TableAlias>,
        scope: ScopeId,
        targets: &mut Vec<(RelationId, TableId, Span)>,
    ) -> bool {
        let [part] = &name.0[..] else { return false };
        let Some(ident) = part.as_ident() else { return false };
        let cte = self.scopes.names.ident(ident);
        let before = self.reads.len();
        let Some(rows) = self.cte(cte) else { return false };
        self.scopes.values.add(rows.node, Kind::Rows, super::values::NO_REFERENCE);
        let at = super::values::span(ident.span);
        let (columns, rest) = (self.scopes.shape(rows.shape).columns.clone(), Rest::Nothing);
        let relation = self.values_relation(scope, columns, rest, alias, Some(cte), at);
        if let Some(&(table, _)) = self.reads.get(before) {
            self.reads.remove(before);
            targets.push((relation, table, at));
        }
        true
    }

    /// The table that is changed: IDENTIFIER('t') is read as a function by some grammars.
    pub(super) fn target_id(
        &mut self,
        factor: &'t TableFactor,
        name: &'t ObjectName,
    ) -> Option<(TableId, Span)> {
        let TableFactor::Table { args: Some(args), .. } = factor else { return self.table_id(name) };
        let ident = name.0.last()?.as_ident()?;
        if !ident.value.eq_ignore_ascii_case("identifier") {
            return None;
        }
        let parts = self.identifier_argument(&args.args)?;
        let table = self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog);
        Some((table, super::values::span(ident.span)))
    }

    /// A target that is named by a relation of the FROM clause: that one is changed, not read.
    fn aliased_target(
        &mut self,
        name: &'t ObjectName,
        scope: ScopeId,
    ) -> Option<(RelationId, TableId, Span)> {
        let (parts, at) = self.table_name(name)?;
        let Some(relation) = self.scopes.relation_named(scope, &parts) else {
            let (table, at) = self.table_id(name)?;
            let relation = self.target(scope, table, None, at);
            return Some((relation, table, at));
        };
        let Source::Table(table) = self.scopes.relation(relation).source else { return None };
        if let Some(read) = self.reads.iter().position(|(read, _)| *read == table) {
            self.reads.remove(read);
        }
        Some((relation, table, at))
    }

    fn assignment(
        &mut self,
        assignment: &'t Assignment,
        scope: ScopeId,
        targets: &mut Vec<(RelationId, TableId, Span, Vec<Output>)>,
    ) {
        let place = Place::new(scope);
        match &assignment.target {
            AssignmentTarget::ColumnName(name) => {
                let node = self.item(&assignment.value, place);
                self.assign(name, node, scope, targets);
            }
            AssignmentTarget::Tuple(names) => {
                let nodes = self.tuple(&assignment.value, names.len(), place);
                for (name, node) in names.iter().zip(nodes) {
                    self.assign(name, node, scope, targets);
                }
            }
        }
    }

    /// The values of `(a, b) = (1, 2)` and `(a, b) = (SELECT 1, 2)`.
    pub(super) fn tuple(&mut self, value: &'t Expr, width: usize, place: Place<'t>) -> Vec<super::Node> {
        match value {
            // ROW(1, 2)
            Expr::Function(function) if row_of(function).is_some_and(|list| list.len() == width) => {
                let list = row_of(function).unwrap_or_default();
                list.iter().map(|arg| self.argument_item(arg, place)).collect()
            }
            Expr::Tuple(list) if list.len() == width => {
                list.iter().map(|expr| self.item(expr, place)).collect()
            }
            Expr::Nested(inner) => self.tuple(inner, width, place),
            Expr::Subquery(query) => {
                self.extent = None;
                let rows = self.query(query, Some(place.scope));
                let columns = self.scopes.shape(rows.shape).columns.clone();
                columns
                    .iter()
                    .take(width)
                    .map(|column| {
                        let start = self.scopes.values.begin();
                        self.scopes.values.add(column.node, Kind::Identity, super::values::NO_REFERENCE);
                        self.scopes.values.add(rows.node, Kind::Rows, super::values::NO_REFERENCE);
                        self.scopes.values.finish(start)
                    })
                    .collect()
            }
            other => {
                let node = self.item(other, place);
                vec![node; width]
            }
        }
    }

    fn argument_item(&mut self, arg: &'t FunctionArg, place: Place<'t>) -> super::Node {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg {
            return self.item(expr, place);
        }
        let start = self.scopes.values.begin();
        self.scopes.values.finish(start)
    }

    fn assign(
        &mut self,
        name: &'t ObjectName,
        node: super::Node,
        scope: ScopeId,
        targets: &mut Vec<(RelationId, TableId, Span, Vec<Output>)>,
    ) {
        let Some((relation, mut output)) = self.assignment_to(name, node, scope) else { return };
        // T-SQL sets variables on the way.
        if output.name.is_some_and(|name| self.scopes.names.text(name).starts_with('@')) {
            return;
        }
        let mut at = targets.iter().position(|target| Some(target.0) == relation);
        // MySQL updates any of the joined tables: the column says which.
        if let (None, Some(relation)) = (at, relation)
            && let Source::Table(table) = self.scopes.relation(relation).source
        {
            at = Some(targets.len());
            targets.push((relation, table, self.scopes.relation(relation).span, Vec::new()));
        }
        let Some(target) = targets.get_mut(at.unwrap_or(0)) else { return };
        // Through a query: the column behind the one that it names.
        if let (Source::Shape(shape), Some(name)) = (self.scopes.relation(target.0).source, output.name)
            && let Some((table, name)) = self.scopes.column_behind(shape, name)
        {
            target.1 = table;
            output.name = Some(name);
        }
        if let Some(name) = output.name {
            self.scopes.doubt_target(target.1, name, output.span);
        }
        target.3.push(output);
    }

    /// The column that an assignment changes, and the relation that it names. What follows the column is a
    /// field of it: the whole column gets a part of its value.
    pub(super) fn assignment_to(
        &mut self,
        name: &'t ObjectName,
        node: super::Node,
        scope: ScopeId,
    ) -> Option<(Option<RelationId>, Output)> {
        let idents: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let parts: Vec<_> = idents.iter().map(|ident| self.scopes.names.ident(ident)).collect();
        let split = (1..parts.len())
            .rev()
            .find_map(|split| Some((split, self.scopes.relation_named(scope, &parts[..split])?)));
        let (column, relation) = match split {
            Some((split, relation)) => (split, Some(relation)),
            // PostgreSQL takes no table before a column that is set: what has parts is a field.
            None if self.scopes.has_structs() || self.scopes.dialect == Dialect::Postgres => (0, None),
            None => (idents.len().checked_sub(1)?, None),
        };
        let ident = idents.get(column)?;
        if column + 1 == idents.len() {
            return Some((relation, self.assigned(ident, node)));
        }
        let start = self.scopes.values.begin();
        self.scopes.values.add(node, Kind::Transformation, super::values::NO_REFERENCE);
        let part = self.scopes.values.finish(start);
        Some((relation, self.assigned(ident, part)))
    }
}

/// The members of `ROW(…)`.
fn row_of(function: &Function) -> Option<&[FunctionArg]> {
    let mut buffer = [0u8; 32];
    match &function.args {
        FunctionArguments::List(list) if super::function::last_name(function, &mut buffer) == "row" => {
            Some(&list.args)
        }
        _ => None,
    }
}

/// Whether one of the relations goes by this name.
fn has_alias(item: &TableWithJoins, name: &ObjectName) -> bool {
    let [part] = &name.0[..] else { return false };
    let Some(ident) = part.as_ident() else { return false };
    std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)).any(|factor| {
        match factor {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. } => {
                alias.name.value.eq_ignore_ascii_case(&ident.value)
            }
            TableFactor::Table { name, alias: None, .. } => name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|last| last.value.eq_ignore_ascii_case(&ident.value)),
            _ => false,
        }
    })
}
