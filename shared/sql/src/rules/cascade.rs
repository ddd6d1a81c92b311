//! SQM211 cascade

use sqlparser::ast::{CascadeOption, ObjectType, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds DROP … CASCADE and TRUNCATE … CASCADE.
///
/// ## Why
/// CASCADE takes with it whatever depends on the object: views, foreign keys, and with TRUNCATE the rows of other
/// tables. The statement does not say which; drop them by name.
///
/// ## Bad
/// ```sql expects SQM211
/// DROP TABLE IF EXISTS customer CASCADE
/// ```
/// ```sql expects SQM211
/// TRUNCATE customer CASCADE
/// ```
///
/// ## Good
/// ```sql expects none
/// DROP VIEW IF EXISTS active_customer;
/// DROP TABLE IF EXISTS customer
/// ```
///
/// ## Limits
/// In Oracle and Snowflake CASCADE also means less; it is reported all the same.
pub struct Cascade;

impl Rule for Cascade {
    const META: Meta = Meta {
        code: "SQM211",
        name: "cascade",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let is_cascade = match cx.node {
            Node::Statement(Statement::Drop { cascade: true, object_type, .. }) => {
                !matches!(object_type, ObjectType::Role | ObjectType::Stage)
            }
            Node::Statement(Statement::Truncate(truncate)) => {
                matches!(truncate.cascade, Some(CascadeOption::Cascade))
            }
            _ => false,
        };
        if is_cascade {
            let whole = cx.places().of_statement();
            let span = cx.places().of_words(&["CASCADE"], whole.start).unwrap_or(whole);
            out.add(span, "whatever depends on it goes too, unnamed; drop what is meant by name");
        }
    }
}
