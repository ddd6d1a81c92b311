//! What binds and would mean something else than it says: refused, so that no verdict rests on it.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Refuses a text whose tree lacks something that it says.
///
/// # Errors
/// What it says.
pub fn text(text: &str) -> std::result::Result<(), &'static str> {
    if names_columns_of_unions(text) {
        return Err("a set operation by name with INNER, LEFT, FULL, ON or CORRESPONDING is not verified");
    }
    Ok(())
}

/// Refuses a plan that DataFusion understands otherwise than others do.
///
/// # Errors
/// What in it.
pub fn plan(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| match node {
        LogicalPlan::Aggregate(aggregate) if aggregate.aggr_expr.iter().any(is_of_the_outer_query) => {
            plan_err!("an aggregate of outer columns alone belongs to the outer query, and is not verified")
        }
        _ => Ok(TreeNodeRecursion::Continue),
    })?;
    Ok(())
}

/// By the standard, and in PostgreSQL and SQLite, `COUNT(t.id)` in a subquery counts rows of the outer query
/// where `t` is there; DataFusion counts the subquery's.
fn is_of_the_outer_query(expr: &Expr) -> bool {
    let (mut inner, mut outer) = (false, false);
    let _ = expr.apply(|part| {
        inner |= matches!(part, Expr::Column(_));
        outer |= matches!(part, Expr::OuterReferenceColumn(..));
        Ok(TreeNodeRecursion::Continue)
    });
    outer && !inner
}

/// Whether a set operation says which columns it keeps, in words that are in no tree.
fn names_columns_of_unions(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let is = |word: &str, any: &[&str]| any.contains(&word);
    words.windows(3).any(|three| {
        let operation = is(&three[1], &["UNION", "EXCEPT", "INTERSECT"]);
        (operation && is(&three[0], &["INNER", "LEFT", "FULL", "OUTER"]))
            || (is(&three[0], &["UNION", "EXCEPT", "INTERSECT", "ALL"]) && three[1] == "CORRESPONDING")
            || (three[0] == "BY" && three[1] == "NAME" && three[2] == "ON")
    })
}
