//! SQM401 order-by-ordinal

use sqlparser::ast::OrderByKind;

use crate::lint::shape::{group_keys, integer};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ORDER BY and GROUP BY by position: `ORDER BY 2`.
///
/// ## Why
/// Whoever adds a column to the list changes the order without noticing.
///
/// ## Bad
/// ```sql expects SQM401
/// SELECT name, city FROM customer ORDER BY 2
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT name, city FROM customer ORDER BY city
/// ```
///
/// ## Limits
/// In a set operation, where only names of the first arm or positions work, positions are left alone.
pub struct OrderByOrdinal;

impl Rule for OrderByOrdinal {
    const META: Meta = Meta {
        code: "SQM401",
        name: "order-by-ordinal",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::QUERY.and(On::SELECT),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let mut report = |expr: &sqlparser::ast::Expr| {
            if integer(expr).is_some_and(|position| position > 0) {
                out.add(cx.place(expr), "a position changes its meaning with the list; name the column");
            }
        };
        match cx.node {
            Node::Query(query) if crate::lint::shape::block(query).is_some() => {
                if let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) {
                    keys.iter().for_each(|key| report(&key.expr));
                }
            }
            Node::Select(select) => group_keys(select).0.iter().for_each(report),
            _ => {}
        }
    }
}
