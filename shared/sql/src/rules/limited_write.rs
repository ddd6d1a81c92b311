//! SQM214 limited-write

use sqlparser::ast::Statement;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds UPDATE and DELETE with LIMIT but without ORDER BY.
///
/// ## Why
/// Which rows are changed is left to chance, and a replica that runs the statement again may choose others.
///
/// ## Bad
/// ```sql expects SQM214 dialect=mysql
/// UPDATE film SET length = 120 WHERE title = 'Metropolis' LIMIT 1
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// UPDATE film SET length = 120 WHERE title = 'Metropolis' ORDER BY id LIMIT 1
/// ```
///
/// ## Limits
/// Work in batches (`DELETE … LIMIT 1000` until nothing is left) is reported, too: an order by the key makes it
/// repeatable.
pub struct LimitedWrite;

impl Rule for LimitedWrite {
    const META: Meta = Meta {
        code: "SQM214",
        name: "limited-write",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let (limit, is_sorted) = match cx.node {
            Node::Statement(Statement::Update(update)) => (&update.limit, !update.order_by.is_empty()),
            Node::Statement(Statement::Delete(delete)) => (&delete.limit, !delete.order_by.is_empty()),
            _ => return,
        };
        if let (Some(limit), false) = (limit, is_sorted) {
            out.add(cx.place(limit), "which rows are changed is left to chance; add an ORDER BY that decides");
        }
    }
}
