//! SQM021 or-of-differences

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::shape::{column, disjuncts, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `x <> 1 OR x <> 2`.
///
/// ## Why
/// Every value differs from at least one of two different values, so the condition holds for every row where
/// `x` is not NULL. AND, or NOT IN, was meant.
///
/// ## Bad
/// ```sql expects SQM021
/// SELECT id FROM orders WHERE status <> 'open' OR status <> 'paid'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status NOT IN ('open', 'paid')
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE status <> 'open' OR kind <> 'paid'
/// ```
///
/// ## Limits
/// Only differences between a column and literals are compared.
pub struct OrOfDifferences;

impl Rule for OrOfDifferences {
    const META: Meta = Meta {
        code: "SQM021",
        name: "or-of-differences",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { op: BinaryOperator::Or, .. }) = cx.node else { return };
        if matches!(cx.site.parent, Some(Expr::BinaryOp { op: BinaryOperator::Or, .. })) {
            return;
        }
        let mut seen: Vec<(_, _, &Expr)> = Vec::new();
        for condition in disjuncts(expr) {
            let Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } = condition else { continue };
            let (Some(column), Some(value)) = (column(left), literal(right)) else { continue };
            let other = seen.iter().take(64).find(|(name, known, _)| column.is_like(name) && *known != value);
            if let Some((_, _, first)) = other {
                let span = cx.places().from_to(first, condition);
                out.add(span, "every value differs from one of the two; AND (or NOT IN) was meant");
                return;
            }
            seen.push((column, value, condition));
        }
    }
}
