//! How large the expressions of a query are once every name in them is written out, which is what the
//! optimizer and a proof do: `x + x` over `x + x` over … has a million terms after twenty steps.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Most nodes by which an expression may grow when the names in it are written out. Benchmark queries
/// grow by some hundreds.
pub const MOST_GROWTH: usize = 2_000;

/// By how many nodes the expression grows that grows most.
///
/// # Errors
/// When the plan cannot be walked.
pub fn of(plan: &LogicalPlan) -> Result<usize> {
    let mut most = 0;
    sizes(plan, &mut most)?;
    Ok(most)
}

/// The size of each output, written out.
fn sizes(plan: &LogicalPlan, most: &mut usize) -> Result<Vec<usize>> {
    let inputs = plan.inputs();
    let mut below = Vec::new();
    for input in &inputs {
        below.push((input.schema(), sizes(input, most)?));
    }
    plan.apply_subqueries(|subquery| {
        sizes(subquery, most)?;
        Ok(TreeNodeRecursion::Jump)
    })?;
    let mut written_out = Vec::new();
    plan.apply_expressions(|expr| {
        let (own, size) = size(expr, &below)?;
        *most = (*most).max(size.saturating_sub(own));
        written_out.push(size);
        Ok(TreeNodeRecursion::Continue)
    })?;
    let width = plan.schema().fields().len();
    let mut outputs: Vec<usize> = match plan {
        LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) => written_out,
        LogicalPlan::Window(_) => below.into_iter().flat_map(|(_, sizes)| sizes).chain(written_out).collect(),
        LogicalPlan::Union(_) => (0..width)
            .map(|at| below.iter().filter_map(|(_, sizes)| sizes.get(at)).copied().max().unwrap_or(1))
            .collect(),
        _ => below.into_iter().flat_map(|(_, sizes)| sizes).collect(),
    };
    outputs.resize(width, 1);
    Ok(outputs)
}

/// The nodes of an expression, as it stands and written out.
fn size(expr: &Expr, below: &[(&DFSchemaRef, Vec<usize>)]) -> Result<(usize, usize)> {
    let (mut own, mut written_out) = (0usize, 0usize);
    expr.apply(|node| {
        own += 1;
        let size = match node {
            Expr::Column(column) => below
                .iter()
                .find_map(|(schema, sizes)| sizes.get(schema.maybe_index_of_column(column)?))
                .copied()
                .unwrap_or(1),
            _ => 1,
        };
        written_out = written_out.saturating_add(size);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok((own, written_out))
}
