//! SQM202 index-locks-table

use sqlparser::ast::Statement;
use sqm_domain::Dialect;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds CREATE INDEX without CONCURRENTLY in PostgreSQL.
///
/// ## Why
/// Building an index holds off every write to the table until it is done. CONCURRENTLY takes longer but lets
/// them through; it cannot run inside a transaction block.
///
/// ## Bad
/// ```sql expects SQM202
/// CREATE INDEX orders_by_customer ON orders (customer_id)
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id)
/// ```
/// On a table made by the same script there is nobody to hold off:
/// ```sql expects none
/// CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT);
/// CREATE INDEX orders_by_customer ON orders (customer_id)
/// ```
///
/// ## Limits
/// PostgreSQL alone. The size of the table is not known.
pub struct IndexLocksTable;

impl Rule for IndexLocksTable {
    const META: Meta = Meta {
        code: "SQM202",
        name: "index-locks-table",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        if cx.dialect != Dialect::Postgres {
            return;
        }
        let Node::Statement(Statement::CreateIndex(index)) = cx.node else { return };
        if !index.concurrently && !cx.is_made_here(&index.table_name) {
            let words = if index.unique { 3 } else { 2 };
            let message = "writes to the table wait until the index is built; add CONCURRENTLY";
            out.add(cx.places().of_statement_start(words), message);
        }
    }
}
