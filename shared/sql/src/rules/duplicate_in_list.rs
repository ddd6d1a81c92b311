//! SQM406 duplicate-in-list

use std::collections::HashSet;

use sqlparser::ast::Expr;

use crate::lint::shape::literal;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a literal that occurs twice in one IN list.
///
/// ## Why
/// The second has no effect: another value was meant, or the list has grown beyond what anybody reads.
///
/// ## Bad
/// ```sql expects SQM406
/// SELECT id FROM orders WHERE status IN ('open', 'paid', 'open')
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status IN ('open', 'paid', 'sent')
/// ```
///
/// ## Limits
/// Literals are compared as they are written: `1` and `1.0` are different here.
pub struct DuplicateInList;

impl Rule for DuplicateInList {
    const META: Meta = Meta {
        code: "SQM406",
        name: "duplicate-in-list",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::InList { list, .. }) = cx.node else { return };
        let mut seen = HashSet::new();
        for item in list {
            if let Some(value) = literal(item)
                && !seen.insert(value)
            {
                out.add(cx.place(item), "this value stands in the list already");
            }
        }
    }
}
