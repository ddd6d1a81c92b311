//! The arrows of JSON, which bind tighter than any other operator where the grammar lets them reach further:
//! `j ->> 'k' = 'x'` is no comparison of `'k'` with `'x'`.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};
use sqm_domain::Dialect;

use super::operators::take_out;

/// Whether it is one of them.
pub fn is_arrow(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Arrow | B::LongArrow | B::HashArrow | B::HashLongArrow)
}

/// Gives an arrow the operands that stand next to it. PostgreSQL's grammar has them as PostgreSQL does.
pub fn lower(expr: &mut Expr, dialect: Dialect) {
    if matches!(dialect, Dialect::Postgres | Dialect::Greenplum | Dialect::Materialize | Dialect::RisingWave)
    {
        return;
    }
    // What stands behind it belongs to what is around it, and what stands in front as well.
    while let Expr::BinaryOp { left, op, right } = expr
        && is_arrow(op)
    {
        let op = op.clone();
        if is_open(right) {
            let (object, mut around) = (take_out(left), take_out(right));
            let key = first(&mut around);
            *key = arrow(object, op, take_out(key));
            *expr = around;
        } else if is_other_operator(left) {
            let (mut around, key) = (take_out(left), take_out(right));
            let object = last(&mut around);
            *object = arrow(take_out(object), op, key);
            *expr = around;
        } else {
            return;
        }
    }
}

fn arrow(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

/// Whether an operand stands at its beginning without brackets.
fn is_open(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::BinaryOp { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
    )
}

fn first(expr: &mut Expr) -> &mut Expr {
    if !is_open(expr) {
        return expr;
    }
    match expr {
        Expr::BinaryOp { left: inner, .. }
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::InList { expr: inner, .. }
        | Expr::InSubquery { expr: inner, .. }
        | Expr::Between { expr: inner, .. }
        | Expr::Like { expr: inner, .. }
        | Expr::ILike { expr: inner, .. } => first(inner),
        other => other,
    }
}

fn last(expr: &mut Expr) -> &mut Expr {
    if !is_other_operator(expr) {
        return expr;
    }
    match expr {
        Expr::BinaryOp { right, .. } => last(right),
        other => other,
    }
}

fn is_other_operator(expr: &Expr) -> bool {
    matches!(expr, Expr::BinaryOp { op, .. } if !is_arrow(op))
}
