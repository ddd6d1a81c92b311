//! SQM115 order-by-random

use sqlparser::ast::{Expr, OrderByKind};

use crate::lint::shape::{is_named, is_limited};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `ORDER BY random() LIMIT n`.
///
/// ## Why
/// A number is drawn for every row and all rows are sorted to keep a few. TABLESAMPLE, or a random key looked
/// up by index, reads only what it keeps.
///
/// ## Bad
/// ```sql expects SQM115
/// SELECT id FROM customer ORDER BY random() LIMIT 10
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer TABLESAMPLE SYSTEM (1)
/// ```
///
/// ## Limits
/// The size of the table is not known: for some hundred rows it does not matter. A shuffle of the whole result
/// (no LIMIT) is left alone.
pub struct OrderByRandom;

impl Rule for OrderByRandom {
    const META: Meta = Meta {
        code: "SQM115",
        name: "order-by-random",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) else { return };
        for key in keys {
            let Expr::Function(function) = &key.expr else { continue };
            if is_named(function, &["random", "rand", "newid", "uuid", "gen_random_uuid", "dbms_random", "generate_uuid"]) {
                let severity = if is_limited(query) { Severity::Warning } else { Severity::Info };
                let message = "every row is sorted by a random number to keep a few; sample the table instead";
                out.add_as(severity, cx.place(&key.expr), message);
            }
        }
    }
}
