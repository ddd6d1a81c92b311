//! `(a, b) IN (SELECT x, y …)`, which DataFusion lacks, as EXISTS.
//!
//! At the top of a WHERE or HAVING, under AND and OR, nothing but TRUE counts: there `(a, b) IN (…)` is that
//! some row equals, and `NOT IN` that no row equals or may equal. Elsewhere it is TRUE where some row equals,
//! else NULL where some row may equal, else FALSE.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, Query, SelectItem, SetExpr, Value};

use super::build::{binary, case, number};
use super::operators::take_out;
use super::select::{column, derived, query, select};

/// Rewrites the memberships of a condition.
pub fn lower(condition: &mut Expr, names: &mut usize) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
            lower(left, names);
            lower(right, names);
        }
        Expr::Nested(inner) => lower(inner, names),
        Expr::InSubquery { expr, subquery, negated } => {
            let Expr::Tuple(items) = expr.as_ref() else { return };
            let negated = *negated;
            *condition = Expr::Exists {
                subquery: Box::new(rows(items, subquery, if negated { May::Equal } else { May::Not }, names)),
                negated,
            };
        }
        _ => {}
    }
}

/// Rewrites one membership wherever it stands.
pub fn lower_value(expr: &mut Expr, names: &mut usize) {
    let Expr::InSubquery { expr: left, subquery, negated } = expr else { return };
    let Expr::Tuple(items) = left.as_ref() else { return };
    let exists = |may, names: &mut usize| Expr::Exists {
        subquery: Box::new(rows(items, subquery, may, names)),
        negated: false,
    };
    let (found, missed) = (exists(May::Not, names), exists(May::Equal, names));
    let truth = |value| Expr::value(Value::Boolean(value));
    let null = Expr::value(Value::Null);
    *expr = case(vec![(found, truth(!*negated)), (missed, null)], Some(truth(*negated)));
}

/// Whether rows count that a NULL keeps from being equal.
#[derive(Clone, Copy, PartialEq)]
enum May {
    Not,
    Equal,
}

/// The rows of the subquery that equal the items.
fn rows(items: &[Expr], subquery: &Query, may: May, names: &mut usize) -> Query {
    *names += 1;
    let name = format!("__in_{names}");
    let columns: Vec<String> = (0..items.len()).map(|at| format!("__in_{names}_{at}")).collect();
    let equal = items.iter().zip(&columns).map(|(item, own)| {
        let equal = binary(item.clone(), BinaryOperator::Eq, column(&name, own));
        if may == May::Equal { Expr::IsNotFalse(Box::new(equal)) } else { equal }
    });
    let equal = equal.reduce(|a, b| binary(a, BinaryOperator::And, b));
    let mut subquery = subquery.clone();
    let renamed = rename(&mut subquery, &columns);
    let from = derived(subquery, &name, if renamed { &[] } else { &columns });
    query(select(vec![SelectItem::UnnamedExpr(number(1))], from, equal))
}

/// Names the outputs in place, which every engine understands, where they are all written out.
fn rename(subquery: &mut Query, columns: &[String]) -> bool {
    let SetExpr::Select(select) = subquery.body.as_mut() else { return false };
    let is_plain = select.projection.iter().all(|item| matches!(item, SelectItem::UnnamedExpr(_)));
    if !is_plain || select.projection.len() != columns.len() || subquery.order_by.is_some() {
        return false;
    }
    for (item, name) in select.projection.iter_mut().zip(columns) {
        if let SelectItem::UnnamedExpr(expr) = item {
            *item = SelectItem::ExprWithAlias { expr: take_out(expr), alias: Ident::new(name) };
        }
    }
    true
}
