//! SQM105 correlated-subquery

use sqlparser::ast::{BinaryOperator, Expr, TableFactor};

use crate::lint::Clause;
use crate::lint::shape::{block, column, columns, conjuncts, has_aggregate, integer, item_expr, last_part};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a scalar subquery with an aggregate that is computed anew for each row of the query around it.
///
/// ## Why
/// Without an index for its condition the work grows with the product of both tables. A join with the aggregates of all
/// groups, or a window function, computes each of them once.
///
/// ## Bad
/// ```sql expects SQM105
/// SELECT o.id FROM orders o WHERE o.total > (SELECT AVG(p.total) FROM orders p WHERE p.customer_id = o.customer_id)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id FROM orders o WHERE o.total > (SELECT AVG(p.total) FROM orders p)
/// ```
///
/// ## Limits
/// Only ties by qualified columns are seen. With an index on the inner column and few outer rows the subquery is fine.
pub struct CorrelatedSubquery;

impl Rule for CorrelatedSubquery {
    const META: Meta = Meta {
        code: "SQM105",
        name: "correlated-subquery",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SUBQUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Subquery(query)) = cx.node else { return };
        let in_rows = matches!(cx.site.clause, Clause::Where | Clause::Projection);
        let Some(select) = block(query).filter(|_| in_rows) else { return };
        let [item] = &select.projection[..] else { return };
        // Compared with a number it may ask whether there is any, which is another rule's matter.
        let counts = matches!(cx.site.parent, Some(Expr::BinaryOp { left, right, .. })
            if [left, right].iter().any(|side| integer(side).is_some_and(|number| number <= 1)));
        if counts || !item_expr(item).is_some_and(has_aggregate) {
            return;
        }
        let own: Vec<&str> = select
            .from
            .iter()
            .flat_map(|from| {
                std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
            })
            .filter_map(name)
            .collect();
        let ties = select.selection.iter().flat_map(conjuncts).any(|condition| {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return false };
            column(left).is_some()
                && column(right).is_some()
                && columns(condition).iter().any(|name| {
                    name.qualifier.is_some_and(|q| !own.iter().any(|own| own.eq_ignore_ascii_case(&q.value)))
                })
        });
        if ties {
            out.add(
                cx.place(expr),
                "this aggregate is computed anew for each row; join the aggregates of all groups once",
            );
        }
    }
}

/// The name by which a relation's columns are qualified.
fn name(factor: &TableFactor) -> Option<&str> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(&alias.name.value)
        }
        TableFactor::Table { name, .. } => last_part(name).map(|part| part.value.as_str()),
        _ => None,
    }
}
