//! SQM020 empty-between

use sqlparser::ast::Expr;

use crate::lint::shape::{integer, string};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds BETWEEN whose lower bound is above its upper bound.
///
/// ## Why
/// `x BETWEEN 10 AND 1` means `x >= 10 AND x <= 1` and holds for no `x`; `NOT BETWEEN` holds for every one.
///
/// ## Bad
/// ```sql expects SQM020
/// SELECT id FROM orders WHERE amount BETWEEN 100 AND 10
/// ```
/// ```sql expects SQM020
/// SELECT id FROM orders WHERE day BETWEEN DATE '2024-12-31' AND DATE '2024-01-01'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE amount BETWEEN 10 AND 100
/// ```
///
/// ## Limits
/// Only integers and dates of the form `2024-01-31` are compared.
pub struct EmptyBetween;

impl Rule for EmptyBetween {
    const META: Meta = Meta {
        code: "SQM020",
        name: "empty-between",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Between { low, high, .. }) = cx.node else { return };
        let is_empty = match (integer(low), integer(high)) {
            (Some(low), Some(high)) => low > high,
            _ => matches!((date(low), date(high)), (Some(low), Some(high)) if low > high),
        };
        if is_empty {
            out.add(cx.place(expr), "the lower bound is above the upper one, so nothing lies between; swap them");
        }
    }
}

/// The text of a date literal that sorts as the dates do.
fn date(expr: &Expr) -> Option<&str> {
    let text = match expr {
        Expr::TypedString(typed) => match &typed.value.value {
            sqlparser::ast::Value::SingleQuotedString(text) => text,
            _ => return None,
        },
        _ => string(expr)?,
    };
    let is_digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { is_digit(at) });
    is_date.then_some(text)
}
