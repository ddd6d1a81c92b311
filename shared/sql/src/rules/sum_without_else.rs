//! SQM014 sum-without-else

use sqlparser::ast::Expr;

use crate::lint::shape::{arguments, bare, is_aggregate, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `SUM(CASE WHEN … THEN … END)` without ELSE.
///
/// ## Why
/// Where no row of a group meets the condition, the sum is NULL and not 0, and whatever is computed from it
/// is NULL too.
///
/// ## Bad
/// ```sql expects SQM014
/// SELECT customer_id, sum(CASE WHEN status = 'paid' THEN amount END) AS paid FROM orders GROUP BY customer_id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT customer_id, sum(CASE WHEN status = 'paid' THEN amount ELSE 0 END) AS paid FROM orders GROUP BY customer_id
/// ```
/// Where a default stands around it, NULL was thought of; and for counts, averages and extremes NULL is what
/// leaves a row out:
/// ```sql expects none
/// SELECT coalesce(sum(CASE WHEN status = 'paid' THEN amount END), 0) AS paid,
///        avg(CASE WHEN status = 'paid' THEN amount END) AS mean
/// FROM orders
/// ```
///
/// ## Limits
/// That NULL is wanted for an empty group cannot be told.
pub struct SumWithoutElse;

impl Rule for SumWithoutElse {
    const META: Meta = Meta {
        code: "SQM014",
        name: "sum-without-else",
        group: Group::Correctness,
        severity: Severity::Info,
        on: On::CALL,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Function(function)) = cx.node else { return };
        if !is_named(function, &["sum"]) || !is_aggregate(function) {
            return;
        }
        if let Some(Expr::Function(around)) = cx.site.parent
            && is_named(around, &["coalesce", "ifnull", "nvl", "isnull", "zeroifnull", "nullif"])
        {
            return;
        }
        let arguments = arguments(function);
        let [argument] = arguments[..] else { return };
        if let Expr::Case { else_result: None, .. } = bare(argument) {
            out.add(cx.place(expr), "the sum is NULL, not 0, where no row meets the condition; add ELSE 0");
        }
    }
}
