//! SQM023 and-in-set

use sqlparser::ast::{BinaryOperator, Expr, Statement};

use crate::lint::shape::column;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `UPDATE … SET a = 1 AND b = 2`.
///
/// ## Why
/// It sets `a` to the truth of `1 AND b = 2` and leaves `b` as it is. A comma was meant.
///
/// ## Bad
/// ```sql expects SQM023
/// UPDATE customer SET city = 'Bonn' AND zip = '53111' WHERE id = 7
/// ```
///
/// ## Good
/// ```sql expects none
/// UPDATE customer SET city = 'Bonn', zip = '53111' WHERE id = 7
/// ```
/// ```sql expects none
/// UPDATE customer SET is_open = (city = 'Bonn' AND zip = '53111') WHERE id = 7
/// ```
///
/// ## Limits
/// A value in brackets is taken to be meant.
pub struct AndInSet;

impl Rule for AndInSet {
    const META: Meta = Meta {
        code: "SQM023",
        name: "and-in-set",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Update(update)) = cx.node else { return };
        for assignment in &update.assignments {
            let Expr::BinaryOp { op: BinaryOperator::And, right, .. } = &assignment.value else { continue };
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, .. } = &**right else { continue };
            if column(left).is_some() {
                let span = cx.place(&assignment.value);
                out.add(span, "AND makes this one condition whose truth is assigned; separate assignments by commas");
            }
        }
    }
}
