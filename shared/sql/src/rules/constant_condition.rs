//! SQM016 constant-condition

use std::cmp::Ordering;

use sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::lint::shape::{is_comparison, literal};

use crate::lint::{Clause, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds comparisons of two literals in WHERE, ON and HAVING: `1 = 0`, `'a' = 'a'`.
///
/// ## Why
/// The condition is the same for every row: either it does nothing, or it decides alone. `… OR 1 = 1` is also
/// what an injected text looks like.
///
/// ## Bad
/// ```sql expects SQM016
/// SELECT id FROM orders WHERE status = 'open' OR 1 = 1
/// ```
/// ```sql expects SQM016
/// SELECT id FROM orders WHERE 1 = 2 AND status = 'open'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status = 'open'
/// ```
/// `WHERE 1 = 1 AND …` is a common start for conditions that a program adds, and harmless:
/// ```sql expects none
/// SELECT id FROM orders WHERE 1 = 1 AND status = 'open'
/// ```
/// A query for no rows at all asks for the columns:
/// ```sql expects none
/// SELECT id, status FROM orders WHERE 1 = 0
/// ```
///
/// ## Limits
/// Only literals are compared, not expressions over them. A condition that stands alone is reported only when
/// it is an equality that always holds.
pub struct ConstantCondition;

impl Rule for ConstantCondition {
    const META: Meta = Meta {
        code: "SQM016",
        name: "constant-condition",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { left, op, right }) = cx.node else { return };
        if !is_comparison(op) || !matches!(cx.site.clause, Clause::Where | Clause::On | Clause::Having) {
            return;
        }
        let (Some(left), Some(right)) = (literal(left), literal(right)) else { return };
        let Some(holds) = compare(left, op, right) else { return };
        let in_and = matches!(cx.site.parent, Some(Expr::BinaryOp { op: BinaryOperator::And, .. }));
        let alone = cx.site.parent.is_none();
        match (holds, in_and, alone) {
            // The start of generated conditions; a join of everything with everything; a query for its columns.
            (true, true, _) | (false, _, true) => {}
            (true, _, true) if cx.site.clause == Clause::On || *op != BinaryOperator::Eq => {}
            (true, ..) => out.add(cx.place(expr), "this condition is always true; leave it out"),
            (false, ..) => out.add(cx.place(expr), "this condition is never true; leave it out"),
        }
    }
}

/// What the comparison of two literals gives; `None` where that depends on the database.
fn compare(left: &Value, op: &BinaryOperator, right: &Value) -> Option<bool> {
    let order = match (left, right) {
        (Value::Number(a, _), Value::Number(b, _)) => a.parse::<f64>().ok()?.partial_cmp(&b.parse::<f64>().ok()?)?,
        (Value::SingleQuotedString(a), Value::SingleQuotedString(b)) if a == b => Ordering::Equal,
        (Value::SingleQuotedString(_), Value::SingleQuotedString(_)) if *op == BinaryOperator::Eq => Ordering::Less,
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        _ => return None,
    };
    match op {
        BinaryOperator::Eq => Some(order.is_eq()),
        BinaryOperator::NotEq => Some(order.is_ne()),
        BinaryOperator::Lt => Some(order.is_lt()),
        BinaryOperator::LtEq => Some(order.is_le()),
        BinaryOperator::Gt => Some(order.is_gt()),
        BinaryOperator::GtEq => Some(order.is_ge()),
        _ => None,
    }
}
