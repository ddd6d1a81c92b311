//! SQM008 union-loses-rows

use sqlparser::ast::{Expr, Query, Select, SetExpr, SetOperator, SetQuantifier, TableFactor};

use crate::lint::shape::{any, is_distinct, is_named, item_expr};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds sums, counts and averages over a UNION.
///
/// ## Why
/// UNION removes rows that are equal, so two sales of the same amount are added up once. UNION ALL is meant.
///
/// ## Bad
/// ```sql expects SQM008
/// SELECT SUM(d.amount) AS total FROM (SELECT amount FROM sale UNION SELECT amount FROM refund) AS d
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT SUM(d.amount) AS total FROM (SELECT amount FROM sale UNION ALL SELECT amount FROM refund) AS d
/// ```
/// ```sql expects none
/// SELECT COUNT(*) AS people FROM (SELECT person_id FROM sale UNION SELECT person_id FROM refund) AS d
/// ```
///
/// ## Limits
/// Counts of rows are left alone, since how many different ones there are is a fair question.
pub struct UnionLosesRows;

impl Rule for UnionLosesRows {
    const META: Meta = Meta {
        code: "SQM008",
        name: "union-loses-rows",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let [from] = &select.from[..] else { return };
        let TableFactor::Derived { subquery, .. } = &from.relation else { return };
        if !from.joins.is_empty() || !removes_copies(subquery) {
            return;
        }
        if let Some(expr) = added_up(select) {
            out.add(
                cx.place(expr),
                "UNION has removed equal rows before they are added up here; UNION ALL keeps them",
            );
        }
    }
}

fn removes_copies(query: &Query) -> bool {
    matches!(
        query.body.as_ref(),
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::None | SetQuantifier::Distinct,
            ..
        }
    )
}

/// An item that adds values up.
fn added_up(select: &Select) -> Option<&Expr> {
    select.projection.iter().filter_map(item_expr).find(|expr| {
        any(expr, |node| {
            matches!(node, Expr::Function(function)
                if function.over.is_none() && is_named(function, &["sum", "avg"]) && !is_distinct(function))
        })
    })
}
