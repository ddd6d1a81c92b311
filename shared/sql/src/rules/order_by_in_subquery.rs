//! SQM112 order-by-in-subquery

use crate::lint::shape::{any, block, is_aggregate, is_limited, is_named, item_expr};

use sqlparser::ast::Expr;
use crate::lint::{Findings, Group, Meta, Node, On, Role, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ORDER BY in a subquery or common table expression that is not limited.
///
/// ## Why
/// The order of a subquery's rows means nothing to the query around it: sorting is wasted, or the outer query
/// relies on an order that it does not have.
///
/// ## Bad
/// ```sql expects SQM112
/// SELECT o.customer_id FROM (SELECT customer_id FROM orders ORDER BY day) AS o WHERE o.customer_id > 7
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.customer_id, o.day FROM (SELECT customer_id, day FROM orders) AS o ORDER BY o.day
/// ```
/// ```sql expects none
/// SELECT o.customer_id FROM (SELECT customer_id FROM orders ORDER BY day LIMIT 10) AS o
/// ```
///
/// ## Limits
/// Around it, aggregates that depend on order (`array_agg`, `string_agg`) and variables in MySQL do see
/// the order of a subquery in practice; a query with such a call is left alone, as is Oracle's ROWNUM.
pub struct OrderByInSubquery;

impl Rule for OrderByInSubquery {
    const META: Meta = Meta {
        code: "SQM112",
        name: "order-by-in-subquery",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let Some(order_by) = &query.order_by else { return };
        let is_inner = matches!(cx.site.role, Role::Derived | Role::Cte | Role::In | Role::Exists);
        let offset = query.limit_clause.is_some() || is_limited(query) || query.for_clause.is_some();
        if !is_inner || offset || !query.pipe_operators.is_empty() {
            return;
        }
        if block(query).is_some_and(|select| matches!(select.distinct, Some(sqlparser::ast::Distinct::On(_)))) {
            return;
        }
        // Where the block around aggregates in order or numbers its rows, the order may be what it is for.
        let around = cx.site.select.map_or(&[][..], |select| &select.projection);
        let needs_order = around.len() > 100
            || around.iter().filter_map(item_expr).any(|item| {
                any(item, |expr| match expr {
                    Expr::Function(function) => {
                        is_aggregate(function) && is_named(function, ORDERED)
                            || is_named(function, &["row_number"]) && function.over.is_none()
                    }
                    Expr::Identifier(name) => {
                        name.value.eq_ignore_ascii_case("rownum") || name.value.starts_with('@')
                    }
                    _ => false,
                })
            });
        let sqlparser::ast::OrderByKind::Expressions(keys) = &order_by.kind else { return };
        if let (Some(first), Some(last), false) = (keys.first(), keys.last(), needs_order) {
            let span = cx.places().from_to(&first.expr, &last.expr);
            out.add(span, "the query around does not see this order; sort there, or leave it out");
        }
    }
}

/// Aggregates whose result depends on the order of the rows.
const ORDERED: &[&str] = &[
    "array_agg", "string_agg", "group_concat", "listagg", "json_agg", "jsonb_agg", "collect_list", "xmlagg", "first",
    "last", "any_value", "json_arrayagg", "list", "wm_concat", "arbitrary",
];
