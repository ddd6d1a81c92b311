//! SQM404 like-without-wildcard

use sqlparser::ast::Expr;

use crate::lint::shape::string;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds LIKE with a pattern that has no wildcard.
///
/// ## Why
/// It is an equality that looks like a search; `%` was forgotten, or `=` was meant.
///
/// ## Bad
/// ```sql expects SQM404
/// SELECT id FROM customer WHERE name LIKE 'Anderson'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer WHERE name = 'Anderson'
/// ```
/// ```sql expects none
/// SELECT id FROM customer WHERE name ILIKE 'anderson'
/// ```
///
/// ## Limits
/// ILIKE without wildcards compares without regard to case, for which there is no operator; it is left alone.
pub struct LikeWithoutWildcard;

impl Rule for LikeWithoutWildcard {
    const META: Meta = Meta {
        code: "SQM404",
        name: "like-without-wildcard",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Like { pattern, any: false, .. }) = cx.node else { return };
        if string(pattern).is_some_and(|text| !text.contains(['%', '_', '[', '\\', '{', '$'])) {
            out.add(cx.place(expr), "without a wildcard this is an equality; write =, or add %");
        }
    }
}
