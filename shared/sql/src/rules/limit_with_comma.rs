//! SQM414 limit-with-comma

use sqlparser::ast::LimitClause;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `LIMIT 20, 10`.
///
/// ## Why
/// Only MySQL and its kin and SQLite take it, and which of the two numbers is the offset is easily mixed up. `LIMIT 10
/// OFFSET 20` is understood by most databases.
///
/// ## Bad
/// ```sql expects SQM414 dialect=mysql
/// SELECT id FROM orders ORDER BY id LIMIT 20, 10
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET 20
/// ```
///
/// ## Limits
/// None known.
pub struct LimitWithComma;

impl Rule for LimitWithComma {
    const META: Meta = Meta {
        code: "SQM414",
        name: "limit-with-comma",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &query.limit_clause {
            let place = cx.places().from_to(offset, limit);
            out.add(place, "the offset comes first here; LIMIT … OFFSET … says so and is portable");
        }
    }
}
