//! SQM201 write-without-where

use sqlparser::ast::{FromTable, Statement, TableFactor};

use crate::lint::shape::last_part;

use crate::text::Span;
use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds UPDATE and DELETE without WHERE.
///
/// ## Why
/// They change every row. Where that is meant, TRUNCATE or `WHERE TRUE` says so.
///
/// ## Bad
/// ```sql expects SQM201
/// DELETE FROM orders
/// ```
/// ```sql expects SQM201
/// UPDATE customer SET is_active = FALSE
/// ```
///
/// ## Good
/// ```sql expects none
/// DELETE FROM orders WHERE status = 'done'
/// ```
/// ```sql expects none
/// UPDATE customer AS c SET name = p.name FROM prospect AS p WHERE p.customer_id = c.id
/// ```
/// A temporary table, and a join that selects the rows, are left alone:
/// ```sql expects none dialect=tsql
/// DELETE FROM #staging
/// ```
/// ```sql expects none dialect=mysql
/// UPDATE customer c JOIN prospect p ON p.customer_id = c.id SET c.name = p.name
/// ```
///
/// ## Limits
/// A WHERE that holds for every row counts as said on purpose.
pub struct WriteWithoutWhere;

impl Rule for WriteWithoutWhere {
    const META: Meta = Meta {
        code: "SQM201",
        name: "write-without-where",
        group: Group::Safety,
        severity: Severity::Error,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(statement) = cx.node else { return };
        match statement {
            Statement::Update(update) => {
                let is_joined = !update.table.joins.is_empty() || update.from.is_some();
                if update.selection.is_none() && update.limit.is_none() && !is_joined && !is_temporary(&update.table.relation) {
                    let span = cx.places().of_token(&update.update_token.0);
                    let end = cx.places().of_relation(&update.table.relation).end;
                    out.add(Span { end: end.max(span.end), ..span }, "this changes every row; add WHERE");
                }
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                let [table] = &from[..] else { return };
                let is_joined = !table.joins.is_empty() || delete.using.is_some() || !delete.tables.is_empty();
                if delete.selection.is_none() && delete.limit.is_none() && !is_joined && !is_temporary(&table.relation) {
                    let span = cx.places().of_token(&delete.delete_token.0);
                    let end = cx.places().of_relation(&table.relation).end;
                    out.add(Span { end: end.max(span.end), ..span }, "this deletes every row; add WHERE, or TRUNCATE");
                }
            }
            _ => {}
        }
    }
}

fn is_temporary(relation: &TableFactor) -> bool {
    let TableFactor::Table { name, .. } = relation else { return false };
    last_part(name).is_some_and(|name| {
        let name = name.value.to_lowercase();
        name.starts_with(['#', '@']) || ["tmp", "temp", "stag", "stg"].iter().any(|part| name.starts_with(part))
    })
}
