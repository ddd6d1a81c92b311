//! SQM035 distinct-on-order

use sqlparser::ast::{Distinct, OrderByKind};

use crate::lint::shape::{block, integer, same};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds DISTINCT ON whose ORDER BY does not go on after its keys, or is missing.
///
/// ## Why
/// DISTINCT ON keeps the first row of each group. Without an order inside of the group, which one that is is left to
/// chance.
///
/// ## Bad
/// ```sql expects SQM035
/// SELECT DISTINCT ON (customer_id) customer_id, amount FROM orders ORDER BY customer_id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT DISTINCT ON (customer_id) customer_id, amount FROM orders ORDER BY customer_id, day DESC
/// ```
///
/// ## Limits
/// Whether the order decides between all rows of the group is not checked.
pub struct DistinctOnOrder;

impl Rule for DistinctOnOrder {
    const META: Meta = Meta {
        code: "SQM035",
        name: "distinct-on-order",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let Some(select) = block(query) else { return };
        let Some(Distinct::On(keys)) = &select.distinct else { return };
        let order = match query.order_by.as_ref().map(|order| &order.kind) {
            Some(OrderByKind::Expressions(order)) => &order[..],
            Some(OrderByKind::All(_)) => return,
            None => &[],
        };
        let is_key = |expr| keys.iter().any(|key| same(key, expr)) || integer(expr).is_some();
        if order.iter().all(|by| is_key(&by.expr))
            && let (Some(first), Some(last)) = (keys.first(), keys.last())
        {
            let span = cx.places().from_to(first, last);
            out.add(span, "which row of a group is kept is left to chance; go on with ORDER BY after these keys");
        }
    }
}
