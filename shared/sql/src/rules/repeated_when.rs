//! SQM032 repeated-when

use sqlparser::ast::Expr;

use crate::lint::shape::same;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a WHEN that repeats the condition of an earlier WHEN of the same CASE.
///
/// ## Why
/// The earlier branch takes every row, so this one is never reached. One of the two was meant to differ.
///
/// ## Bad
/// ```sql expects SQM032
/// SELECT CASE WHEN amount > 100 THEN 'large' WHEN amount > 100 THEN 'small' END AS size FROM orders
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT CASE WHEN amount > 100 THEN 'large' WHEN amount > 10 THEN 'small' END AS size FROM orders
/// ```
///
/// ## Limits
/// Conditions are compared as they are written; what one implies of another is not looked at.
pub struct RepeatedWhen;

impl Rule for RepeatedWhen {
    const META: Meta = Meta {
        code: "SQM032",
        name: "repeated-when",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::CASE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::Case { conditions, .. }) = cx.node else { return };
        for (at, when) in conditions.iter().enumerate().take(64) {
            if conditions[..at].iter().any(|earlier| same(&earlier.condition, &when.condition)) {
                let message = "an earlier WHEN has the same condition, so this branch is never reached";
                out.add(cx.place(&when.condition), message);
            }
        }
    }
}
