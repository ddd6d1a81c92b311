//! What the engine computes otherwise than the dialect, since a type or a name of its own stands behind it: refused,
//! each with what to write in its place. And what may end a query in an error, which a verdict says.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use sqm_domain::Dialect;

use crate::dialects::{divides_whole, reads_numbers};

/// What in an expression the engine computes otherwise, and the remedy. Whether an integer of the engine is none to the
/// dialect, `is_fraction` says.
pub fn reason(
    expr: &Expr,
    schema: &DFSchema,
    is_fraction: &dyn Fn(&Expr) -> bool,
    dialect: Dialect,
) -> Option<String> {
    match expr {
        Expr::BinaryExpr(binary) => {
            let types = [&binary.left, &binary.right].map(|side| side.get_type(schema).ok());
            match (binary.op, types) {
                (
                    Operator::Plus | Operator::Minus,
                    [Some(DataType::Date32), _] | [_, Some(DataType::Date32)],
                ) if has_time(&binary.left) || has_time(&binary.right) => Some(format!(
                    "{expr}: a day and an interval of hours is not verified: cast the day to a timestamp"
                )),
                (Operator::Divide, [Some(left), Some(right)])
                    if left.is_integer()
                        && right.is_integer()
                        && (divides_whole(dialect) || dialect == Dialect::DuckDb) =>
                {
                    let part = [&binary.left, &binary.right].into_iter().find(|side| is_fraction(side))?;
                    Some(format!(
                        "{part} is no integer in {dialect}, and the quotient in {expr} is not verified: cast it"
                    ))
                }
                (Operator::StringConcat, [one, other]) => {
                    let sides = [(&*binary.left, one), (&*binary.right, other)];
                    sides.into_iter().find_map(|(side, of)| text_of(side, &of?))
                }
                (_, [Some(one), Some(DataType::Utf8)]) if one.is_numeric() => read(&binary.right, dialect),
                (_, [Some(DataType::Utf8), Some(other)]) if other.is_numeric() => read(&binary.left, dialect),
                _ => None,
            }
        }
        Expr::Cast(cast) if *cast.field.data_type() == DataType::Utf8 => {
            text_of(&cast.expr, &cast.expr.get_type(schema).ok()?)
        }
        Expr::ScalarFunction(call) if matches!(call.func.name(), "concat" | "concat_ws") => {
            call.args.iter().find_map(|side| text_of(side, &side.get_type(schema).ok()?))
        }
        Expr::AggregateFunction(call)
            if call.params.distinct
                && call.params.order_by.is_empty()
                && matches!(call.func.name(), "array_agg" | "string_agg") =>
        {
            Some(format!("{expr} has the values in some order: give it an ORDER BY"))
        }
        Expr::SetComparison(comparison) => {
            let outer: BTreeSet<String> = comparison
                .expr
                .column_refs()
                .into_iter()
                .filter_map(|column| Some(column.relation.as_ref()?.table().to_lowercase()))
                .collect();
            let own = relations(&comparison.subquery.subquery);
            outer.iter().find(|name| own.contains(*name)).map(|name| {
                format!("{name} stands on both sides of ANY or ALL: give it an alias in the subquery")
            })
        }
        _ => None,
    }
}

/// The names that relations inside of a plan go by.
fn relations(plan: &LogicalPlan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let _ = plan.apply(|node| {
        match node {
            LogicalPlan::TableScan(scan) => found.insert(scan.table_name.table().to_lowercase()),
            LogicalPlan::SubqueryAlias(alias) => {
                found.insert(alias.alias.table().to_lowercase());
                return Ok(TreeNodeRecursion::Jump);
            }
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// Whether it is an interval with hours or less in it.
fn has_time(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => interval.nanoseconds != 0,
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => interval.milliseconds != 0,
        _ => false,
    }
}

/// Why the text of a value is not that of the dialect: engines print moments and fractions in their own ways. What
/// is declared with digits behind the point has as many everywhere.
fn text_of(expr: &Expr, of: &DataType) -> Option<String> {
    let is_declared = matches!(expr, Expr::Column(_)) && !matches!(of, DataType::Decimal128(38, 4));
    let what = match of {
        DataType::Timestamp(..) => "a moment",
        DataType::Float32 | DataType::Float64 => "a fraction",
        DataType::Decimal128(..) if !is_declared && !is_literal(expr) => "a fraction",
        _ => return None,
    };
    Some(format!("{expr}: the text of {what} is not verified: format it"))
}

/// A text that a dialect reads as a number, though it is written as none.
fn read(expr: &Expr, dialect: Dialect) -> Option<String> {
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = expr else { return None };
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    (reads_numbers(dialect) && !is_number).then(|| {
        format!("'{text}' beside a number, which {dialect} reads as one, is not verified: write the number")
    })
}

/// Whether it is written out.
pub fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}

/// Whether it ends a query in an error for some rows: a division by what may be zero, a text that may be no number,
/// a root of what may be below zero.
pub fn may_fail(expr: &Expr, schema: &DFSchema) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => {
            matches!(binary.op, Operator::Divide | Operator::Modulo) && !is_literal(&binary.right)
        }
        Expr::Cast(cast) => {
            !is_literal(&cast.expr)
                && *cast.field.data_type() != DataType::Utf8
                && cast.expr.get_type(schema).is_ok_and(|of| of == DataType::Utf8)
        }
        Expr::ScalarFunction(call) => matches!(
            call.func.name(),
            "sqrt" | "ln" | "log" | "log10" | "log2" | "power" | "asin" | "acos" | "to_date" | "to_timestamp"
        ),
        _ => false,
    }
}

/// Whether integers that are written out make one that is too large for 32 bits, though they are not.
pub fn overflows(expr: &Expr) -> bool {
    fn value(expr: &Expr) -> Option<i128> {
        match expr {
            Expr::Literal(ScalarValue::Int64(Some(n)), _) => Some(i128::from(*n)),
            Expr::BinaryExpr(binary) => {
                let (one, other) = (value(&binary.left)?, value(&binary.right)?);
                match binary.op {
                    Operator::Plus => one.checked_add(other),
                    Operator::Minus => one.checked_sub(other),
                    Operator::Multiply => one.checked_mul(other),
                    _ => None,
                }
            }
            _ => None,
        }
    }
    let fits = |n: i128| i32::try_from(n).is_ok();
    let Expr::BinaryExpr(binary) = expr else { return false };
    let sides = [value(&binary.left), value(&binary.right)];
    sides.iter().all(|side| side.is_some_and(fits)) && value(expr).is_some_and(|n| !fits(n))
}
