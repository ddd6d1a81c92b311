//! SQM110 arithmetic-on-column

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::Clause;
use crate::lint::shape::{bare, column, is_comparison, is_constant, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds conditions in WHERE that compute with a column and a constant and compare with a constant: `price * 2 > 100`.
///
/// ## Why
/// An index on the column does not serve. With the constant on the other side it does: `price > 100 / 2`.
///
/// ## Bad
/// ```sql expects SQM110
/// SELECT id FROM orders WHERE total + 10 > 100
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE total > 100 - 10
/// ```
///
/// ## Limits
/// With approximate numbers, and with whole numbers that are multiplied, the two forms may differ by rounding.
pub struct ArithmeticOnColumn;

impl Rule for ArithmeticOnColumn {
    const META: Meta = Meta {
        code: "SQM110",
        name: "arithmetic-on-column",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::BinaryOp { left, op, right }) = cx.node else { return };
        if cx.site.clause != Clause::Where || !is_comparison(op) || cx.site.is_conditional {
            return;
        }
        for (side, other) in [(left, right), (right, left)] {
            let Expr::BinaryOp { left: a, op, right: b } = bare(side) else { continue };
            let arithmetic =
                matches!(op, BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply);
            let is_pair = |a: &Expr, b: &Expr| column(bare(a)).is_some() && literal(bare(b)).is_some();
            if arithmetic && is_constant(other) && (is_pair(a, b) || is_pair(b, a)) {
                out.add(
                    cx.place(side),
                    "no index on the column serves a computation; compute on the other side",
                );
                return;
            }
        }
    }
}
