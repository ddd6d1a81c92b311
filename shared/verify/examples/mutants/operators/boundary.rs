//! A comparison that takes its boundary in, or leaves it out.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

use super::{Operator, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "boundary",
    apply: |query, site, _| {
        each_expr(query, |expr| match expr {
            Expr::BinaryOp { op, .. } => {
                let other = match op {
                    BinaryOperator::Lt => BinaryOperator::LtEq,
                    BinaryOperator::LtEq => BinaryOperator::Lt,
                    BinaryOperator::Gt => BinaryOperator::GtEq,
                    BinaryOperator::GtEq => BinaryOperator::Gt,
                    _ => return,
                };
                if site.is_here() {
                    *op = other;
                }
            }
            Expr::Between { expr: of, negated: false, low, high } if site.is_here() => {
                let compared = |op, bound: &Expr| Expr::BinaryOp {
                    left: of.clone(),
                    op,
                    right: Box::new(bound.clone()),
                };
                let from = compared(BinaryOperator::GtEq, low);
                let to = compared(BinaryOperator::Lt, high);
                *expr = Expr::Nested(Box::new(Expr::BinaryOp {
                    left: Box::new(from),
                    op: BinaryOperator::And,
                    right: Box::new(to),
                }));
            }
            _ => {}
        });
    },
};
