//! SQM103 deep-offset

use sqlparser::ast::{Expr, LimitClause};

use crate::lint::shape::integer;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds OFFSET of 1,000 rows and more.
///
/// ## Why
/// The skipped rows are computed, sorted and thrown away, so each page costs more than the one before, and rows
/// that are inserted meanwhile shift the pages. Going on from the last key seen (`WHERE id > … ORDER BY id
/// LIMIT …`) costs the same for every page; it gives the next page, not the n-th.
///
/// ## Bad
/// ```sql expects SQM103
/// SELECT id, name FROM customer ORDER BY id LIMIT 20 OFFSET 100000
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, name FROM customer WHERE id > 184467 ORDER BY id LIMIT 20
/// ```
/// ```sql expects none
/// SELECT id, name FROM customer ORDER BY id LIMIT 20 OFFSET 40
/// ```
///
/// ## Limits
/// An OFFSET that is a parameter is not reported.
pub struct DeepOffset;

impl Rule for DeepOffset {
    const META: Meta = Meta {
        code: "SQM103",
        name: "deep-offset",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let offset: &Expr = match &query.limit_clause {
            Some(LimitClause::LimitOffset { offset: Some(offset), .. }) => &offset.value,
            Some(LimitClause::OffsetCommaLimit { offset, .. }) => offset,
            _ => return,
        };
        if let Some(rows) = integer(offset).filter(|&rows| rows >= 1000) {
            let message = format!("{rows} rows are computed and thrown away; go on from the last key seen instead");
            out.add(cx.place(offset), message);
        }
    }
}
