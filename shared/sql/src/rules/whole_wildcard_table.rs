//! SQM305 unpartitioned-scan

use sqlparser::ast::TableFactor;
use sqm_domain::Dialect;

use crate::lint::shape::{any, column};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a wildcard table of BigQuery that no condition on `_TABLE_SUFFIX` narrows down.
///
/// ## Why
/// Each of its tables, usually one a day, is read in full and billed.
///
/// ## Bad
/// ```sql expects SQM305 dialect=bigquery
/// SELECT user_id FROM `shop.events_*` WHERE kind = 'buy'
/// ```
///
/// ## Good
/// ```sql expects none dialect=bigquery
/// SELECT user_id FROM `shop.events_*` WHERE _TABLE_SUFFIX = '20240131' AND kind = 'buy'
/// ```
///
/// ## Limits
/// Tables that are partitioned by a column are not known here.
pub struct WholeWildcardTable;

impl Rule for WholeWildcardTable {
    const META: Meta = Meta {
        code: "SQM305",
        name: "unpartitioned-scan",
        group: Group::Cost,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if cx.dialect != Dialect::BigQuery {
            return;
        }
        let narrowed = select.selection.as_ref().is_some_and(|condition| {
            any(condition, |node| {
                column(node).is_some_and(|name| name.name.value.eq_ignore_ascii_case("_TABLE_SUFFIX"))
            })
        });
        for from in &select.from {
            if let TableFactor::Table { name, .. } = &from.relation
                && name.0.last().is_some_and(|part| part.to_string().trim_end_matches('`').ends_with('*'))
                && !narrowed
            {
                out.add(
                    cx.places().of_relation(&from.relation),
                    "all tables of this name are read; narrow down _TABLE_SUFFIX",
                );
            }
        }
    }
}
