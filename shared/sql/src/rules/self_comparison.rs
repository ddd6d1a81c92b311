//! SQM036 self-comparison

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::shape::{column, is_comparison};

use crate::lint::{Clause, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a column that is compared with itself: `a.id = a.id`.
///
/// ## Why
/// It holds for every row where the column is not NULL (or, for `<>` and `<`, for none). Another table's column
/// was meant.
///
/// ## Bad
/// ```sql expects SQM036
/// SELECT o.id FROM orders o JOIN customer c ON c.id = o.customer_id AND c.region = c.region
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id FROM orders o JOIN customer c ON c.id = o.customer_id AND c.region = o.region
/// ```
///
/// ## Limits
/// Only plain columns; an expression compared with itself is not reported.
pub struct SelfComparison;

impl Rule for SelfComparison {
    const META: Meta = Meta {
        code: "SQM036",
        name: "self-comparison",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { left, op, right }) = cx.node else { return };
        let (Some(a), Some(b)) = (column(left), column(right)) else { return };
        let in_condition = matches!(cx.site.clause, Clause::Where | Clause::On | Clause::Having);
        if !in_condition || !is_comparison(op) || !a.is_like(&b) {
            return;
        }
        let message = match op {
            BinaryOperator::Eq | BinaryOperator::LtEq | BinaryOperator::GtEq => {
                "a column equals itself unless it is NULL; name the other column, or write IS NOT NULL"
            }
            _ => "a column never differs from itself; name the other column",
        };
        out.add(cx.place(expr), message);
    }
}
