//! SQM102 leading-wildcard

use sqlparser::ast::Expr;

use crate::lint::shape::{column, string};

use crate::lint::shape::is_warehouse;
use crate::lint::{Clause, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `LIKE '%…'`: a pattern that starts with a wildcard.
///
/// ## Why
/// An index is ordered from the first character on, so it does not help: every row is read. A full-text or
/// trigram index, or a reversed column for suffixes, does.
///
/// ## Bad
/// ```sql expects SQM102
/// SELECT id FROM customer WHERE name LIKE '%son'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer WHERE name LIKE 'Ander%'
/// ```
///
/// ## Limits
/// PostgreSQL's trigram indexes serve such patterns, and warehouses read whole columns anyway: the rule says
/// nothing where the dialect is one of a warehouse.
pub struct LeadingWildcard;

impl Rule for LeadingWildcard {
    const META: Meta = Meta {
        code: "SQM102",
        name: "leading-wildcard",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ (Expr::Like { expr: tested, pattern, any: false, .. }
            | Expr::ILike { expr: tested, pattern, any: false, .. })) = cx.node else { return };
        if !matches!(cx.site.clause, Clause::Where | Clause::On) || is_warehouse(cx.dialect) {
            return;
        }
        let Some(text) = string(pattern) else { return };
        let has_more = text.bytes().any(|byte| !matches!(byte, b'%' | b'_'));
        if column(tested).is_some() && text.starts_with(['%', '_']) && has_more {
            let message = "a pattern that starts with a wildcard reads every row; a trigram or full-text index would serve it";
            out.add(cx.place(expr), message);
        }
    }
}

