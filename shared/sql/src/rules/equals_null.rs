//! SQM001 equals-null

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::shape::is_null;
use crate::lint::{Clause, Edit, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds comparisons with the literal NULL, such as `x = NULL` or `x <> NULL`.
///
/// ## Why
/// A comparison with NULL is neither true nor false but unknown, for every value of `x`, NULL included.
/// As a condition it never holds, and neither does its negation.
///
/// ## Bad
/// ```sql expects SQM001
/// SELECT id FROM customer WHERE email = NULL
/// ```
/// ```sql expects SQM001
/// SELECT CASE WHEN email <> NULL THEN 'mail' ELSE 'post' END AS way FROM customer
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer WHERE email IS NULL
/// ```
/// An assignment is no comparison:
/// ```sql expects none
/// UPDATE customer SET email = NULL WHERE id = 7
/// ```
///
/// ## Limits
/// Parameters that turn out to be NULL are not seen. SQL Server with `ANSI_NULLS OFF` compares otherwise.
pub struct EqualsNull;

impl Rule for EqualsNull {
    const META: Meta = Meta {
        code: "SQM001",
        name: "equals-null",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { left, op, right }) = cx.node else { return };
        let test = match op {
            BinaryOperator::Eq => "IS NULL",
            BinaryOperator::NotEq => "IS NOT NULL",
            BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq => "",
            _ => return,
        };
        // `SELECT x = NULL` names a column in some dialects, and `EXEC p @x = NULL` passes an argument.
        if matches!(cx.site.clause, Clause::Other) {
            return;
        }
        let other = match (is_null(left), is_null(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => return,
        };
        let span = cx.place(expr);
        if test.is_empty() {
            return out.add(span, "an order comparison with NULL is never true; write a value, or IS NULL");
        }
        let text = format!("{} {test}", cx.places().text_of(other));
        let message = format!("a comparison with NULL is never true; write `{test}`");
        let title = format!("Write {test}");
        out.add_with_fix(span, message, &title, Edit { span, text });
    }
}
