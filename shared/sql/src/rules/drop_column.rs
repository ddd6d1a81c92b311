//! SQM210 drop-column

use sqlparser::ast::{AlterTableOperation, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ALTER TABLE that drops a column or a key.
///
/// ## Why
/// A dropped column is gone with its data, and programs that still name it fail at once: stop using it first, drop
/// it a release later. Without its primary key a table can hold a row twice, and replication may refuse it.
///
/// ## Bad
/// ```sql expects SQM210
/// ALTER TABLE customer DROP COLUMN phone
/// ```
/// ```sql expects SQM210 dialect=mysql
/// ALTER TABLE customer DROP PRIMARY KEY
/// ```
///
/// ## Good
/// ```sql expects none
/// ALTER TABLE customer ALTER COLUMN phone DROP DEFAULT
/// ```
///
/// ## Limits
/// Whether anything still uses the column is the business of lineage and impact, not of this rule.
pub struct DropColumn;

impl Rule for DropColumn {
    const META: Meta = Meta {
        code: "SQM210",
        name: "drop-column",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::AlterTable(alter)) = cx.node else { return };
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::DropColumn { column_names, .. } => {
                    for name in column_names {
                        out.add(
                            cx.places().of_ident(name),
                            format!("{} is gone with its data, and whoever reads it fails", name.value),
                        );
                    }
                }
                AlterTableOperation::DropPrimaryKey { .. } => {
                    out.add(cx.places().of_name(&alter.name), "without its primary key the table can hold a row twice");
                }
                AlterTableOperation::DropForeignKey { name, .. } => {
                    out.add(cx.places().of_ident(name), "without the foreign key, rows can refer to nothing");
                }
                _ => {}
            }
        }
    }
}
