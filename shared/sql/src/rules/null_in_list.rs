//! SQM002 null-in-list

use sqlparser::ast::Expr;

use crate::lint::shape::is_null;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds NULL in the list of IN and NOT IN.
///
/// ## Why
/// `x NOT IN (1, NULL)` is never true: whatever `x` is, it might equal the unknown. In `x IN (1, NULL)` the
/// NULL has no effect: a row where `x` is NULL does not match it.
///
/// ## Bad
/// ```sql expects SQM002
/// SELECT id FROM orders WHERE status NOT IN ('open', NULL)
/// ```
/// ```sql expects SQM002
/// SELECT id FROM orders WHERE status IN ('open', NULL)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status NOT IN ('open', 'paid') AND status IS NOT NULL
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE status = 'open' OR status IS NULL
/// ```
///
/// ## Limits
/// NULLs that come from parameters or expressions are not seen.
pub struct NullInList;

impl Rule for NullInList {
    const META: Meta = Meta {
        code: "SQM002",
        name: "null-in-list",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::InList { list, negated, .. }) = cx.node else { return };
        let Some(null) = list.iter().find(|item| is_null(item)) else { return };
        let span = cx.place(null);
        if *negated {
            out.add(span, "NOT IN with a NULL in its list is never true; take it out, and test with IS NOT NULL");
        } else {
            let message = "NULL in the list of IN matches nothing, not even NULL; add `OR … IS NULL`";
            out.add_as(Severity::Warning, span, message);
        }
    }
}
