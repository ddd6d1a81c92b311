//! Pipe syntax: `FROM t |> WHERE … |> SELECT …`. Each operator is a query over what came before.

use sqlparser::ast::{ExprWithAlias, ExprWithAliasAndOrderBy, Ident, PipeOperator, SelectItem};

use super::pivot::Keys;
use super::query::{Aliases, NOWHERE, Place, Resolver, Rows};
use super::values::{Kind, NO_REFERENCE, span};
use super::{Output, Relation, Rest, ScopeId, Source};

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn pipes(
        &mut self,
        mut rows: Rows,
        from: Vec<Relation>,
        operators: &'t [PipeOperator],
        parent: Option<ScopeId>,
    ) -> Rows {
        let mut alias: Option<&'t Ident> = None;
        // Relations that can still be named, although their columns are in the rows already.
        let mut visible = from;
        for operator in operators {
            let scope = self.scopes.add_scope(parent);
            let start = self.scopes.values.begin();
            self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            let name = alias.map(|ident| self.scopes.names.ident(ident));
            self.scopes.add_relation(
                scope,
                Relation {
                    alias: name,
                    source: Source::Shape(rows.shape),
                    renamed: Vec::new(),
                    hidden: false,
                    span: NOWHERE,
                },
            );
            for relation in &visible {
                self.scopes.add_relation(scope, Relation { hidden: true, ..relation.clone() });
            }
            let place = Place::new(scope);
            let shape = match operator {
                PipeOperator::Where { expr } => {
                    self.walk(expr, Kind::Filter, place);
                    rows.shape
                }
                PipeOperator::OrderBy { exprs } => {
                    for key in exprs {
                        self.key(&key.expr, Kind::Sort, place);
                    }
                    rows.shape
                }
                PipeOperator::Select { exprs } => self.piped(exprs, false, place),
                PipeOperator::Extend { exprs } => self.piped(exprs, true, place),
                PipeOperator::Set { assignments } => {
                    let (mut columns, rest) = self.expand_all(scope, NOWHERE);
                    for assignment in assignments {
                        let sqlparser::ast::AssignmentTarget::ColumnName(target) = &assignment.target else {
                            continue;
                        };
                        let Some(ident) = target.0.last().and_then(|part| part.as_ident()) else { continue };
                        let name = self.scopes.names.ident(ident);
                        let node = self.item(&assignment.value, place);
                        let output = Output { name: Some(name), node, span: self.covered(), star: false };
                        let key = self.scopes.names.key(name);
                        let same = |c: &&mut Output| c.name.is_some_and(|n| self.scopes.names.key(n) == key);
                        match columns.iter_mut().find(same) {
                            Some(column) => *column = output,
                            None => columns.push(output),
                        }
                    }
                    self.scopes.add_shape(columns, rest)
                }
                PipeOperator::Drop { columns: dropped } => {
                    let (mut columns, mut rest) = self.expand_all(scope, NOWHERE);
                    for ident in dropped {
                        let name = self.scopes.names.ident(ident);
                        let key = self.scopes.names.key(name);
                        columns.retain(|c| c.name.is_none_or(|n| self.scopes.names.key(n) != key));
                        if let Rest::Stars(stars) = &mut rest {
                            stars.iter_mut().for_each(|star| star.except.push(key));
                        }
                    }
                    self.scopes.add_shape(columns, rest)
                }
                PipeOperator::Rename { mappings } => {
                    let (mut columns, rest) = self.expand_all(scope, NOWHERE);
                    for pair in mappings {
                        let (old, new) =
                            (self.scopes.names.ident(&pair.ident), self.scopes.names.ident(&pair.alias));
                        let key = self.scopes.names.key(old);
                        let same = |c: &&mut Output| c.name.is_some_and(|n| self.scopes.names.key(n) == key);
                        if let Some(column) = columns.iter_mut().find(same) {
                            column.name = Some(new);
                        }
                    }
                    self.scopes.add_shape(columns, rest)
                }
                PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
                    self.aggregated(full_table_exprs, group_by_expr, place)
                }
                PipeOperator::Union { queries, .. } | PipeOperator::Intersect { queries, .. } => {
                    let mut arms = vec![rows.shape];
                    for query in queries {
                        let other = self.query(query, parent);
                        self.scopes.values.add(other.node, Kind::Rows, NO_REFERENCE);
                        arms.push(other.shape);
                    }
                    self.scopes.by_position(&arms)
                }
                PipeOperator::Except { queries, .. } => {
                    for query in queries {
                        let other = self.query(query, parent);
                        self.scopes.values.add(other.node, Kind::Rows, NO_REFERENCE);
                        for column in &self.scopes.shapes[other.shape.0 as usize].columns {
                            self.scopes.values.add(column.node, Kind::Filter, NO_REFERENCE);
                        }
                    }
                    rows.shape
                }
                PipeOperator::Join(join) => {
                    self.join(join, scope, 0);
                    let relations = self.scopes.scope(scope).relations.iter().skip(1);
                    visible = relations.map(|&relation| self.scopes.relation(relation).clone()).collect();
                    let (columns, rest) = self.expand_all(scope, NOWHERE);
                    self.scopes.add_shape(columns, rest)
                }
                PipeOperator::As { alias: ident } => {
                    alias = Some(ident);
                    rows.shape
                }
                PipeOperator::Pivot { aggregate_functions, value_column, value_source, alias: name } => {
                    let keys = Keys::Path(value_column);
                    rows = self.pivoted(scope, aggregate_functions, keys, value_source, start);
                    (alias, visible) = (name.as_ref(), Vec::new());
                    continue;
                }
                PipeOperator::Unpivot { value_column, name_column, unpivot_columns, alias: name } => {
                    (alias, visible) = (name.as_ref(), Vec::new());
                    let shape = self.unpivoted(scope, value_column, name_column, unpivot_columns);
                    rows = Rows { shape, node: self.scopes.values.finish(start) };
                    continue;
                }
                PipeOperator::Call { .. } => {
                    // Columns that the text before does not tell.
                    let (columns, _) = self.expand_all(scope, NOWHERE);
                    let from = self.scopes.values.begin();
                    for column in &columns {
                        self.scopes.values.add(column.node, Kind::Transformation, NO_REFERENCE);
                    }
                    let node = self.scopes.values.finish(from);
                    self.scopes.add_shape(columns, Rest::Any(node))
                }
                PipeOperator::Limit { .. } | PipeOperator::TableSample { .. } => rows.shape,
            };
            if !matches!(operator, PipeOperator::As { .. }) {
                alias = alias.filter(|_| shape == rows.shape);
            }
            let keeps = matches!(
                operator,
                PipeOperator::Where { .. }
                    | PipeOperator::OrderBy { .. }
                    | PipeOperator::Limit { .. }
                    | PipeOperator::TableSample { .. }
                    | PipeOperator::Extend { .. }
                    | PipeOperator::Set { .. }
                    | PipeOperator::Drop { .. }
                    | PipeOperator::Rename { .. }
                    | PipeOperator::Join(_)
            );
            if !keeps {
                visible.clear();
            }
            rows = Rows { shape, node: self.scopes.values.finish(start) };
        }
        rows
    }

    fn piped(&mut self, items: &'t [SelectItem], extend: bool, place: Place<'t>) -> super::ShapeId {
        let mut rest = Vec::new();
        if extend {
            let (columns, open) = self.expand_all(place.scope, NOWHERE);
            self.scopes.scopes[place.scope.0 as usize].outputs = columns;
            rest.push(open);
        }
        for item in items {
            self.select_item(item, place, &mut rest);
        }
        let columns = self.scopes.scopes[place.scope.0 as usize].outputs.clone();
        let rest = rest.into_iter().find(|rest| !matches!(rest, Rest::Nothing)).unwrap_or(Rest::Nothing);
        self.scopes.add_shape(columns, rest)
    }

    fn aggregated(
        &mut self,
        values: &'t [ExprWithAliasAndOrderBy],
        keys: &'t [ExprWithAliasAndOrderBy],
        place: Place<'t>,
    ) -> super::ShapeId {
        for (list, key) in [(keys, true), (values, false)] {
            for ExprWithAliasAndOrderBy { expr: ExprWithAlias { expr, alias }, .. } in list {
                let node = self.item(expr, place.with(Aliases::AfterKnown));
                let name = match alias {
                    Some(alias) => {
                        self.cover(span(alias.span));
                        Some(self.scopes.names.ident(alias))
                    }
                    None => self.own_name(expr, node),
                };
                self.push_output(place.scope, name, node, false);
                if key {
                    self.scopes.values.add(node, Kind::GroupBy, NO_REFERENCE);
                }
            }
        }
        let columns = self.scopes.scopes[place.scope.0 as usize].outputs.clone();
        self.scopes.add_shape(columns, Rest::Nothing)
    }
}
