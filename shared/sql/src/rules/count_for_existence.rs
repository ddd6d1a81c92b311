//! SQM106 count-for-existence

use sqlparser::ast::{BinaryOperator, Expr, Query};

use crate::lint::shape::{bare, block, counts_rows, group_keys, integer, is_named, item_expr};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `(SELECT COUNT(*) …) > 0` and its like.
///
/// ## Why
/// Counting reads every matching row to learn whether there is one. EXISTS stops at the first.
///
/// ## Bad
/// ```sql expects SQM106
/// SELECT c.id FROM customer c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) > 0
/// ```
/// ```sql expects SQM106
/// SELECT c.id FROM customer c WHERE 0 = (SELECT count(*) FROM orders o WHERE o.customer_id = c.id)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
/// ```
///
/// ## Limits
/// `COUNT(column)` is only recognized in this form, not when the count is computed first and compared later.
pub struct CountForExistence;

impl Rule for CountForExistence {
    const META: Meta = Meta {
        code: "SQM106",
        name: "count-for-existence",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { left, op, right }) = cx.node else { return };
        let (query, number, op) = match (bare(left), bare(right)) {
            (Expr::Subquery(query), number) => (query, number, op.clone()),
            (number, Expr::Subquery(query)) => (query, number, mirrored(op)),
            _ => return,
        };
        let exists = match (integer(number), op) {
            (Some(0), BinaryOperator::Gt | BinaryOperator::NotEq) | (Some(1), BinaryOperator::GtEq) => true,
            (Some(0), BinaryOperator::Eq | BinaryOperator::LtEq) | (Some(1), BinaryOperator::Lt) => false,
            _ => return,
        };
        if is_count(query) {
            let form = if exists { "EXISTS" } else { "NOT EXISTS" };
            out.add(cx.place(expr), format!("counting reads every row to find out whether there is one; use {form}"));
        }
    }
}

fn mirrored(op: &BinaryOperator) -> BinaryOperator {
    match op {
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        other => other.clone(),
    }
}

/// Whether the query is nothing but a count of its rows.
fn is_count(query: &Query) -> bool {
    let Some(select) = block(query) else { return false };
    let [item] = &select.projection[..] else { return false };
    let Some(Expr::Function(function)) = item_expr(item) else { return false };
    let counts = counts_rows(function) || is_named(function, &["count"]);
    counts && function.over.is_none() && !group_keys(select).1 && select.having.is_none()
}
