//! SQM303 order-by-in-stored-result

use sqlparser::ast::OrderByKind;

use crate::lint::shape::is_limited;

use crate::lint::{Findings, Group, Meta, Node, On, Role, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ORDER BY without LIMIT in CREATE TABLE AS, CREATE VIEW and INSERT … SELECT.
///
/// ## Why
/// A table has no order, and a query over a view need not keep the view's. The sort is paid for, on a warehouse in
/// memory and spilled files, and nobody can rely on it.
///
/// ## Bad
/// ```sql expects SQM303
/// CREATE VIEW ranked AS SELECT id, amount FROM orders ORDER BY amount
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE VIEW ranked AS SELECT id, amount FROM orders
/// ```
/// ```sql expects none
/// CREATE TABLE top_order AS SELECT id, amount FROM orders ORDER BY amount DESC LIMIT 100
/// ```
///
/// ## Limits
/// Loading in the order of a key to make blocks compress or prune well is a reason to sort; suppress it there.
pub struct OrderByInStoredResult;

impl Rule for OrderByInStoredResult {
    const META: Meta = Meta {
        code: "SQM303",
        name: "order-by-in-stored-result",
        group: Group::Cost,
        severity: Severity::Info,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let is_stored = matches!(cx.site.role, Role::Definition | Role::Source);
        let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) else { return };
        if let (Some(first), Some(last), true) = (keys.first(), keys.last(), is_stored && !is_limited(query)) {
            let span = cx.places().from_to(&first.expr, &last.expr);
            out.add(span, "what is stored has no order; sort where it is read");
        }
    }
}
