//! A condition in HAVING that belongs into WHERE, or is forgotten; one in WHERE over aggregated values.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, visit_expressions,
};

use super::{Operator, all_of, each_select, take_conjunct};

pub const OPERATOR: Operator = Operator {
    name: "having_where",
    apply: |query, site, _| {
        each_select(query, |select| {
            // Forgotten.
            take_conjunct(&mut select.having, site, |_| true);
            // Of rows where groups are meant: `HAVING SUM(x) > 9` as `WHERE x > 9`.
            if let Some(of_groups) = take_conjunct(&mut select.having, site, |part| of_rows(part).is_some()) {
                let parts = select.selection.take().into_iter().chain(of_rows(&of_groups));
                select.selection = all_of(parts.map(|part| Expr::Nested(Box::new(part))).collect());
            }
        });
    },
};

/// The condition on what is aggregated, where it is one on an aggregate.
fn of_rows(condition: &Expr) -> Option<Expr> {
    let Expr::BinaryOp { left, op, right } = condition else { return None };
    let Expr::Function(call) = left.as_ref() else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(of))] = list.args.as_slice() else { return None };
    let mut aggregates = 0;
    let _ = visit_expressions(right.as_ref(), |expr| {
        aggregates += usize::from(matches!(expr, Expr::Function(_)));
        ControlFlow::<()>::Continue(())
    });
    let of_rows = Expr::BinaryOp { left: Box::new(of.clone()), op: op.clone(), right: right.clone() };
    (aggregates == 0).then_some(of_rows)
}
