//! SQM216 grant-to-public

use sqlparser::ast::{GranteesType, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds GRANT … TO PUBLIC.
///
/// ## Why
/// Every role has the privilege, those that are made later too, and revoking it from one of them has no effect.
///
/// ## Bad
/// ```sql expects SQM216
/// GRANT SELECT ON orders TO PUBLIC
/// ```
///
/// ## Good
/// ```sql expects none
/// GRANT SELECT ON orders TO reporting
/// ```
///
/// ## Limits
/// Objects that are meant for all (an extension's functions, a schema of types) are reported, too.
pub struct GrantToPublic;

impl Rule for GrantToPublic {
    const META: Meta = Meta {
        code: "SQM216",
        name: "grant-to-public",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Grant(grant)) = cx.node else { return };
        let is_public = |name: &str| name.eq_ignore_ascii_case("public");
        let to_public = grant.grantees.iter().any(|grantee| {
            matches!(grantee.grantee_type, GranteesType::Public)
                || grantee.name.as_ref().is_some_and(|name| is_public(&name.to_string()))
        });
        if to_public {
            let whole = cx.places().of_statement();
            let span = cx.places().of_words(&["PUBLIC"], whole.start).unwrap_or(whole);
            out.add(span, "every role there is and will be gets this; grant it to the roles that need it");
        }
    }
}
