//! Which attribute of a relation a column of a plan is, where it is one as it stands in the table.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};

use crate::database::Schema;
use crate::prove::Resolve;

/// The relation and the attribute that a column of the node's inputs is.
pub fn of_column(
    node: &LogicalPlan,
    column: &Column,
    schema: &Schema,
    resolve: Resolve<'_>,
) -> Option<(usize, usize)> {
    node.inputs().into_iter().find_map(|input| {
        let at = input.schema().maybe_index_of_column(column)?;
        of_output(input, at, schema, resolve)
    })
}

/// The same of an output of a plan.
fn of_output(plan: &LogicalPlan, at: usize, schema: &Schema, resolve: Resolve<'_>) -> Option<(usize, usize)> {
    let through = |input: &LogicalPlan, expr: &Expr| {
        let mut expr = expr;
        while let Expr::Alias(alias) = expr {
            expr = &alias.expr;
        }
        let Expr::Column(column) = expr else { return None };
        of_output(input, input.schema().maybe_index_of_column(column)?, schema, resolve)
    };
    match plan {
        LogicalPlan::TableScan(scan) => {
            let relation = resolve(&scan.table_name.to_vec())?;
            let name = plan.schema().field(at).name();
            Some((relation, schema.relations[relation].attribute(name)?))
        }
        LogicalPlan::SubqueryAlias(alias) => of_output(&alias.input, at, schema, resolve),
        LogicalPlan::Filter(filter) => of_output(&filter.input, at, schema, resolve),
        LogicalPlan::Sort(sort) => of_output(&sort.input, at, schema, resolve),
        LogicalPlan::Limit(limit) => of_output(&limit.input, at, schema, resolve),
        LogicalPlan::Projection(projection) => through(&projection.input, projection.expr.get(at)?),
        LogicalPlan::Aggregate(aggregate) => through(&aggregate.input, aggregate.group_expr.get(at)?),
        LogicalPlan::Window(window) if at < window.input.schema().fields().len() => {
            of_output(&window.input, at, schema, resolve)
        }
        LogicalPlan::Union(union) => of_output(union.inputs.first()?, at, schema, resolve),
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => None,
                _ if at < left => of_output(&join.left, at, schema, resolve),
                _ => of_output(&join.right, at - left, schema, resolve),
            }
        }
        _ => None,
    }
}
