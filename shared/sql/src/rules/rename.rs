//! SQM215 rename

use sqlparser::ast::{AlterTableOperation, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ALTER TABLE that renames a table or a column.
///
/// ## Why
/// Programs that run while the change is rolled out know one name only. A view of the old name (or a new column
/// that is filled by both) lets old and new live side by side.
///
/// ## Bad
/// ```sql expects SQM215
/// ALTER TABLE customer RENAME COLUMN phone TO phone_number
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE VIEW client AS SELECT id, name FROM customer
/// ```
///
/// ## Limits
/// Tables made by the same script are left alone.
pub struct Rename;

impl Rule for Rename {
    const META: Meta = Meta {
        code: "SQM215",
        name: "rename",
        group: Group::Safety,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::AlterTable(alter)) = cx.node else { return };
        if cx.is_made_here(&alter.name) {
            return;
        }
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::RenameColumn { old_column_name, .. } => {
                    let message = "whoever still uses the old name fails; let both live side by side for a while";
                    out.add(cx.places().of_ident(old_column_name), message);
                }
                AlterTableOperation::RenameTable { .. } => {
                    let message = "whoever still uses the old name fails; leave a view of that name behind";
                    out.add(cx.places().of_name(&alter.name), message);
                }
                _ => {}
            }
        }
    }
}
