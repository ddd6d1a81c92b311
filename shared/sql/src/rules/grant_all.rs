//! SQM208 grant-all

use sqlparser::ast::{Privileges, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds GRANT ALL.
///
/// ## Why
/// It grants what nobody asked for (TRUNCATE, TRIGGER, REFERENCES, and whatever comes with the next version).
/// Name the privileges that are needed.
///
/// ## Bad
/// ```sql expects SQM208
/// GRANT ALL PRIVILEGES ON orders TO reporting
/// ```
///
/// ## Good
/// ```sql expects none
/// GRANT SELECT ON orders TO reporting
/// ```
///
/// ## Limits
/// None known.
pub struct GrantAll;

impl Rule for GrantAll {
    const META: Meta = Meta {
        code: "SQM208",
        name: "grant-all",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Grant(grant)) = cx.node else { return };
        if matches!(grant.privileges, Privileges::All { .. }) {
            out.add(cx.places().of_statement_start(2), "ALL grants what nobody asked for; name the privileges needed");
        }
    }
}
