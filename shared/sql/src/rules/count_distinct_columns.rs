//! SQM026 count-distinct-columns

use sqlparser::ast::Expr;

use crate::lint::shape::{arguments, is_distinct, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `COUNT(DISTINCT a, b)`.
///
/// ## Why
/// MySQL, Spark and others leave out every row in which one of the columns is NULL, so the count is not that of
/// the distinct rows; most other databases refuse it.
///
/// ## Bad
/// ```sql expects SQM026 dialect=mysql
/// SELECT COUNT(DISTINCT city, zip) AS places FROM customer
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// SELECT COUNT(*) AS places FROM (SELECT city, zip FROM customer GROUP BY city, zip) AS place
/// ```
///
/// ## Limits
/// Whether the columns can be NULL is not looked at, since the form is not portable in either case.
pub struct CountDistinctColumns;

impl Rule for CountDistinctColumns {
    const META: Meta = Meta {
        code: "SQM026",
        name: "count-distinct-columns",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::CALL,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Function(function)) = cx.node else { return };
        if is_named(function, &["count"]) && is_distinct(function) && arguments(function).len() > 1 {
            let message = "rows with a NULL in one of the columns are not counted; count the rows of a SELECT DISTINCT";
            out.add(cx.place(expr), message);
        }
    }
}
