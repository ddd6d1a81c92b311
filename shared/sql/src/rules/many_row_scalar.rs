//! SQM033 many-row-scalar

use sqlparser::ast::{Expr, TableFactor};

use crate::lint::shape::{block, gives_one_row, has_aggregate, is_limited, item_expr};

use crate::lint::{Clause, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a scalar subquery over a table that has neither a condition nor an aggregate nor a limit.
///
/// ## Why
/// As soon as the table has a second row the query fails (or, in MySQL's older versions and SQLite, takes any row).
///
/// ## Bad
/// ```sql expects SQM033
/// SELECT id FROM orders WHERE tax_rate = (SELECT rate FROM tax)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE tax_rate = (SELECT max(rate) FROM tax)
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE tax_rate IN (SELECT rate FROM tax)
/// ```
///
/// ## Limits
/// A table that is known to have one row is reported, too: suppress it there. Subqueries with a WHERE are left alone,
/// since it may select by a key.
pub struct ManyRowScalar;

impl Rule for ManyRowScalar {
    const META: Meta = Meta {
        code: "SQM033",
        name: "many-row-scalar",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::SUBQUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Subquery(query)) = cx.node else { return };
        let Some(select) = block(query) else { return };
        let [from] = &select.from[..] else { return };
        let is_table = matches!(&from.relation, TableFactor::Table { args: None, name, .. }
            if !is_cte(cx, name.to_string().as_str()));
        let is_whole = select.selection.is_none()
            && select.having.is_none()
            && select.qualify.is_none()
            && select.top.is_none()
            && from.joins.is_empty()
            && !crate::lint::shape::group_keys(select).1;
        let is_single = gives_one_row(select)
            || is_limited(query)
            || select.projection.iter().filter_map(item_expr).any(has_aggregate)
            || matches!(cx.site.parent, Some(Expr::Function(_)))
            || select.value_table_mode.is_some();
        // ANY (SELECT …) and its like take many rows.
        let takes_many = matches!(cx.site.parent, Some(Expr::AnyOp { .. } | Expr::AllOp { .. }));
        if is_table && is_whole && !is_single && !takes_many && in_expression(cx) {
            let span = cx.place(expr);
            out.add(span, "this fails once the table has a second row; aggregate, limit, or use IN");
        }
    }
}

/// Whether the table is a common table expression of the statement, which may well have one row.
fn is_cte(cx: &RuleContext<'_>, name: &str) -> bool {
    cx.cte_names().contains(&name.to_lowercase())
}

fn in_expression(cx: &RuleContext<'_>) -> bool {
    matches!(
        cx.site.clause,
        Clause::Projection | Clause::Where | Clause::On | Clause::Having | Clause::Set | Clause::Values
    )
}
