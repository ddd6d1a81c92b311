//! Subqueries that stand beside each row: APPLY, and LATERAL with a LIMIT, which DataFusion does not execute. The
//! first rows for each row are those that have the first numbers among all that have the same key.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, OrderBy,
    OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, Value, Visit, Visitor, WindowSpec,
    WindowType,
};

use super::build::{binary, call, number};
use super::columns::{Relation, Scopes};
use super::first_rows::{constant_limit, meant};
use super::marked_joins::conjuncts;
use super::select::column;

/// Brings APPLY to LATERAL.
pub fn lower_apply(select: &mut Select) {
    for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
        let operator = match join.join_operator {
            JoinOperator::CrossApply => JoinOperator::CrossJoin(JoinConstraint::None),
            JoinOperator::OuterApply => {
                JoinOperator::LeftOuter(JoinConstraint::On(Expr::value(Value::Boolean(true))))
            }
            _ => continue,
        };
        if let TableFactor::Derived { lateral, .. } | TableFactor::Function { lateral, .. } =
            &mut join.relation
        {
            *lateral = true;
        }
        join.join_operator = operator;
    }
}

/// Writes those with a LIMIT as joins.
pub fn lower(
    select: &mut Select,
    scopes: &mut Scopes<'_>,
    names: &mut usize,
    is_aggregate: &dyn Fn(&str) -> bool,
) -> ControlFlow<String> {
    // A relation behind a comma that looks back is joined to what stands before it.
    let mut at = 1;
    while at < select.from.len() {
        let looks_back = select.from[at].joins.is_empty() && is_limited(&select.from[at].relation);
        if looks_back {
            let relation = select.from.remove(at).relation;
            let join_operator = JoinOperator::CrossJoin(JoinConstraint::None);
            select.from[at - 1].joins.push(Join { relation, global: false, join_operator });
        } else {
            at += 1;
        }
    }
    let has_star = select
        .projection
        .iter()
        .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
    for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
        if !is_limited(&join.relation) {
            continue;
        }
        if has_star {
            return ControlFlow::Break(
                "* beside LATERAL or APPLY with LIMIT or TOP is not verified: name the columns".to_owned(),
            );
        }
        *names += 1;
        let on = numbered(&mut join.relation, scopes, *names, is_aggregate)?;
        let joined = |before: &JoinConstraint| match before {
            JoinConstraint::On(Expr::Value(value)) if value.value == Value::Boolean(true) => Some(on.clone()),
            JoinConstraint::None => Some(on.clone()),
            JoinConstraint::On(before) => Some(binary(before.clone(), BinaryOperator::And, on.clone())),
            _ => None,
        };
        let operator = match &join.join_operator {
            JoinOperator::CrossJoin(before) | JoinOperator::Join(before) | JoinOperator::Inner(before) => {
                joined(before).map(|on| JoinOperator::Inner(JoinConstraint::On(on)))
            }
            JoinOperator::Left(before) | JoinOperator::LeftOuter(before) => {
                joined(before).map(|on| JoinOperator::LeftOuter(JoinConstraint::On(on)))
            }
            _ => None,
        };
        let Some(operator) = operator else { return ControlFlow::Break(NOT_SO.to_owned()) };
        join.join_operator = operator;
    }
    ControlFlow::Continue(())
}

const NOT_SO: &str = "LATERAL or APPLY with LIMIT or TOP is verified only where the subquery is one SELECT without groups that names columns of the outer query in conditions with = alone: use ROW_NUMBER()";

fn is_limited(factor: &TableFactor) -> bool {
    let TableFactor::Derived { lateral: true, subquery, .. } = factor else { return false };
    let has_top = matches!(&*subquery.body, SetExpr::Select(select) if select.top.is_some());
    has_top || subquery.limit_clause.is_some() || subquery.fetch.is_some()
}

/// Numbers the rows of the subquery among those of the same key; the condition under which one is joined.
fn numbered(
    factor: &mut TableFactor,
    scopes: &mut Scopes<'_>,
    name: usize,
    is_aggregate: &dyn Fn(&str) -> bool,
) -> ControlFlow<String, Expr> {
    let refuse = || ControlFlow::Break(NOT_SO.to_owned());
    let TableFactor::Derived { lateral, subquery, alias: Some(alias), .. } = factor else { return refuse() };
    if subquery.with.is_some() || !alias.columns.is_empty() {
        return refuse();
    }
    super::shapes::lower_query(subquery)?;
    let Some((rows, skipped)) = constant_limit(subquery) else { return refuse() };
    let order = match subquery.order_by.take() {
        None => Vec::new(),
        Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) => keys,
        Some(_) => return refuse(),
    };
    let SetExpr::Select(inner) = subquery.body.as_mut() else { return refuse() };
    let is_grouped = !matches!(&inner.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let aggregates = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            super::bare::aggregates(expr, is_aggregate)
        }
        _ => true,
    };
    if is_grouped
        || inner.distinct.is_some()
        || inner.having.is_some()
        || inner.qualify.is_some()
        || inner.projection.iter().any(aggregates)
    {
        return refuse();
    }
    let Some(relations) = scopes.of_from(&inner.from) else { return refuse() };
    let side = |expr: &Expr| side(expr, &relations);
    let (mut rest, mut keys) = (Vec::new(), Vec::new());
    for part in inner.selection.take().map(conjuncts).unwrap_or_default() {
        match side(&part) {
            Side::Inner => rest.push(part),
            _ => {
                let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = unwrapped(part) else {
                    return refuse();
                };
                match (side(&left), side(&right)) {
                    (Side::Inner, Side::Outer) => keys.push((*left, *right)),
                    (Side::Outer, Side::Inner) => keys.push((*right, *left)),
                    _ => return refuse(),
                }
            }
        }
    }
    let mut order = order;
    for key in &mut order {
        if let Some(value) = meant(&key.expr, &inner.projection) {
            key.expr = value;
        }
    }
    let is_inner = |expr: &Expr| matches!(side(expr), Side::Inner);
    let outputs = inner.projection.iter().all(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_inner(expr),
        _ => false,
    });
    if !outputs || !order.iter().all(|key| is_inner(&key.expr)) || !joins_are(inner, &relations) {
        return refuse();
    }
    let own = |at: usize| format!("__beside_{name}_{at}");
    let mut number_of_row = call("row_number", Vec::new());
    if let Expr::Function(Function { over, .. }) = &mut number_of_row {
        *over = Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by: keys.iter().map(|(inner, _)| inner.clone()).collect(),
            order_by: order,
            window_frame: None,
        }));
    }
    let nth = format!("__nth_{name}");
    inner.selection = rest.into_iter().reduce(|a, b| binary(a, BinaryOperator::And, b));
    for (at, (key, _)) in keys.iter().enumerate() {
        inner.projection.push(SelectItem::ExprWithAlias { expr: key.clone(), alias: Ident::new(own(at)) });
    }
    inner.projection.push(SelectItem::ExprWithAlias { expr: number_of_row, alias: Ident::new(nth.clone()) });
    *lateral = false;
    let alias = alias.name.value.to_lowercase();
    let mut on = binary(column(&alias, &nth), BinaryOperator::LtEq, number(rows.saturating_add(skipped)));
    if skipped > 0 {
        let behind = binary(column(&alias, &nth), BinaryOperator::Gt, number(skipped));
        on = binary(on, BinaryOperator::And, behind);
    }
    for (at, (_, outer)) in keys.into_iter().enumerate() {
        let equal = binary(column(&alias, &own(at)), BinaryOperator::Eq, outer);
        on = binary(equal, BinaryOperator::And, on);
    }
    ControlFlow::Continue(on)
}

fn unwrapped(expr: Expr) -> Expr {
    match expr {
        Expr::Nested(inner) => unwrapped(*inner),
        other => other,
    }
}

/// Whether the conditions of its joins and the queries in its FROM look at nothing outside.
fn joins_are(select: &Select, relations: &[Relation]) -> bool {
    select.from.iter().all(|from| {
        let factors = std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation));
        let are_tables = factors.into_iter().all(|factor| matches!(factor, TableFactor::Table { .. }));
        are_tables
            && from.joins.iter().all(|join| match super::columns::constraint(&join.join_operator) {
                Some(JoinConstraint::On(on)) => matches!(side(on, relations), Side::Inner),
                Some(_) => true,
                None => false,
            })
    })
}

/// Whose columns an expression reads.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// None, or the subquery's own alone.
    Inner,
    /// Others alone.
    Outer,
    /// Both, or it cannot be told.
    Both,
}

fn side(expr: &Expr, relations: &[Relation]) -> Side {
    let mut seen = Sides { relations, inner: false, outer: false, is_lost: false };
    let _ = expr.visit(&mut seen);
    match (seen.inner, seen.outer) {
        _ if seen.is_lost => Side::Both,
        (_, false) => Side::Inner,
        (false, true) => Side::Outer,
        (true, true) => Side::Both,
    }
}

struct Sides<'r> {
    relations: &'r [Relation],
    inner: bool,
    outer: bool,
    is_lost: bool,
}

impl Visitor for Sides<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.is_lost = true;
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let is_own = match expr {
            Expr::Identifier(name) => {
                let name = name.value.to_lowercase();
                self.relations.iter().any(|relation| relation.columns.contains(&name))
            }
            Expr::CompoundIdentifier(parts) => {
                let alias = parts.len().checked_sub(2).map(|at| parts[at].value.to_lowercase());
                self.relations.iter().any(|relation| alias.as_ref() == Some(&relation.alias))
            }
            _ => return ControlFlow::Continue(()),
        };
        self.inner |= is_own;
        self.outer |= !is_own;
        ControlFlow::Continue(())
    }
}
