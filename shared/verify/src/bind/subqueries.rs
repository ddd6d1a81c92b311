//! Subqueries that DataFusion executes in a projection, and not where they stand: as keys of groups, and
//! beside LATERAL, where an aggregate without groups has just one row for each row.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::{Aggregate, Expr, Join, JoinType, LogicalPlan, Projection, Subquery};

/// The plan with such subqueries in projections.
///
/// # Errors
/// When the plan cannot be built.
pub fn move_out(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.iter().any(has_subquery) => {
            Ok(Transformed::yes(grouped(aggregate)?))
        }
        LogicalPlan::Join(join) => match beside(join) {
            Some(subquery) => Ok(Transformed::yes(projection(join, subquery)?)),
            None => Ok(Transformed::no(node)),
        },
        _ => Ok(Transformed::no(node)),
    })
    .map(|transformed| transformed.data)
}

fn has_subquery(expr: &Expr) -> bool {
    let is_subquery =
        |part: &Expr| Ok(matches!(part, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_)));
    !matches!(expr, Expr::GroupingSet(_)) && expr.exists(is_subquery).unwrap_or(false)
}

/// The aggregation of rows that have the keys as columns.
fn grouped(aggregate: &Aggregate) -> Result<LogicalPlan> {
    let mut below: Vec<Expr> = aggregate.input.schema().columns().into_iter().map(Expr::Column).collect();
    let mut keys = aggregate.group_expr.clone();
    for (at, key) in keys.iter_mut().enumerate().filter(|(_, key)| has_subquery(key)) {
        let name = format!("group by {at}");
        below.push(key.clone().unalias().alias(&name));
        *key = Expr::Column(Column::new_unqualified(name));
    }
    let rows = LogicalPlan::Projection(Projection::try_new(below, Arc::clone(&aggregate.input))?);
    let groups =
        LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(rows), keys, aggregate.aggr_expr.clone())?);
    let columns = groups.schema().columns().into_iter().zip(aggregate.schema.iter());
    // Whoever asks for a key asks for it by the name of its expression.
    let above = columns.map(|(column, (qualifier, field))| {
        let (relation, name) = (column.relation.clone(), column.name.clone());
        if relation.as_ref() == qualifier && name == *field.name() {
            Expr::Column(column)
        } else {
            Expr::Column(column).alias_qualified(qualifier.cloned(), field.name())
        }
    });
    Ok(LogicalPlan::Projection(Projection::try_new(above.collect(), Arc::new(groups))?))
}

/// The subquery that stands beside each row of the left side, if every row has just one of it.
fn beside(join: &Join) -> Option<&Subquery> {
    let is_true = match &join.filter {
        None => true,
        Some(Expr::Literal(ScalarValue::Boolean(Some(is_true)), _)) => *is_true,
        Some(_) => false,
    };
    let is_plain =
        is_true && join.on.is_empty() && matches!(join.join_type, JoinType::Inner | JoinType::Left);
    let right = match join.right.as_ref() {
        LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
        other => other,
    };
    match right {
        LogicalPlan::Subquery(subquery) if is_plain && has_one_row(&subquery.subquery) => Some(subquery),
        _ => None,
    }
}

fn has_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => has_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => has_one_row(&alias.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        _ => false,
    }
}

fn projection(join: &Join, subquery: &Subquery) -> Result<LogicalPlan> {
    let mut exprs: Vec<Expr> = join.left.schema().columns().into_iter().map(Expr::Column).collect();
    let inner = subquery.subquery.schema().columns();
    for (column, (qualifier, field)) in inner.into_iter().zip(join.right.schema().iter()) {
        let one = Projection::try_new(vec![Expr::Column(column)], Arc::clone(&subquery.subquery))?;
        let value = Subquery { subquery: Arc::new(LogicalPlan::Projection(one)), ..subquery.clone() };
        exprs.push(Expr::ScalarSubquery(value).alias_qualified(qualifier.cloned(), field.name()));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::clone(&join.left))?))
}
