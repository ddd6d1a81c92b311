//! SQM209 drop-without-if-exists

use sqlparser::ast::{ObjectType, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds DROP TABLE, VIEW and INDEX without IF EXISTS.
///
/// ## Why
/// A migration that is run again, or on a database where somebody was faster, stops here.
///
/// ## Bad
/// ```sql expects SQM209
/// DROP TABLE prospect
/// ```
///
/// ## Good
/// ```sql expects none
/// DROP TABLE IF EXISTS prospect
/// ```
///
/// ## Limits
/// Where a missing object should be an error, switch the rule off.
pub struct DropWithoutIfExists;

impl Rule for DropWithoutIfExists {
    const META: Meta = Meta {
        code: "SQM209",
        name: "drop-without-if-exists",
        group: Group::Safety,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Drop { object_type, if_exists: false, names, table, .. }) = cx.node else {
            return;
        };
        // In MySQL an index belongs to a table and has no IF EXISTS.
        let is_meant = matches!(object_type, ObjectType::Table | ObjectType::View | ObjectType::Index) && table.is_none();
        if let (Some(name), true) = (names.first(), is_meant) {
            out.add(cx.places().of_name(name), "running this again fails; add IF EXISTS");
        }
    }
}
