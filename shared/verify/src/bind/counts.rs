//! `COUNT(DISTINCT a, b)`, which DataFusion binds and does not execute: the different rows in which nothing is NULL.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::functions::core::expr_fn::r#struct;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, and, when};

/// The plan with structures in their place. For execution alone: a proof knows what the count is.
///
/// # Errors
/// When the plan cannot be built.
pub fn executable(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new_for_projection();
        if !matches!(node, LogicalPlan::Aggregate(_)) {
            return Ok(Transformed::no(node));
        }
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let made = expr.transform_up(|part| match part {
                Expr::AggregateFunction(mut call)
                    if call.func.name() == "count" && call.params.distinct && call.params.args.len() > 1 =>
                {
                    let args = std::mem::take(&mut call.params.args);
                    let are_there = args.iter().cloned().map(Expr::is_not_null).reduce(and);
                    let row = r#struct(args);
                    let counted = match are_there {
                        Some(are_there) => when(are_there, row).end()?,
                        None => row,
                    };
                    call.params.args = vec![counted];
                    Ok(Transformed::yes(Expr::AggregateFunction(call)))
                }
                other => Ok(Transformed::no(other)),
            })?;
            Ok(if made.transformed { made.update_data(|expr| name.restore(expr)) } else { made })
        })
    })
    .map(|transformed| transformed.data)
}
