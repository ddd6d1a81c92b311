//! SQM114 distinct-with-group-by

use sqlparser::ast::Distinct;

use crate::lint::shape::{bare, column, group_keys, is_special_grouping, item_expr, same};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds SELECT DISTINCT over a GROUP BY whose keys are all selected.
///
/// ## Why
/// The groups are distinct already; DISTINCT sorts or hashes them once more.
///
/// ## Bad
/// ```sql expects SQM114
/// SELECT DISTINCT customer_id, count(*) AS n FROM orders GROUP BY customer_id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id
/// ```
/// Here two groups can give the same row:
/// ```sql expects none
/// SELECT DISTINCT count(*) AS n FROM orders GROUP BY customer_id
/// ```
///
/// ## Limits
/// Keys given by position are counted as selected; ROLLUP and its like are left alone.
pub struct DistinctWithGroupBy;

impl Rule for DistinctWithGroupBy {
    const META: Meta = Meta {
        code: "SQM114",
        name: "distinct-with-group-by",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let (keys, is_grouped) = group_keys(select);
        if !matches!(select.distinct, Some(Distinct::Distinct)) || !is_grouped || is_special_grouping(select) {
            return;
        }
        let is_selected = |key: &sqlparser::ast::Expr| {
            crate::lint::shape::integer(key).is_some()
                || select.projection.iter().any(|item| match item {
                    sqlparser::ast::SelectItem::ExprWithAlias { expr, alias } => {
                        same(expr, key)
                            || column(key).is_some_and(|key| {
                                key.qualifier.is_none() && key.name.value.eq_ignore_ascii_case(&alias.value)
                            })
                    }
                    item => item_expr(item).is_some_and(|expr| same(bare(expr), key)),
                })
        };
        if !keys.is_empty() && keys.iter().all(is_selected) {
            let start = cx.places().of_token(&select.select_token.0).start;
            let span = cx.places().of_words(&["DISTINCT"], start);
            let span = span.unwrap_or_else(|| cx.places().of_token(&select.select_token.0));
            out.add(span, "the groups are distinct already; leave DISTINCT out");
        }
    }
}
