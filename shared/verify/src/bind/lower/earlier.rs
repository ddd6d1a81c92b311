//! Outputs that are read by name in later outputs of the same SELECT, and in its WHERE: each name is written out.
//! A column of FROM that is called so goes first, in all dialects that have this.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Select, SelectItem, Visit, VisitMut, Visitor, VisitorMut};
use sqm_domain::Dialect::{self, self as D};

use super::columns::Scopes;

/// Most nodes that are written in the place of names: with each name twice as many may come.
const MOST_NODES: usize = 20_000;

/// Writes them out.
///
/// # Errors
/// Where that grows too large.
pub fn lower(select: &mut Select, dialect: Dialect, scopes: &mut Scopes<'_>) -> ControlFlow<String> {
    let in_outputs =
        matches!(dialect, D::Snowflake | D::Redshift | D::Databricks | D::SparkSql | D::DuckDb | D::Teradata);
    let in_condition = matches!(dialect, D::Snowflake | D::DuckDb | D::Teradata);
    let has_names = select.projection.iter().any(|item| matches!(item, SelectItem::ExprWithAlias { .. }));
    if !in_outputs || !has_names {
        return ControlFlow::Continue(());
    }
    let Some(relations) = scopes.of_from(&select.from) else { return ControlFlow::Continue(()) };
    let is_column = |name: &String| relations.iter().any(|relation| relation.columns.contains(name));
    let mut earlier = Earlier { outputs: HashMap::new(), subqueries: 0, nodes: 0 };
    for item in &mut select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) => expr.visit(&mut earlier)?,
            SelectItem::ExprWithAlias { expr, alias } => {
                expr.visit(&mut earlier)?;
                let name = alias.value.to_lowercase();
                if !is_column(&name) {
                    earlier.outputs.insert(name, (expr.clone(), nodes_of(expr)));
                }
            }
            _ => {}
        }
    }
    if let (Some(condition), true) = (&mut select.selection, in_condition) {
        condition.visit(&mut earlier)?;
    }
    ControlFlow::Continue(())
}

struct Earlier {
    /// By name in lower case: what stands for it, and how many nodes that has.
    outputs: HashMap<String, (Expr, usize)>,
    subqueries: usize,
    nodes: usize,
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. })
}

impl VisitorMut for Earlier {
    type Break = String;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.subqueries += usize::from(is_subquery(expr));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.subqueries -= usize::from(is_subquery(expr));
        if let (Expr::Identifier(name), 0) = (&*expr, self.subqueries)
            && let Some((output, nodes)) = self.outputs.get(&name.value.to_lowercase())
        {
            self.nodes += nodes;
            if self.nodes > MOST_NODES {
                return ControlFlow::Break(format!(
                    "{name} and other outputs that are read by name grow too large when they are written out"
                ));
            }
            *expr = Expr::Nested(Box::new(output.clone()));
        }
        ControlFlow::Continue(())
    }
}

fn nodes_of(expr: &Expr) -> usize {
    struct Count(usize);
    impl Visitor for Count {
        type Break = ();

        fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Continue(())
        }
    }
    let mut count = Count(0);
    let _ = expr.visit(&mut count);
    count.0
}
