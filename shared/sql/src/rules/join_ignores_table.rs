//! SQM029 join-ignores-table

use sqlparser::ast::{Ident, JoinConstraint, JoinOperator, TableFactor};

use crate::lint::shape::{columns, has_subquery, last_part, same_ident};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `JOIN b ON …` whose condition does not mention `b`.
///
/// ## Why
/// Every row of `b` is joined with every row that meets the condition: a cross join by mistake, usually a
/// wrong alias.
///
/// ## Bad
/// ```sql expects SQM029
/// SELECT o.id, c.name FROM orders o JOIN customer c ON o.customer_id = o.id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id, c.name FROM orders o JOIN customer c ON o.customer_id = c.id
/// ```
/// A condition without columns, such as `ON TRUE`, is a cross join by intention:
/// ```sql expects none
/// SELECT o.id, c.name FROM orders o JOIN customer c ON TRUE
/// ```
///
/// ## Limits
/// Every column of the condition must be written with a table or alias; one without could belong to `b`.
pub struct JoinIgnoresTable;

impl Rule for JoinIgnoresTable {
    const META: Meta = Meta {
        code: "SQM029",
        name: "join-ignores-table",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        for join in select.from.iter().flat_map(|from| &from.joins) {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            let Some(name) = own_name(&join.relation) else { continue };
            if matches!(join.join_operator, JoinOperator::CrossJoin(_)) || has_subquery(condition) {
                continue;
            }
            let columns = columns(condition);
            let is_elsewhere = |qualifier: Option<&Ident>| {
                qualifier.is_some_and(|qualifier| !same_ident(qualifier, name))
            };
            if columns.len() > 1 && columns.iter().all(|column| is_elsewhere(column.qualifier)) {
                let message = format!("the condition does not mention {}: every row of it is joined", name.value);
                out.add(cx.place(condition), message);
            }
        }
    }
}

fn own_name(relation: &TableFactor) -> Option<&Ident> {
    match relation {
        TableFactor::Table { alias: Some(alias), args: None, .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(&alias.name)
        }
        TableFactor::Table { name, alias: None, args: None, .. } => last_part(name),
        _ => None,
    }
}
