//! A condition as people read it, and where it stands.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::unparser::Unparser;
use sqm_sql::text::Position;

use super::scope::{Leaf, place};

/// So many characters of a condition are told.
const MOST_CHARACTERS: usize = 160;

/// The expression with aggregates and windows written out, which stand in it as columns.
pub fn written(expr: &Expr, leaves: &[Leaf], scope: &[usize]) -> Expr {
    let written = expr.clone().transform(|part| match &part {
        Expr::Column(column) => Ok(match meant(column, leaves, scope) {
            Some(meant) => Transformed::yes(meant),
            None => Transformed::no(part),
        }),
        _ => Ok(Transformed::no(part)),
    });
    written.map_or_else(|_| expr.clone(), |written| written.data)
}

/// The expression as SQL.
pub fn sql(expr: &Expr) -> String {
    let unparser = Unparser::default().with_pretty(true);
    let text = unparser.expr_to_sql(expr).map_or_else(|_| expr.to_string(), |sql| sql.to_string());
    if text.chars().count() <= MOST_CHARACTERS {
        return text;
    }
    text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}

/// What the column of an aggregation or of windows stands for.
fn meant(column: &Column, leaves: &[Leaf], scope: &[usize]) -> Option<Expr> {
    let (leaf, at) = place(leaves, scope, column)?;
    let meant = match &leaves[leaf].plan {
        LogicalPlan::Aggregate(aggregate) => {
            let is_grouped = aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_)));
            let mut outputs = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
            outputs.nth(at).filter(|_| !is_grouped)?
        }
        LogicalPlan::Window(window) => {
            window.window_expr.get(at.checked_sub(window.input.schema().fields().len())?)?
        }
        _ => return None,
    };
    Some(meant.clone().unalias())
}

/// The first place in the text of a column that the expression names.
pub fn position(expr: &Expr) -> Option<Position> {
    let mut first = None;
    let _ = expr.apply(|part| {
        if let Expr::Column(column) | Expr::OuterReferenceColumn(_, column) = part
            && let Some(span) = column.spans.first()
            && let (Ok(line), Ok(column)) = (span.start.line.try_into(), span.start.column.try_into())
        {
            let found = Position { line, column };
            first = Some(first.map_or(found, |first: Position| first.min(found)));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    first
}
