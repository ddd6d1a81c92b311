//! SQM302 limit-scans-all

use sqm_domain::Dialect;

use crate::lint::shape::{block, is_limited};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `SELECT * FROM table LIMIT n` without WHERE in BigQuery.
///
/// ## Why
/// LIMIT does not reduce what is read: all columns of the whole table are billed. The preview tab and TABLESAMPLE
/// show rows for nothing or little.
///
/// ## Bad
/// ```sql expects SQM301 SQM302 dialect=bigquery
/// SELECT * FROM sales.orders ORDER BY id LIMIT 10
/// ```
///
/// ## Good
/// ```sql expects none dialect=bigquery
/// SELECT id, status FROM sales.orders WHERE day = '2024-01-31' ORDER BY id LIMIT 10
/// ```
///
/// ## Limits
/// BigQuery alone. A clustered table can be read in part; that is not known here.
pub struct LimitScansAll;

impl Rule for LimitScansAll {
    const META: Meta = Meta {
        code: "SQM302",
        name: "limit-scans-all",
        group: Group::Cost,
        severity: Severity::Info,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        if cx.dialect != Dialect::BigQuery || !is_limited(query) {
            return;
        }
        let Some(select) = block(query) else { return };
        let is_star = select.projection.iter().any(|item| matches!(item, sqlparser::ast::SelectItem::Wildcard(_)));
        let is_table = select.from.iter().any(|from| {
            matches!(&from.relation, sqlparser::ast::TableFactor::Table { name, sample: None, .. } if name.0.len() > 1)
        });
        if is_star && is_table && select.selection.is_none() {
            let whole = cx.places().of_query(query);
            let span = cx.places().of_words(&["LIMIT"], whole.start).unwrap_or(whole);
            out.add(span, "LIMIT does not reduce what is read and billed; name columns and filter, or sample");
        }
    }
}
