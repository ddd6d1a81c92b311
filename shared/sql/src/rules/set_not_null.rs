//! SQM203 set-not-null-scans

use sqlparser::ast::{AlterColumnOperation, AlterTableOperation, Statement};
use sqm_domain::Dialect;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `ALTER TABLE … ALTER COLUMN … SET NOT NULL` in PostgreSQL.
///
/// ## Why
/// It reads the whole table while nobody else can read or write it. A CHECK (… IS NOT NULL) that is added NOT
/// VALID and validated afterwards is proof enough: with it in place, SET NOT NULL does not read the table.
///
/// ## Bad
/// ```sql expects SQM203
/// ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL
/// ```
///
/// ## Good
/// ```sql expects none
/// ALTER TABLE orders ADD CONSTRAINT has_customer CHECK (customer_id IS NOT NULL) NOT VALID;
/// ALTER TABLE orders VALIDATE CONSTRAINT has_customer
/// ```
///
/// ## Limits
/// PostgreSQL alone. Whether a validated constraint is there already is not known.
pub struct SetNotNull;

impl Rule for SetNotNull {
    const META: Meta = Meta {
        code: "SQM203",
        name: "set-not-null-scans",
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
            if let AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::SetNotNull } = operation {
                let message = "this reads the whole table under an exclusive lock; validate a NOT VALID check first";
                out.add(cx.places().of_ident(column_name), message);
            }
        }
    }
}
