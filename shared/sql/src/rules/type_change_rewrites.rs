//! SQM205 type-change-rewrites

use sqlparser::ast::{AlterColumnOperation, AlterTableOperation, DataType, Statement};
use sqm_domain::Dialect;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ALTER COLUMN … TYPE in PostgreSQL.
///
/// ## Why
/// Nearly every change of type rewrites the table and its indexes while nobody else can read or write it. A new
/// column that is filled in batches and then renamed does not.
///
/// ## Bad
/// ```sql expects SQM205
/// ALTER TABLE orders ALTER COLUMN id TYPE BIGINT
/// ```
///
/// ## Good
/// Without a length there is nothing to rewrite:
/// ```sql expects none
/// ALTER TABLE orders ALTER COLUMN note TYPE TEXT
/// ```
///
/// ## Limits
/// PostgreSQL alone. The type before is not known: a change from `varchar(10)` to `varchar(20)` is free, but
/// reported.
pub struct TypeChangeRewrites;

impl Rule for TypeChangeRewrites {
    const META: Meta = Meta {
        code: "SQM205",
        name: "type-change-rewrites",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::AlterTable(alter)) = cx.node else { return };
        if cx.dialect != Dialect::Postgres || cx.is_made_here(&alter.name) {
            return;
        }
        for operation in &alter.operations {
            let AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::SetDataType { data_type, using, .. } } =
                operation
            else {
                continue;
            };
            let is_free = matches!(data_type, DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None));
            if !is_free || using.is_some() {
                let message = "a change of type rewrites the table under an exclusive lock; fill a new column instead";
                out.add(cx.places().of_ident(column_name), message);
            }
        }
    }
}
