//! SQM109 or-in-join

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint};

use crate::lint::shape::{column, conjuncts, disjuncts};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a join whose condition is an OR of equalities: `ON a.x = b.x OR a.y = b.y`.
///
/// ## Why
/// A hash or merge join needs an equality that always holds. With OR the database compares every row with every
/// row; two joins and a UNION do not.
///
/// ## Bad
/// ```sql expects SQM109
/// SELECT c.id, p.id AS prospect FROM customer c JOIN prospect p ON c.email = p.email OR c.phone = p.phone
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT c.id, p.id AS prospect FROM customer c JOIN prospect p ON c.email = p.email
/// UNION
/// SELECT c.id, p.id AS prospect FROM customer c JOIN prospect p ON c.phone = p.phone
/// ```
/// ```sql expects none
/// SELECT c.id, p.id AS prospect
/// FROM customer c JOIN prospect p ON c.id = p.customer_id AND (c.email = p.email OR c.phone = p.phone)
/// ```
///
/// ## Limits
/// Conditions in WHERE that join by OR are not reported.
pub struct OrInJoin;

impl Rule for OrInJoin {
    const META: Meta = Meta {
        code: "SQM109",
        name: "or-in-join",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        for join in select.from.iter().flat_map(|from| &from.joins) {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            let all = conjuncts(condition);
            if all.iter().any(|condition| joins(condition)) {
                continue;
            }
            let by_or = all.into_iter().find(|condition| {
                let parts = disjuncts(condition);
                parts.len() > 1 && parts.iter().all(|part| conjuncts(part).into_iter().any(joins))
            });
            if let Some(by_or) = by_or {
                let message = "a join by OR compares every row with every row; make it a UNION of two joins";
                out.add(cx.place(by_or), message);
            }
        }
    }
}

/// Whether this is an equality of columns of two relations.
fn joins(condition: &Expr) -> bool {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return false };
    let (Some(a), Some(b)) = (column(left), column(right)) else { return false };
    match (a.qualifier, b.qualifier) {
        (Some(a), Some(b)) => !a.value.eq_ignore_ascii_case(&b.value),
        _ => !a.is_like(&b),
    }
}
