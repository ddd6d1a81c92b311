//! `(a, b) IN (SELECT x, y …)`, which DataFusion lacks, as EXISTS.
//!
//! Done only where nothing but TRUE counts: at the top of a WHERE or HAVING, under AND and OR. There
//! `(a, b) IN (…)` is that some row equals, and `NOT IN` that no row equals or may equal.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, SelectItem};

use super::build::{binary, number};
use super::operators::take_out;
use super::select::{column, derived, query, select};

/// Rewrites the memberships of a condition.
pub fn lower(condition: &mut Expr, names: &mut usize) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
            lower(left, names);
            lower(right, names);
        }
        Expr::Nested(inner) => lower(inner, names),
        Expr::InSubquery { expr, subquery, negated } => {
            let Expr::Tuple(items) = expr.as_mut() else { return };
            *names += 1;
            let name = format!("__in_{names}");
            let columns: Vec<String> = (0..items.len()).map(|at| format!("__in_{names}_{at}")).collect();
            let negated = *negated;
            let equal = items.iter_mut().zip(&columns).map(|(item, own)| {
                let equal = binary(take_out(item), BinaryOperator::Eq, column(&name, own));
                if negated { Expr::IsNotFalse(Box::new(equal)) } else { equal }
            });
            let Some(equal) = equal.reduce(|a, b| binary(a, BinaryOperator::And, b)) else { return };
            let from = derived((**subquery).clone(), &name, &columns);
            let rows = select(vec![SelectItem::UnnamedExpr(number(1))], from, Some(equal));
            *condition = Expr::Exists { subquery: Box::new(query(rows)), negated };
        }
        _ => {}
    }
}
