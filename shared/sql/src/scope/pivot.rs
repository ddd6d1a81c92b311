//! PIVOT and UNPIVOT: rows become columns, columns become rows.

use sqlparser::ast::{Expr, ExprWithAlias, Ident, PivotValueSource, TableAlias, TableFactor, Value};

use sqm_domain::Dialect;

use super::names::Name;
use super::query::{NOWHERE, Place, Resolver, Rows};
use super::values::{Kind, NO_REFERENCE, span};
use super::{Output, Rest, ScopeId};

/// What a pivot takes its columns' values from.
#[derive(Clone, Copy)]
pub(super) enum Keys<'t> {
    Exprs(&'t [Expr]),
    /// One column, as the pipe operator has it.
    Path(&'t [Ident]),
}

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn pivot(
        &mut self,
        table: &'t TableFactor,
        aggregates: &'t [ExprWithAlias],
        keys: &'t [Expr],
        source: &'t PivotValueSource,
        alias: Option<&'t TableAlias>,
        scope: ScopeId,
    ) {
        let inner = self.scopes.add_scope(self.scopes.scope(scope).parent);
        let start = self.scopes.values.begin();
        self.factor(table, inner);
        let name = self.scopes.scope(inner).relations.first().and_then(|&id| self.scopes.relation(id).alias);
        let rows = self.pivoted(inner, aggregates, Keys::Exprs(keys), source, start);
        self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
        let shape = self.scopes.shape(rows.shape);
        let columns = shape.columns.clone();
        let rest = self.scopes.take_rest(rows.shape);
        self.values_relation(scope, columns, rest, alias, name, NOWHERE);
    }

    /// The columns of a pivot over the relations of `inner`. The edges of its rows are pending since `start`.
    pub(super) fn pivoted(
        &mut self,
        inner: ScopeId,
        aggregates: &'t [ExprWithAlias],
        keys: Keys<'t>,
        source: &'t PivotValueSource,
        start: usize,
    ) -> Rows {
        let place = Place::new(inner);
        let (mut columns, mut rest) = self.expand_all(inner, NOWHERE);
        let mut used: Vec<Name> = Vec::new();
        for aggregate in aggregates {
            self.names_in(&aggregate.expr, &mut used);
        }
        match keys {
            Keys::Exprs(exprs) => exprs.iter().for_each(|expr| self.names_in(expr, &mut used)),
            Keys::Path(idents) => {
                let name = idents.last().map(|ident| self.scopes.names.ident(ident));
                used.extend(name.map(|name| self.scopes.names.key(name)));
            }
        }
        self.without(&used, &mut columns, &mut rest);
        // What is left groups the rows.
        for column in &columns {
            self.scopes.values.add(column.node, Kind::GroupBy, NO_REFERENCE);
        }
        // Where there is no room for them, they are as good as those that the data name.
        let made = |values: &[ExprWithAlias]| values.len().saturating_mul(aggregates.len());
        match source {
            PivotValueSource::List(values) if self.scopes.room.take(columns.len(), made(values)) => {
                for value in values {
                    for aggregate in aggregates {
                        self.extent = None;
                        let from = self.scopes.values.begin();
                        self.walk(&aggregate.expr, Kind::Identity, place);
                        // Which rows are aggregated, is chosen by the keys.
                        self.walk_keys(keys, place);
                        let node = self.scopes.values.finish(from);
                        let name = self.pivot_name(value, aggregate, aggregates.len());
                        columns.push(Output { name, node, span: self.covered(), star: false });
                    }
                }
            }
            PivotValueSource::List(_) | PivotValueSource::Any(_) | PivotValueSource::Subquery(_) => {
                let from = self.scopes.values.begin();
                for aggregate in aggregates {
                    self.walk(&aggregate.expr, Kind::Identity, place);
                }
                self.walk_keys(keys, place);
                let node = self.scopes.values.finish(from);
                // The columns are named by the data: whatever is asked for and not listed is one of them.
                if matches!(rest, Rest::Nothing) {
                    rest = Rest::Any(node);
                }
                let star = self.scopes.names.exact("*");
                columns.push(Output { name: Some(star), node, span: self.covered(), star: true });
                if let PivotValueSource::Subquery(query) = source {
                    let rows = self.query(query, None);
                    self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
                }
            }
        }
        let node = self.scopes.values.finish(start);
        Rows { shape: self.scopes.add_shape(columns, rest), node }
    }

    fn walk_keys(&mut self, keys: Keys<'t>, place: Place<'t>) {
        match keys {
            Keys::Exprs(exprs) => exprs.iter().for_each(|key| self.walk(key, Kind::Filter, place)),
            Keys::Path(idents) => self.path(idents.iter(), Kind::Filter, place),
        }
    }

    /// The columns of an UNPIVOT of plain columns into one, over the relations of `inner`.
    pub(super) fn unpivoted(
        &mut self,
        inner: ScopeId,
        value: &'t Ident,
        label: &'t Ident,
        list: &'t [Ident],
    ) -> super::ShapeId {
        let (mut columns, mut rest) = self.expand_all(inner, NOWHERE);
        let place = Place::new(inner);
        let used: Vec<Name> = list
            .iter()
            .map(|ident| self.scopes.names.ident(ident))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|name| self.scopes.names.key(name))
            .collect();
        self.without(&used, &mut columns, &mut rest);
        for (ident, kind) in [(value, Kind::Identity), (label, Kind::Conditional)] {
            self.extent = None;
            let from = self.scopes.values.begin();
            list.iter().for_each(|column| self.column(column, kind, place));
            let node = self.scopes.values.finish(from);
            self.cover(span(ident.span));
            let name = Some(self.scopes.names.ident(ident));
            columns.push(Output { name, node, span: self.covered(), star: false });
        }
        self.scopes.add_shape(columns, rest)
    }

    /// Leaves out the columns that a pivot uses up.
    fn without(&self, used: &[Name], columns: &mut Vec<Output>, rest: &mut Rest) {
        let names = &self.scopes.names;
        columns.retain(|column| column.star || column.name.is_none_or(|n| !used.contains(&names.key(n))));
        if let Rest::Stars(stars) = rest {
            stars.iter_mut().for_each(|star| star.except.extend(used));
        }
    }

    fn pivot_name(&mut self, value: &ExprWithAlias, aggregate: &ExprWithAlias, count: usize) -> Option<Name> {
        let own = match (&value.alias, &value.expr) {
            (Some(alias), _) => Some(self.scopes.names.ident(alias)),
            (None, Expr::Value(text)) => match &text.value {
                Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => {
                    // Snowflake keeps the quotes as a part of the name.
                    let quoted = self.scopes.dialect == Dialect::Snowflake;
                    let text = if quoted { format!("'{text}'") } else { text.clone() };
                    Some(self.scopes.names.exact(&text))
                }
                other => {
                    let text = other.to_string();
                    Some(self.scopes.names.exact(&text))
                }
            },
            (None, Expr::Identifier(ident)) => Some(self.scopes.names.ident(ident)),
            _ => None,
        };
        let (Some(own), Some(alias)) = (own, &aggregate.alias) else {
            return own.filter(|_| count == 1);
        };
        let alias = self.scopes.names.ident(alias);
        // Spark takes the value alone where there is but one aggregate.
        let is_spark = matches!(self.scopes.dialect, Dialect::SparkSql | Dialect::Databricks);
        if is_spark && count == 1 {
            return Some(own);
        }
        // BigQuery puts the aggregate's alias first, the others last.
        let (a, b) = if self.scopes.dialect == Dialect::BigQuery { (alias, own) } else { (own, alias) };
        let text = format!("{}_{}", self.scopes.names.text(a), self.scopes.names.text(b));
        Some(self.scopes.names.exact(&text))
    }

    pub(super) fn unpivot(
        &mut self,
        table: &'t TableFactor,
        value: &'t Expr,
        name: &'t Ident,
        list: &'t [ExprWithAlias],
        alias: Option<&'t TableAlias>,
        scope: ScopeId,
    ) {
        let inner = self.scopes.add_scope(self.scopes.scope(scope).parent);
        let start = self.scopes.values.begin();
        self.factor(table, inner);
        let own = self.scopes.scope(inner).relations.first().and_then(|&id| self.scopes.relation(id).alias);
        let (mut columns, mut rest) = self.expand_all(inner, NOWHERE);
        let place = Place::new(inner);
        let mut used: Vec<Name> = Vec::new();
        for column in list {
            self.names_in(&column.expr, &mut used);
        }
        self.without(&used, &mut columns, &mut rest);
        // One value column, or several: UNPIVOT ((a, b) FOR n IN ((c, d), …)).
        let outputs: Vec<&Ident> = match value {
            Expr::Identifier(ident) => vec![ident],
            Expr::Tuple(list) => list
                .iter()
                .filter_map(|expr| if let Expr::Identifier(ident) = expr { Some(ident) } else { None })
                .collect(),
            Expr::Nested(inner) => match &**inner {
                Expr::Identifier(ident) => vec![ident],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let width = outputs.len();
        for (at, ident) in outputs.into_iter().enumerate() {
            self.extent = None;
            let from = self.scopes.values.begin();
            for column in list {
                match &column.expr {
                    Expr::Tuple(parts) if parts.len() == width => {
                        self.walk(&parts[at], Kind::Identity, place);
                    }
                    expr => self.walk(expr, Kind::Identity, place),
                }
            }
            let node = self.scopes.values.finish(from);
            let output = self.scopes.names.ident(ident);
            self.cover(span(ident.span));
            columns.push(Output { name: Some(output), node, span: self.covered(), star: false });
        }
        // The label says which column the value is taken from: they decide, their values do not come through.
        let from = self.scopes.values.begin();
        for column in list {
            self.walk(&column.expr, Kind::Conditional, place);
        }
        let node = self.scopes.values.finish(from);
        let label = self.scopes.names.ident(name);
        columns.push(Output { name: Some(label), node, span: span(name.span), star: false });
        let node = self.scopes.values.finish(start);
        self.scopes.values.add(node, Kind::Rows, NO_REFERENCE);
        self.values_relation(scope, columns, rest, alias, own, NOWHERE);
    }

    /// The keys of the columns that an expression of a pivot names: identifiers, and arguments of calls.
    fn names_in(&mut self, expr: &'t Expr, keys: &mut Vec<Name>) {
        let mut work = vec![expr];
        while let Some(expr) = work.pop() {
            match expr {
                Expr::Identifier(ident) => {
                    let name = self.scopes.names.ident(ident);
                    keys.push(self.scopes.names.key(name));
                }
                Expr::CompoundIdentifier(idents) => {
                    if let Some(ident) = idents.last() {
                        let name = self.scopes.names.ident(ident);
                        keys.push(self.scopes.names.key(name));
                    }
                }
                Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => work.push(inner),
                Expr::Tuple(list) => work.extend(list),
                Expr::BinaryOp { left, right, .. } => work.extend([&**left, right]),
                Expr::Case { operand, conditions, else_result, .. } => {
                    work.extend(operand.as_deref());
                    work.extend(else_result.as_deref());
                    for when in conditions {
                        work.extend([&when.condition, &when.result]);
                    }
                }
                Expr::Function(function) => {
                    if let sqlparser::ast::FunctionArguments::List(list) = &function.args {
                        for arg in &list.args {
                            if let sqlparser::ast::FunctionArg::Unnamed(
                                sqlparser::ast::FunctionArgExpr::Expr(expr),
                            ) = arg
                            {
                                work.push(expr);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

impl super::Scopes<'_> {
    pub(super) fn take_rest(&mut self, shape: super::ShapeId) -> Rest {
        std::mem::take(&mut self.shapes[shape.0 as usize].rest)
    }
}
