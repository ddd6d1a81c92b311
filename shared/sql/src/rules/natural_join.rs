//! SQM018 natural-join

use sqlparser::ast::JoinConstraint;

use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds NATURAL JOIN.
///
/// ## Why
/// It joins on whatever columns the tables happen to share by name. A column added later (`updated_at`,
/// `name`, `status`) becomes a part of the condition, and rows vanish without an error.
///
/// ## Bad
/// ```sql expects SQM018
/// SELECT o.id, l.quantity FROM orders o NATURAL JOIN order_line l
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id, l.quantity FROM orders o JOIN order_line l USING (order_id)
/// ```
///
/// ## Limits
/// None known.
pub struct NaturalJoin;

impl Rule for NaturalJoin {
    const META: Meta = Meta {
        code: "SQM018",
        name: "natural-join",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::JOIN,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Join(join) = cx.node else { return };
        if matches!(constraint(&join.join_operator), Some(JoinConstraint::Natural)) {
            let span = cx.places().of_relation(&join.relation);
            out.add(span, "NATURAL JOIN joins on every column of the same name, later ones too; write ON or USING");
        }
    }
}
