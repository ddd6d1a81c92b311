//! SQM206 constraint-validates

use sqlparser::ast::{AlterTableOperation, Statement, TableConstraint};
use sqm_domain::Dialect;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ADD CONSTRAINT … FOREIGN KEY or CHECK without NOT VALID in PostgreSQL.
///
/// ## Why
/// Every row is checked while writes wait (for a foreign key, on both tables). NOT VALID adds the constraint for
/// new rows at once; VALIDATE CONSTRAINT checks the old ones later, under a lock that lets writes through.
///
/// ## Bad
/// ```sql expects SQM206
/// ALTER TABLE orders ADD CONSTRAINT to_customer FOREIGN KEY (customer_id) REFERENCES customer (id)
/// ```
///
/// ## Good
/// ```sql expects none
/// ALTER TABLE orders ADD CONSTRAINT to_customer FOREIGN KEY (customer_id) REFERENCES customer (id) NOT VALID;
/// ALTER TABLE orders VALIDATE CONSTRAINT to_customer
/// ```
///
/// ## Limits
/// PostgreSQL alone. A constraint on a table made by the same script is left alone.
pub struct ConstraintValidates;

impl Rule for ConstraintValidates {
    const META: Meta = Meta {
        code: "SQM206",
        name: "constraint-validates",
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
            let AlterTableOperation::AddConstraint { constraint, not_valid: false } = operation else { continue };
            let name = match constraint {
                TableConstraint::ForeignKey(key) => key.name.as_ref(),
                TableConstraint::Check(check) => check.name.as_ref(),
                _ => continue,
            };
            let span = name.map_or_else(|| cx.places().of_name(&alter.name), |name| cx.places().of_ident(name));
            out.add(span, "every row is checked while writes wait; add it NOT VALID and validate it afterwards");
        }
    }
}
