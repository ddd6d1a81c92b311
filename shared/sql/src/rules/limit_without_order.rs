//! SQM006 limit-without-order

use sqlparser::ast::{Expr, LimitClause, Query, Select, TopQuantity};

use crate::lint::shape::{block, gives_one_row, integer, is_limited};

use crate::lint::{Findings, Group, Meta, Node, On, Role, Rule, RuleContext, Severity};

/// ## What it does
/// Finds LIMIT, FETCH FIRST, TOP and OFFSET in a query without ORDER BY.
///
/// ## Why
/// Without an order, which rows come back is up to the plan of the day. Two runs differ, pages overlap or
/// leave rows out, and a test that passes today fails when an index is added.
///
/// ## Bad
/// ```sql expects SQM006
/// SELECT id, name FROM customer WHERE country = 'DE' LIMIT 10
/// ```
/// ```sql expects SQM006 dialect=tsql
/// SELECT TOP 10 id, name FROM customer
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, name FROM customer WHERE country = 'DE' ORDER BY id LIMIT 10
/// ```
/// One row is one row, and for EXISTS any row is as good as another:
/// ```sql expects none
/// SELECT count(*) AS n FROM customer LIMIT 1
/// ```
/// ```sql expects none
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id LIMIT 1)
/// ```
/// To look at the shape of a table is no question about its rows:
/// ```sql expects none
/// SELECT id, name FROM customer LIMIT 0
/// ```
///
/// ## Limits
/// Whether the ORDER BY decides between all rows is not checked. A subquery that sorts and is then limited
/// without an order of its own counts as sorted.
pub struct LimitWithoutOrder;

impl Rule for LimitWithoutOrder {
    const META: Meta = Meta {
        code: "SQM006",
        name: "limit-without-order",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        if !is_limited(query) && !has_offset(query) {
            return;
        }
        let sorted = |query: &Query| query.order_by.is_some();
        let from_sorted = |select: &Select| {
            select.from.len() == 1
                && select.from[0].joins.is_empty()
                && matches!(&select.from[0].relation, sqlparser::ast::TableFactor::Derived { subquery, .. }
                    if sorted(subquery))
        };
        let select = block(query);
        if sorted(query)
            || matches!(cx.site.role, Role::Exists)
            || matches!(&*query.body, sqlparser::ast::SetExpr::Query(inner) if sorted(inner))
            || matches!(&*query.body, sqlparser::ast::SetExpr::Values(_))
            || select.is_some_and(|select| {
                gives_one_row(select) || from_sorted(select) || !select.sort_by.is_empty() || select.from.is_empty()
            })
        {
            return;
        }
        if limit(query).and_then(integer) == Some(0) {
            return;
        }
        let span = match (limit(query), select) {
            (Some(limit), _) => cx.place(limit),
            (None, Some(select)) => cx.places().of_token(&select.select_token.0),
            (None, None) => cx.places().of_query(query),
        };
        out.add(span, "which rows these are is left to chance; add an ORDER BY that decides");
    }
}

fn limit(query: &Query) -> Option<&Expr> {
    if let Some(LimitClause::LimitOffset { limit: Some(limit), .. } | LimitClause::OffsetCommaLimit { limit, .. }) =
        &query.limit_clause
    {
        return Some(limit);
    }
    if let Some(quantity) = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
        return Some(quantity);
    }
    match &block(query)?.top.as_ref()?.quantity {
        Some(TopQuantity::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn has_offset(query: &Query) -> bool {
    matches!(&query.limit_clause, Some(LimitClause::LimitOffset { offset: Some(_), .. }))
}
