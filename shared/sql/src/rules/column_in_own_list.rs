//! SQM025 column-in-own-list

use sqlparser::ast::Expr;

use crate::lint::shape::column;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a column in its own IN list: `id IN (1, 2, id)`.
///
/// ## Why
/// Every value equals itself, so the condition holds for every row where the column is not NULL. A value or a
/// variable of the same name was meant.
///
/// ## Bad
/// ```sql expects SQM025
/// SELECT name FROM customer WHERE id IN (1, 2, id)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT name FROM customer WHERE id IN (1, 2, 3)
/// ```
/// ```sql expects none
/// SELECT name FROM customer WHERE id IN (referrer_id, owner_id)
/// ```
///
/// ## Limits
/// None known.
pub struct ColumnInOwnList;

impl Rule for ColumnInOwnList {
    const META: Meta = Meta {
        code: "SQM025",
        name: "column-in-own-list",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::InList { expr, list, .. }) = cx.node else { return };
        let Some(tested) = column(expr) else { return };
        if let Some(own) = list.iter().find(|item| column(item).is_some_and(|item| item.is_like(&tested))) {
            out.add(cx.place(own), "the column is always in a list that contains it; a value was meant");
        }
    }
}
