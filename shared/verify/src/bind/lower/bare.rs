//! Columns that a grouped SELECT neither groups nor aggregates. MySQL and SQLite take them from some row of
//! the group, and so does `first_value`. Done only after DataFusion has refused the query.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, GroupByExpr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Visit,
    VisitMut, Visitor, VisitorMut,
};

use super::build::{as_number, call};
use super::operators::take_out;

/// Takes them from some row, in every grouped SELECT of the statement.
pub fn lower(statement: &mut Statement, is_aggregate: &dyn Fn(&str) -> bool) {
    let _ = statement.visit(&mut Selects { is_aggregate });
}

struct Selects<'f> {
    is_aggregate: &'f dyn Fn(&str) -> bool,
}

impl VisitorMut for Selects<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let SetExpr::Select(select) = query.body.as_mut() else { return ControlFlow::Continue(()) };
        let Some(keys) = keys(select, self.is_aggregate) else { return ControlFlow::Continue(()) };
        let outputs: BTreeSet<String> = select
            .projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
                _ => None,
            })
            .collect();
        if let Some(order) = &mut query.order_by
            && let OrderByKind::Expressions(sorts) = &mut order.kind
        {
            for sort in sorts {
                let is_output = matches!(&sort.expr, Expr::Identifier(name) if outputs.contains(&name.value));
                if !is_output && as_number(&sort.expr).is_none() {
                    wrap(&mut sort.expr, &keys, self.is_aggregate);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let Some(keys) = keys(select, self.is_aggregate) else { return ControlFlow::Continue(()) };
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { expr, .. } => wrap(expr, &keys, self.is_aggregate),
                SelectItem::UnnamedExpr(expr) => {
                    let name = last_name(expr);
                    let before = expr.clone();
                    wrap(expr, &keys, self.is_aggregate);
                    if let (Some(name), true) = (name, *expr != before) {
                        *item = SelectItem::ExprWithAlias { expr: take_out(expr), alias: Ident::new(name) };
                    }
                }
                _ => {}
            }
        }
        if let Some(having) = &mut select.having {
            wrap(having, &keys, self.is_aggregate);
        }
        ControlFlow::Continue(())
    }
}

/// The grouping keys of a SELECT, each as written and, of a column, its name alone; `None` where nothing is
/// grouped.
fn keys(select: &Select, is_aggregate: &dyn Fn(&str) -> bool) -> Option<BTreeSet<String>> {
    let GroupByExpr::Expressions(written, _) = &select.group_by else { return None };
    if written.is_empty() {
        let mut found = Aggregates { is_aggregate };
        let aggregates =
            select.projection.iter().any(|item| item.visit(&mut found).is_break()) || select.having.is_some();
        if !aggregates {
            return None;
        }
    }
    let mut keys = BTreeSet::new();
    for key in written {
        let place = as_number(key).and_then(|n| usize::try_from(n - 1).ok());
        let key = match place.and_then(|at| select.projection.get(at)) {
            Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => expr,
            _ => key,
        };
        keys.extend(last_name(key));
        keys.insert(key.to_string());
        // A key may be the alias of an output.
        for item in &select.projection {
            if let (SelectItem::ExprWithAlias { expr, alias }, Expr::Identifier(name)) = (item, key)
                && alias.value == name.value
            {
                keys.insert(expr.to_string());
            }
        }
    }
    Some(keys)
}

fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.clone()),
        _ => None,
    }
}

fn calls_aggregate(function: &Function, is_aggregate: &dyn Fn(&str) -> bool) -> bool {
    function.over.is_none() && super::single_name(function).is_some_and(is_aggregate)
}

/// Whether an expression calls an aggregate or a window function.
pub fn aggregates(expr: &Expr, is_aggregate: &dyn Fn(&str) -> bool) -> bool {
    expr.visit(&mut Aggregates { is_aggregate }).is_break()
}

struct Aggregates<'f> {
    is_aggregate: &'f dyn Fn(&str) -> bool,
}

impl Visitor for Aggregates<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function)
                if function.over.is_some() || calls_aggregate(function, self.is_aggregate) =>
            {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn wrap(expr: &mut Expr, keys: &BTreeSet<String>, is_aggregate: &dyn Fn(&str) -> bool) {
    let _ = expr.visit(&mut Wrap { keys, is_aggregate, shields: Vec::new() });
}

/// Wraps columns that stand under no key, aggregate or subquery.
struct Wrap<'k> {
    keys: &'k BTreeSet<String>,
    is_aggregate: &'k dyn Fn(&str) -> bool,
    /// For each expression around, whether it is one of those.
    shields: Vec<bool>,
}

impl VisitorMut for Wrap<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let shields = match expr {
            Expr::Function(function) => calls_aggregate(function, self.is_aggregate),
            Expr::Exists { .. } | Expr::Subquery(_) | Expr::InSubquery { .. } => true,
            _ => false,
        };
        let is_key = self.keys.contains(&expr.to_string())
            || last_name(expr).is_some_and(|name| self.keys.contains(&name));
        self.shields.push(shields || is_key);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let own = self.shields.pop().unwrap_or(false);
        if !own && last_name(expr).is_some() && !self.shields.contains(&true) {
            let column = take_out(expr);
            *expr = call("first_value", vec![column]);
        }
        ControlFlow::Continue(())
    }
}
