//! Expressions: every column reference in them, and how its value enters the whole.
//!
//! Chains of operators can be as long as the text, so the walk keeps its own stack; it calls itself for
//! subqueries and lambdas alone, whose nesting the parser limits.

use sqlparser::ast::{
    Array, BinaryOperator, Expr, LambdaFunction, MapEntry, OneOrManyWithParens, Query, SetExpr, Value,
};

use super::query::{Place, Resolver, Rows};
use super::values::{Kind, NO_REFERENCE, span};

impl<'t> Resolver<'t, '_, '_> {
    /// Adds what an expression is made of to the node at hand.
    pub(crate) fn walk(&mut self, expr: &'t Expr, kind: Kind, place: Place<'t>) {
        let floor = self.work.len();
        self.step(expr, kind, place);
        while self.work.len() > floor {
            let Some((expr, kind)) = self.work.pop() else { break };
            self.step(expr, kind, place);
        }
    }

    pub(super) fn push(&mut self, expr: &'t Expr, kind: Kind) {
        self.work.push((expr, kind));
    }

    fn step(&mut self, expr: &'t Expr, kind: Kind, place: Place<'t>) {
        let changed = kind.over(Kind::Transformation);
        match expr {
            Expr::Identifier(ident) => self.column(ident, kind, place),
            Expr::CompoundIdentifier(idents) => self.path(idents.iter(), kind, place),
            Expr::Value(value) => {
                self.cover(span(value.span));
                if let Value::Placeholder(text) = &value.value {
                    self.placeholder(text, span(value.span), kind, place);
                }
            }
            Expr::Nested(inner)
            | Expr::OuterJoin(inner)
            | Expr::Prior(inner)
            | Expr::Named { expr: inner, .. } => {
                self.push(inner, kind);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } if self.is_lambda(left, right) => {
                let depth = self.parameters.len();
                match &**left {
                    Expr::Tuple(list) => list.iter().for_each(|expr| {
                        if let Expr::Identifier(ident) = expr {
                            self.parameter(ident);
                        }
                    }),
                    Expr::Identifier(ident) => self.parameter(ident),
                    _ => {}
                }
                self.walk(right, changed, place);
                self.parameters.truncate(depth);
            }
            Expr::BinaryOp { left, op: _, right } => {
                self.push(right, changed);
                self.push(left, changed);
            }
            Expr::Function(function) => self.function(function, kind, place),
            Expr::Case { case_token, end_token, operand, conditions, else_result } => {
                self.cover(span(case_token.0.span));
                self.cover(span(end_token.0.span));
                let condition = kind.over(Kind::Conditional);
                if let Some(result) = else_result {
                    self.push(result, changed);
                }
                for when in conditions.iter().rev() {
                    self.push(&when.result, changed);
                    self.push(&when.condition, condition);
                }
                if let Some(operand) = operand {
                    self.push(operand, condition);
                }
            }
            Expr::Subquery(query) => self.scalar(query, kind, place),
            Expr::Exists { subquery, .. } => {
                let rows = self.query(subquery, Some(place.scope));
                self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            }
            Expr::InSubquery { expr, subquery, .. } => {
                self.push(expr, changed);
                self.membership(subquery, kind, place);
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                self.push(left, changed);
                match &**right {
                    Expr::Subquery(query) => self.membership(query, kind, place),
                    right => self.push(right, changed),
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, kind, place),
            Expr::JsonAccess { value, path } => self.json_access(value, &path.path, kind, place),
            Expr::Lambda(lambda) => self.lambda(lambda, changed, place),
            Expr::Between { expr, low, high, .. } => self.push_all([&**high, low, expr], changed),
            Expr::InList { expr, list, .. } => {
                self.push_all(list.iter().rev(), changed);
                self.push(expr, changed);
            }
            Expr::Like { expr, pattern, .. }
            | Expr::ILike { expr, pattern, .. }
            | Expr::SimilarTo { expr, pattern, .. }
            | Expr::RLike { expr, pattern, .. } => self.push_all([&**pattern, expr], changed),
            Expr::Tuple(list) | Expr::Array(Array { elem: list, .. }) | Expr::Struct { values: list, .. } => {
                self.push_all(list.iter().rev(), changed);
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                for key in sets.iter().flatten() {
                    self.key(key, kind, place);
                }
            }
            Expr::Dictionary(fields) => self.push_all(fields.iter().map(|field| &*field.value), changed),
            Expr::Map(map) => {
                for MapEntry { key, value } in &map.entries {
                    self.push_all([&**value, key], changed);
                }
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) | Expr::TypedString(_) => {}
            other => self.plain(other, kind, changed, place),
        }
    }

    /// Expressions that change the values of their operands and do nothing else.
    fn plain(&mut self, expr: &'t Expr, kind: Kind, changed: Kind, place: Place<'t>) {
        match expr {
            Expr::IsFalse(e)
            | Expr::IsNotFalse(e)
            | Expr::IsTrue(e)
            | Expr::IsNotTrue(e)
            | Expr::IsNull(e)
            | Expr::IsNotNull(e)
            | Expr::IsUnknown(e)
            | Expr::IsNotUnknown(e)
            | Expr::UnaryOp { expr: e, .. }
            | Expr::Cast { expr: e, .. }
            | Expr::Extract { expr: e, .. }
            | Expr::Ceil { expr: e, .. }
            | Expr::Floor { expr: e, .. }
            | Expr::Collate { expr: e, .. }
            | Expr::Prefixed { value: e, .. }
            | Expr::IsNormalized { expr: e, .. } => self.push(e, changed),
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => self.push_all([&**b, a], changed),
            Expr::InUnnest { expr, array_expr, .. } => self.push_all([&**array_expr, expr], changed),
            Expr::Convert { expr, styles, .. } => {
                self.push_all(styles, changed);
                self.push(expr, changed);
            }
            Expr::AtTimeZone { timestamp, time_zone } => self.push_all([&**time_zone, timestamp], changed),
            Expr::Position { expr, r#in } => self.push_all([&**r#in, expr], changed),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                self.push_all([substring_for, substring_from].into_iter().flatten().map(|e| &**e), changed);
                self.push(expr, changed);
            }
            Expr::Trim { trim_what, expr, trim_characters, .. } => {
                self.push_all(trim_characters.iter().flatten(), changed);
                self.push(expr, changed);
                self.push_all(trim_what.as_deref(), changed);
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.push_all(overlay_for.as_deref(), changed);
                self.push_all([&**overlay_from, overlay_what, expr], changed);
            }
            Expr::Interval(interval) => self.push(&interval.value, changed),
            Expr::MatchAgainst { columns, .. } => {
                for column in columns {
                    self.path(column.0.iter().filter_map(|part| part.as_ident()), changed, place);
                }
            }
            Expr::MemberOf(member) => self.push_all([&*member.array, &*member.value], changed),
            // Met by `step`.
            _ => {
                let _ = kind;
            }
        }
    }

    pub(super) fn push_all(&mut self, exprs: impl IntoIterator<Item = &'t Expr>, kind: Kind) {
        for expr in exprs {
            self.push(expr, kind);
        }
    }

    /// A scalar subquery: its value comes through as it is; what chose its rows chose the value.
    fn scalar(&mut self, query: &'t Query, kind: Kind, place: Place<'t>) {
        let rows = self.subquery(query, place);
        for column in &self.scopes.shapes[rows.shape.0 as usize].columns {
            self.scopes.values.add(column.node, kind, NO_REFERENCE);
        }
    }

    /// `IN (SELECT …)`: the values selected decide, they do not come through.
    fn membership(&mut self, query: &'t Query, kind: Kind, place: Place<'t>) {
        let kind = if kind.is_direct() { Kind::Conditional } else { kind };
        let rows = self.subquery(query, place);
        for column in &self.scopes.shapes[rows.shape.0 as usize].columns {
            self.scopes.values.add(column.node, kind, NO_REFERENCE);
        }
    }

    pub(super) fn subquery(&mut self, query: &'t Query, place: Place<'t>) -> Rows {
        let rows = self.query(query, Some(place.scope));
        if let SetExpr::Select(select) = &*query.body
            && select.value_table_mode.is_some()
        {
            self.struct_queries.insert(std::ptr::from_ref(query).addr(), rows);
        }
        self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
        rows
    }

    fn lambda(&mut self, lambda: &'t LambdaFunction, kind: Kind, place: Place<'t>) {
        let depth = self.parameters.len();
        match &lambda.params {
            OneOrManyWithParens::One(parameter) => self.parameter(&parameter.name),
            OneOrManyWithParens::Many(parameters) => {
                for parameter in parameters {
                    self.parameter(&parameter.name);
                }
            }
        }
        self.walk(&lambda.body, kind, place);
        self.parameters.truncate(depth);
    }

    /// `(a, b) -> …` is a lambda everywhere; `a -> …` reads a field where the dialect has no lambdas.
    fn is_lambda(&self, left: &Expr, right: &Expr) -> bool {
        use sqm_domain::Dialect::*;
        match left {
            Expr::Tuple(list) => list.iter().all(|expr| matches!(expr, Expr::Identifier(_))),
            Expr::Identifier(_) => {
                matches!(
                    self.scopes.dialect,
                    DuckDb
                        | SparkSql
                        | Databricks
                        | Snowflake
                        | Trino
                        | Presto
                        | Athena
                        | ClickHouse
                        | Generic
                ) && !matches!(right, Expr::Value(_))
            }
            _ => false,
        }
    }

    fn parameter(&mut self, ident: &sqlparser::ast::Ident) {
        let name = self.scopes.names.ident(ident);
        let key = self.scopes.names.key(name);
        self.parameters.push(key);
    }

    /// Snowflake's `$1`: the column at this position of the only relation. Anything else is a parameter.
    fn placeholder(&mut self, text: &str, at: crate::text::Span, kind: Kind, place: Place<'t>) {
        let position = text.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let (Some(position), sqm_domain::Dialect::Snowflake) = (position, self.scopes.dialect) else {
            return self.named_placeholder(text, at, kind, place);
        };
        let [relation] = self.scopes.scope(place.scope).relations[..] else { return };
        let name = self.scopes.names.exact(text);
        if position > 0
            && let Some(node) = self.scopes.qualified(relation, name, at)
        {
            let reference = self.scopes.references.len() as u32;
            let meaning = super::Meaning::Column { relation, node };
            self.scopes.references.push(super::Reference { span: at, scope: place.scope, meaning });
            self.scopes.values.add(node, kind, reference);
        }
    }
}
