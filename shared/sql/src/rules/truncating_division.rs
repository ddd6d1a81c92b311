//! SQM013 truncating-division

use sqlparser::ast::{BinaryOperator, Expr, Select};
use sqm_domain::Dialect;

use crate::lint::known::{known, sources};
use crate::lint::shape::{bare, column, integer, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds divisions of whole numbers by whole numbers where the dialect drops the fraction.
///
/// ## Why
/// `COUNT(a) / COUNT(b)` is 0 for every share below one. A cast of one side, or a factor of `1.0`, keeps the fraction.
///
/// ## Bad
/// ```sql expects SQM013
/// SELECT COUNT(paid_at) / COUNT(*) AS share FROM orders
/// ```
/// ```sql schema
/// CREATE TABLE score (id INT PRIMARY KEY, points INT, games INT);
/// ```
/// ```sql expects SQM013
/// SELECT id, points / games AS mean FROM score
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT COUNT(paid_at) * 1.0 / COUNT(*) AS share FROM orders
/// ```
/// ```sql expects none dialect=bigquery
/// SELECT COUNT(paid_at) / COUNT(*) AS share FROM orders
/// ```
///
/// ## Limits
/// The types of columns come from a catalog. Divisions by a literal are left alone, since they are often meant.
pub struct TruncatingDivision;

impl Rule for TruncatingDivision {
    const META: Meta = Meta {
        code: "SQM013",
        name: "truncating-division",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::BinaryOp { left, op: BinaryOperator::Divide, right }) = cx.node else { return };
        let truncates = matches!(
            cx.dialect,
            Dialect::Postgres
                | Dialect::Redshift
                | Dialect::Greenplum
                | Dialect::Sqlite
                | Dialect::TSql
                | Dialect::Fabric
                | Dialect::Trino
                | Dialect::Presto
                | Dialect::Athena
                | Dialect::Db2
        );
        let Some(select) = cx.site.select.filter(|_| truncates) else { return };
        if integer(right).is_none() && is_whole(cx, select, left) && is_whole(cx, select, right) {
            out.add(
                cx.place(right),
                "both sides are whole numbers, so the fraction is dropped; cast one of them",
            );
        }
    }
}

/// Whether it is surely a whole number.
fn is_whole(cx: &RuleContext<'_>, select: &Select, expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Function(function) => is_named(function, &["count"]) && function.over.is_none(),
        other => match column(other) {
            Some(name) if !cx.catalog.is_empty() => {
                known(&sources(cx, select), &name).and_then(|known| known.data_type()).is_some_and(|name| {
                    name.contains("INT") && !name.contains("INTERVAL") && !name.contains("POINT")
                })
            }
            _ => integer(other).is_some(),
        },
    }
}
