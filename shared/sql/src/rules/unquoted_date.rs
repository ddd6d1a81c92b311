//! SQM024 unquoted-date

use sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::lint::{Edit, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `2024-01-31` without quotes.
///
/// ## Why
/// It is a subtraction and means 1992.
///
/// ## Bad
/// ```sql expects SQM024
/// SELECT id FROM orders WHERE day < 2024-01-31
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE day < DATE '2024-01-31'
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE amount < 2024 - 31 - 1
/// ```
///
/// ## Limits
/// Only year, month and day written like a date (four, two and two digits without spaces) are reported.
pub struct UnquotedDate;

impl Rule for UnquotedDate {
    const META: Meta = Meta {
        code: "SQM024",
        name: "unquoted-date",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { left, op: BinaryOperator::Minus, right: day }) = cx.node else {
            return;
        };
        let Expr::BinaryOp { left: year, op: BinaryOperator::Minus, right: month } = &**left else { return };
        if !(is_part(year, 4) && is_part(month, 2) && is_part(day, 2)) {
            return;
        }
        let span = cx.place(expr);
        let text = cx.places().text(span);
        if text.len() == 10 {
            let edit = Edit { span, text: format!("'{text}'") };
            out.add_with_fix(span, "without quotes this is a subtraction, not a date", "Put it in quotes", edit);
        }
    }
}

/// Whether the expression is a number between 1 and what a year can be, of so many digits.
fn is_part(expr: &Expr, digits: usize) -> bool {
    let Expr::Value(value) = expr else { return false };
    let Value::Number(text, _) = &value.value else { return false };
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()) && (digits == 4 || text.as_str() <= "31")
}
