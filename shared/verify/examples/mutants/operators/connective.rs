//! AND for OR, and OR for AND.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

use super::{Operator, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "connective",
    apply: |query, site, _| {
        each_expr(query, |expr| {
            let Expr::BinaryOp { op, .. } = expr else { return };
            let other = match op {
                BinaryOperator::And => BinaryOperator::Or,
                BinaryOperator::Or => BinaryOperator::And,
                _ => return,
            };
            if site.is_here() {
                *op = other;
                // As it stands in the tree, whatever binds tighter.
                *expr = Expr::Nested(Box::new(expr.clone()));
            }
        });
    },
};
