//! SQM003 outer-join-undone

use sqlparser::ast::{JoinOperator, TableFactor};

use crate::lint::shape::{column, columns_not_null_in, conjuncts};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a LEFT JOIN whose right side WHERE asks for a value of.
///
/// ## Why
/// The join keeps rows without a match and fills them up with NULLs; a comparison in WHERE drops them again. Either an
/// inner join is meant, or the condition belongs into ON.
///
/// ## Bad
/// ```sql expects SQM003
/// SELECT c.id, o.id AS order_id FROM customer c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.state = 'open'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT c.id, o.id AS order_id FROM customer c LEFT JOIN orders o ON o.customer_id = c.id AND o.state = 'open'
/// ```
/// ```sql expects none
/// SELECT c.id FROM customer c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL OR o.state = 'open'
/// ```
///
/// ## Limits
/// Only qualified columns are looked at, and no conditions under OR or inside of functions that may turn NULL into a value.
pub struct OuterJoinUndone;

impl Rule for OuterJoinUndone {
    const META: Meta = Meta {
        code: "SQM003",
        name: "outer-join-undone",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let Some(condition) = &select.selection else { return };
        let outer: Vec<&str> = select
            .from
            .iter()
            .flat_map(|from| &from.joins)
            .filter(|join| matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_)))
            .filter_map(|join| name(&join.relation))
            .collect();
        if outer.is_empty() {
            return;
        }
        for condition in conjuncts(condition) {
            let undone = columns_not_null_in(condition).into_iter().find(|expr| {
                column(expr).and_then(|column| column.qualifier).is_some_and(|qualifier| {
                    outer.iter().any(|name| name.eq_ignore_ascii_case(&qualifier.value))
                })
            });
            if let Some(expr) = undone {
                let text = cx.places().text_of(expr);
                out.add(
                    cx.place(condition),
                    format!("this drops the rows that LEFT JOIN keeps, since {text} is NULL in them; join inner, or ask in ON"),
                );
            }
        }
    }
}

/// The name by which a relation's columns are qualified.
fn name(factor: &TableFactor) -> Option<&str> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(&alias.name.value)
        }
        TableFactor::Table { name, .. } => {
            crate::lint::shape::last_part(name).map(|part| part.value.as_str())
        }
        _ => None,
    }
}
