//! SQM408 reserved-name

use sqlparser::ast::Statement;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};
use crate::words::is_reserved;

/// ## What it does
/// Finds tables and columns that are called like a reserved word of SQL: `select`, `order`, `user`.
///
/// ## Why
/// They must be quoted wherever they are used, in every database another way, and a forgotten quote is a syntax
/// error or, worse, another meaning (`user` is the role that is logged in).
///
/// ## Bad
/// ```sql expects SQM408
/// CREATE TABLE ticket (id BIGINT PRIMARY KEY, "user" TEXT, "order" BIGINT)
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE TABLE ticket (id BIGINT PRIMARY KEY, user_name TEXT, order_id BIGINT)
/// ```
///
/// ## Limits
/// Only words that are reserved in the standard and in most databases; `name`, `date` and `value` are fine.
pub struct ReservedName;

impl Rule for ReservedName {
    const META: Meta = Meta {
        code: "SQM408",
        name: "reserved-name",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::CreateTable(table)) = cx.node else { return };
        let names = table.columns.iter().map(|column| &column.name);
        for name in names.chain(crate::lint::shape::last_part(&table.name)) {
            if is_reserved(&name.value) {
                let message = format!("{} is a reserved word and must be quoted everywhere; call it otherwise", name.value);
                out.add(cx.places().of_ident(name), message);
            }
        }
    }
}
