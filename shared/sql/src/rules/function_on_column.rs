//! SQM101 function-on-column

use sqlparser::ast::{DataType, Expr, Function};

use crate::lint::Clause;
use crate::lint::shape::{arguments, bare, column, function_name, is_comparison, is_constant, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds conditions in WHERE that compare a function of a date, or the first letters of a text, with a constant.
///
/// ## Why
/// An index, a partition and the minima and maxima of a block know the column, not the function: the whole table is read.
/// A range over the column says the same.
///
/// ## Bad
/// ```sql expects SQM101
/// SELECT id FROM orders WHERE EXTRACT(YEAR FROM ordered_on) = 2024
/// ```
/// ```sql expects SQM101
/// SELECT id FROM orders WHERE DATE(paid_at) = '2024-02-29'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE ordered_on >= DATE '2024-01-01' AND ordered_on < DATE '2025-01-01'
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE ordered_on > DATE_TRUNC('month', CURRENT_DATE)
/// ```
///
/// ## Limits
/// An index on the expression makes the remark pointless; it is not known here. `MONTH(x) = 5` without a year has no range.
pub struct FunctionOnColumn;

impl Rule for FunctionOnColumn {
    const META: Meta = Meta {
        code: "SQM101",
        name: "function-on-column",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::BinaryOp { left, op, right }) = cx.node else { return };
        if cx.site.clause != Clause::Where || !is_comparison(op) || cx.site.is_conditional {
            return;
        }
        for (side, other) in [(left, right), (right, left)] {
            if is_constant(other)
                && let Some(name) = wraps(bare(side))
            {
                out.add(
                    cx.place(side),
                    format!("no index on the column serves {name}(…); ask for a range of the column"),
                );
                return;
            }
        }
    }
}

/// Functions that a range of their argument says as well.
const MONOTONIC: &[&str] =
    &["date", "year", "to_date", "date_trunc", "trunc", "to_char", "left", "date_format"];

/// The name of the function whose argument is a column.
fn wraps(expr: &Expr) -> Option<String> {
    let is_column = |expr: &Expr| column(bare(expr)).is_some();
    match expr {
        Expr::Function(function) if is_named(function, MONOTONIC) && is_plain(function) => {
            arguments(function).into_iter().any(is_column).then(|| function_name(function).to_owned())
        }
        Expr::Extract { field, expr, .. }
            if is_column(expr) && field.to_string().eq_ignore_ascii_case("year") =>
        {
            Some("EXTRACT".to_owned())
        }
        Expr::Cast { expr, data_type: DataType::Date, .. } if is_column(expr) => Some("CAST".to_owned()),
        _ => None,
    }
}

/// Whether it is a call of few arguments, one row at a time.
fn is_plain(function: &Function) -> bool {
    function.over.is_none() && function.filter.is_none() && arguments(function).len() <= 2
}
