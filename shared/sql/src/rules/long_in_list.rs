//! SQM118 long-in-list

use sqlparser::ast::Expr;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds IN lists of more than 500 values.
///
/// ## Why
/// Parsing and planning take longer than the query, and every list is another query to the plan cache. A
/// temporary table, an array parameter or VALUES to join with does not grow the text.
///
/// ## Bad
/// A list as a program writes it, 501 values long:
/// ```sql expects SQM118 repeat=501
/// SELECT id FROM orders WHERE customer_id IN (§1§)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE customer_id IN (1, 2, 3)
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE customer_id = ANY ($1)
/// ```
///
/// ## Limits
/// The number is a matter of experience, not a limit of any database (Oracle's is 1,000).
pub struct LongInList;

impl Rule for LongInList {
    const META: Meta = Meta {
        code: "SQM118",
        name: "long-in-list",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::InList { list, .. }) = cx.node else { return };
        if let ([first, .., last], true) = (&list[..], list.len() > 500) {
            let span = cx.places().from_to(first, last);
            let message = format!("a list of {} values; join with a table or an array parameter instead", list.len());
            out.add(span, message);
        }
    }
}
