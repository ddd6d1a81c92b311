//! SQM004 between-timestamps

use sqlparser::ast::{Expr, TypedString};

use crate::lint::known::{known, sources};
use crate::lint::shape::{bare, column, string};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds BETWEEN of two days on a column that holds points in time.
///
/// ## Why
/// `'2024-01-31'` as a point in time is the midnight at which the day starts: the rest of the last day is left out. A
/// half-open range, `>= first AND < day after the last`, leaves out nothing.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE visit (id INT PRIMARY KEY, seen TIMESTAMP, day DATE);
/// ```
/// ```sql expects SQM004
/// SELECT id FROM visit WHERE seen BETWEEN '2024-01-01' AND '2024-01-31'
/// ```
/// ```sql expects SQM004
/// SELECT id FROM orders WHERE created_at BETWEEN DATE '2024-01-01' AND DATE '2024-01-31'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM visit WHERE seen >= '2024-01-01' AND seen < '2024-02-01'
/// ```
/// ```sql expects none
/// SELECT id FROM visit WHERE day BETWEEN '2024-01-01' AND '2024-01-31'
/// ```
///
/// ## Limits
/// Without a catalog a column is taken for a point in time if its name ends in `_at` or is `timestamp`.
pub struct BetweenTimestamps;

impl Rule for BetweenTimestamps {
    const META: Meta = Meta {
        code: "SQM004",
        name: "between-timestamps",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::Between { expr, high, .. }) = cx.node else { return };
        let Some(name) = column(bare(expr)) else { return };
        if !is_day(high) {
            return;
        }
        let of_catalog = cx
            .site
            .select
            .filter(|_| !cx.catalog.is_empty())
            .and_then(|select| known(&sources(cx, select), &name).and_then(|known| known.data_type()));
        let written = name.name.value.to_ascii_lowercase();
        let is_time = match of_catalog {
            Some(data_type) => data_type.starts_with("TIMESTAMP") || data_type.starts_with("DATETIME"),
            None => written.ends_with("_at") || written == "timestamp",
        };
        if is_time {
            out.add(
                cx.place(high),
                "this is the start of the last day: the rest of it is left out; use < the day after",
            );
        }
    }
}

/// Whether it is a literal day without a time.
fn is_day(expr: &Expr) -> bool {
    let text = match bare(expr) {
        Expr::TypedString(TypedString { value, .. }) => value.to_string().trim_matches('\'').to_owned(),
        other => string(other).unwrap_or_default().to_owned(),
    };
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}
