//! SQM121 calc-found-rows

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds MySQL's SQL_CALC_FOUND_ROWS.
///
/// ## Why
/// It makes the query read every row in spite of LIMIT. A second query with COUNT(*) is faster and can use
/// another index; the modifier is deprecated.
///
/// ## Bad
/// ```sql expects SQM121 dialect=mysql
/// SELECT SQL_CALC_FOUND_ROWS id FROM orders WHERE customer_id = 7 ORDER BY id LIMIT 10
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// SELECT id FROM orders WHERE customer_id = 7 ORDER BY id LIMIT 10
/// ```
///
/// ## Limits
/// None known.
pub struct CalcFoundRows;

impl Rule for CalcFoundRows {
    const META: Meta = Meta {
        code: "SQM121",
        name: "calc-found-rows",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if select.select_modifiers.as_ref().is_some_and(|modifiers| modifiers.sql_calc_found_rows) {
            let select = cx.places().of_token(&select.select_token.0);
            let span = cx.places().of_words(&["SQL_CALC_FOUND_ROWS"], select.start).unwrap_or(select);
            out.add(span, "this reads every row in spite of LIMIT; count in a query of its own");
        }
    }
}
