//! SQM116 having-for-where

use crate::lint::shape::{any, column, conjuncts, group_keys, has_aggregate, has_subquery, is_special_grouping, same};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds conditions in HAVING that involve no aggregate, only the keys of the groups.
///
/// ## Why
/// HAVING drops groups after they were built. In WHERE the same condition drops the rows before.
///
/// ## Bad
/// ```sql expects SQM116
/// SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id HAVING customer_id > 100
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT customer_id, count(*) AS n FROM orders WHERE customer_id > 100 GROUP BY customer_id
/// ```
/// ```sql expects none
/// SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id HAVING count(*) > 100
/// ```
///
/// ## Limits
/// Good optimizers move the condition by themselves. Only columns that are grouped by are looked at, so that an
/// alias of an aggregate is not mistaken for a column.
pub struct HavingForWhere;

impl Rule for HavingForWhere {
    const META: Meta = Meta {
        code: "SQM116",
        name: "having-for-where",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let (Some(having), (keys, _)) = (&select.having, group_keys(select)) else { return };
        if is_special_grouping(select) {
            return;
        }
        for condition in conjuncts(having) {
            if has_aggregate(condition) || has_subquery(condition) {
                continue;
            }
            let mut columns = 0;
            let is_other = any(condition, |expr| {
                let is_column = column(expr).is_some() && !matches!(expr, sqlparser::ast::Expr::Nested(_));
                columns += usize::from(is_column);
                is_column && !keys.iter().any(|key| same(key, expr))
            });
            if columns > 0 && !is_other {
                out.add(cx.place(condition), "this condition needs no aggregate; in WHERE it spares building the group");
            }
        }
    }
}
