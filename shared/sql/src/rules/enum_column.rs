//! SQM503 enum-column

use sqlparser::ast::{DataType, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ENUM and SET columns in MySQL.
///
/// ## Why
/// A new value changes the table, the order of the values is that of their declaration, and other tables cannot
/// refer to them. A table of values with a foreign key, or a CHECK, is easier to change.
///
/// ## Bad
/// ```sql expects SQM503 dialect=mysql
/// CREATE TABLE ticket (id BIGINT PRIMARY KEY, state ENUM('new', 'open', 'done'))
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// CREATE TABLE ticket (id BIGINT PRIMARY KEY, state_id BIGINT, FOREIGN KEY (state_id) REFERENCES state (id))
/// ```
///
/// ## Limits
/// PostgreSQL's enumerated types are types of their own and are left alone.
pub struct EnumColumn;

impl Rule for EnumColumn {
    const META: Meta = Meta {
        code: "SQM503",
        name: "enum-column",
        group: Group::Design,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::CreateTable(table)) = cx.node else { return };
        for column in &table.columns {
            if matches!(column.data_type, DataType::Enum(..) | DataType::Set(_)) {
                let message = "a new value changes the table; a table of values or a CHECK is easier to change";
                out.add(cx.places().of_ident(&column.name), message);
            }
        }
    }
}
