//! What binds and would mean something else than it says: refused, so that no verdict rests on it.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use crate::dialects::{
    fills_with_defaults, is_postgres, is_standard, keeps_truth_apart, keeps_types_loosely, makes_moments,
    reads_numbers,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinType, Result, ScalarValue, plan_err};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, Operator};
use sqm_domain::Dialect;

use super::Tables;
use super::coarse::{self, is_literal};
use super::fractions::Fractions;
use super::opaque;
use super::refusal::refused_at;

/// What a verdict rests on where texts are compared by order.
const CODE_POINTS: &str = "texts come in the order of their code points, as under the collation C";

/// What a verdict rests on where a day is compared with a number, which each dialect reads in its own way.
const DAYS_SINCE_1970: &str = "a number that is compared with a day counts days since 1970-01-01";

/// What a verdict rests on where integers are added, subtracted or multiplied: what is too large is an error in
/// some dialects, and another number in others.
const NO_OVERFLOW: &str = "no result of integer arithmetic is too large for its type";

/// What a verdict rests on where floats are computed with: infinity less infinity is no zero.
const FINITE: &str = "no float is NaN or infinite";

/// The same of numbers with fractions.
const FINITE_NUMBERS: &str = "no number is NaN or infinite";

/// What a verdict rests on where a query returns a day to which an interval was added, which is a moment in some
/// dialects.
const DAY_AND_INTERVAL: &str = "a day and an interval make a day";

/// What a verdict rests on where some rows may end a query in an error.
const NO_FAILURE: &str =
    "no row ends a query in an error, such as a division by zero or a text that is no number";

/// A comparison that PostgreSQL makes by days of 24 hours, and DataFusion does not.
const DAYS_BETWEEN: &str = "what lies between two moments with days, not hours,";

/// A comparison that only stands for itself where no dialect is named.
const DAY_AND_NUMBER: &str = "a day with a number";

/// Refuses a text whose tree lacks something that it says.
///
/// # Errors
/// What it says.
pub fn text(text: &str) -> std::result::Result<(), &'static str> {
    if names_columns_of_unions(text) {
        return Err("a set operation by name with INNER, LEFT, FULL, ON or CORRESPONDING is not verified");
    }
    Ok(())
}

/// Refuses what gives default values instead of NULL: outer joins, aggregates of no rows, totals, and correlated
/// subqueries, in ClickHouse.
///
/// # Errors
/// Which.
pub fn defaults(plan: &LogicalPlan, dialect: Dialect) -> Result<()> {
    if !fills_with_defaults(dialect) {
        return Ok(());
    }
    plan.apply_with_subqueries(|node| match node {
        LogicalPlan::Join(join)
            if matches!(join.join_type, JoinType::Left | JoinType::Right | JoinType::Full) =>
        {
            plan_err!(
                "an outer join is not verified: {dialect} fills up a row without a partner with default values, not with NULL, unless join_use_nulls is set"
            )
        }
        LogicalPlan::Aggregate(aggregate) if has_total(aggregate) => plan_err!(
            "an aggregate over all rows, or with totals, is not verified: {dialect} gives default values where others give NULL"
        ),
        LogicalPlan::Subquery(subquery) if !subquery.outer_ref_columns.is_empty() => {
            plan_err!("a correlated subquery is not verified: {dialect} gives NULL or default values by its settings")
        }
        _ => Ok(TreeNodeRecursion::Continue),
    })?;
    Ok(())
}

/// Whether it makes a row of no rows, or of several groups, that is no count alone.
fn has_total(aggregate: &Aggregate) -> bool {
    let is_count =
        |expr: &Expr| matches!(expr, Expr::AggregateFunction(function) if function.func.name() == "count");
    let is_set = |expr: &Expr| matches!(expr, Expr::GroupingSet(_));
    aggregate.group_expr.iter().any(is_set)
        || aggregate.group_expr.is_empty() && !aggregate.aggr_expr.iter().all(is_count)
}

/// Refuses a plan that DataFusion understands otherwise than others do. Says what else it rests on.
///
/// # Errors
/// What in it.
pub fn plan(plan: &LogicalPlan, tables: &Tables<'_>, dialect: Dialect) -> Result<BTreeSet<&'static str>> {
    let mut rests_on = BTreeSet::new();
    // Most plans divide no integers.
    let fractions = LazyCell::new(|| Fractions::of(plan, &tables.schema().0));
    // What is written `//` in DuckDB is a quotient of integers here.
    let is_fraction =
        |side: &Expr| (is_postgres(dialect) || dialect == Dialect::DuckDb) && fractions.has(side);
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node
            && aggregate.aggr_expr.iter().any(is_of_the_outer_query)
        {
            return plan_err!(
                "an aggregate of outer columns alone belongs to the outer query, and is not verified"
            );
        }
        if let LogicalPlan::Limit(limit) = node
            && limit.skip.is_some()
            && !node.all_out_ref_exprs().is_empty()
        {
            return plan_err!("an OFFSET in a correlated subquery is not verified");
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::ScalarFunction(call) = part
                    && call.func.name() == "get_field"
                {
                    // No column has fields. `c.id` is read as one where the innermost FROM has a column `c`, though
                    // a table around it is called `c`.
                    return plan_err!("a table that is called as a column is: {part} is not verified");
                }
                if let Expr::ScalarFunction(call) = part
                    && opaque::function(call.func.name()).is_some()
                    && let Some(argument) = call.args.iter().find(|argument| fractions.has(argument))
                {
                    return refused_at(
                        part,
                        format!(
                            "{argument} may be no integer in {dialect}, and {part} is not verified: cast it"
                        ),
                    );
                }
                if let Some(reason) = coarse::reason(part, &schema, &is_fraction, dialect) {
                    return refused_at(part, reason);
                }
                if coarse::overflows(part) && !keeps_types_loosely(dialect) {
                    return refused_at(
                        part,
                        format!("{part} is too large for an integer: cast a part of it"),
                    );
                }
                if coarse::may_fail(part, &schema) {
                    rests_on.insert(NO_FAILURE);
                }
                if makes_moments(dialect) && is_output(node) && adds_interval_to_day(part, &schema) {
                    rests_on.insert(DAY_AND_INTERVAL);
                }
                match computes_with(part, &schema) {
                    Some(DataType::Float32 | DataType::Float64) => rests_on.insert(FINITE),
                    // They hold NaN there.
                    Some(of) if of.is_decimal() && is_postgres(dialect) && !is_standard(dialect) => {
                        rests_on.insert(FINITE_NUMBERS)
                    }
                    Some(of) if of.is_integer() => rests_on.insert(NO_OVERFLOW),
                    _ => false,
                };
                if asks_for_order(part, &schema) {
                    rests_on.insert(CODE_POINTS);
                }
                match unlike(part, &schema, dialect) {
                    Some(DAY_AND_NUMBER) if is_standard(dialect) => {
                        rests_on.insert(DAYS_SINCE_1970);
                        Ok(TreeNodeRecursion::Continue)
                    }
                    Some(what) => refused_at(
                        part,
                        format!("a comparison of {what} is not verified: cast one of the sides"),
                    ),
                    None => Ok(TreeNodeRecursion::Continue),
                }
            })
        })
    })?;
    Ok(rests_on)
}

/// The type of what it adds, subtracts, multiplies or negates, other than constants.
fn computes_with(expr: &Expr, schema: &DFSchema) -> Option<DataType> {
    let computes = match expr {
        Expr::BinaryExpr(binary) => {
            matches!(binary.op, Operator::Plus | Operator::Minus | Operator::Multiply)
                && !(is_literal(&binary.left) && is_literal(&binary.right))
        }
        Expr::Negative(inner) => !is_literal(inner),
        _ => false,
    };
    if computes { expr.get_type(schema).ok() } else { None }
}

/// Whether what the node computes may be what a query returns.
fn is_output(node: &LogicalPlan) -> bool {
    matches!(node, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Window(_))
}

/// Whether it adds an interval to a day that is no literal, or takes one away.
fn adds_interval_to_day(expr: &Expr, schema: &DFSchema) -> bool {
    let Expr::BinaryExpr(binary) = expr else { return false };
    let types = [&binary.left, &binary.right].map(|side| side.get_type(schema));
    matches!(binary.op, Operator::Plus | Operator::Minus)
        && matches!(
            types,
            [Ok(DataType::Date32), Ok(DataType::Interval(_))]
                | [Ok(DataType::Interval(_)), Ok(DataType::Date32)]
        )
}

/// Whether it is about which of two texts comes first.
fn asks_for_order(expr: &Expr, schema: &DFSchema) -> bool {
    let one = match expr {
        Expr::BinaryExpr(binary)
            if matches!(binary.op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq)
                // A day or a moment may be written as a text.
                && binary.right.get_type(schema).is_ok_and(|of| of == DataType::Utf8) =>
        {
            &binary.left
        }
        Expr::Between(between) => &between.expr,
        _ => return false,
    };
    one.get_type(schema).is_ok_and(|of| of == DataType::Utf8)
}

/// What an expression compares otherwise than the dialect does.
fn unlike(expr: &Expr, schema: &DFSchema, dialect: Dialect) -> Option<&'static str> {
    let pairs: Vec<(&Expr, &Expr)> = match expr {
        Expr::BinaryExpr(binary)
            if binary.op.supports_propagation()
                || matches!(
                    binary.op,
                    Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
                ) =>
        {
            vec![(&binary.left, &binary.right)]
        }
        Expr::Between(between) => vec![(&between.expr, &between.low), (&between.expr, &between.high)],
        Expr::InList(list) => list.list.iter().map(|item| (&*list.expr, item)).collect(),
        _ => return None,
    };
    pairs.into_iter().find_map(|(one, two)| {
        let types = (one.get_type(schema).ok()?, two.get_type(schema).ok()?);
        match types {
            // A month is thirty days for those who compare it, and no number of days for DataFusion.
            (DataType::Interval(_), DataType::Interval(_)) => Some("intervals"),
            (DataType::Duration(_), DataType::Interval(_)) if has_days(two) => Some(DAYS_BETWEEN),
            (DataType::Interval(_), DataType::Duration(_)) if has_days(one) => Some(DAYS_BETWEEN),
            // Which is an error there, and a comparison elsewhere.
            (DataType::Boolean, other) | (other, DataType::Boolean)
                if other.is_numeric() && keeps_truth_apart(dialect) =>
            {
                Some("a truth value with a number")
            }
            (DataType::Date32, other) | (other, DataType::Date32) if other.is_numeric() => {
                Some(DAY_AND_NUMBER)
            }
            (DataType::Utf8, other) if other.is_numeric() && reads_numbers(dialect) && !is_literal(one) => {
                Some("a text with a number")
            }
            (other, DataType::Utf8) if other.is_numeric() && reads_numbers(dialect) && !is_literal(two) => {
                Some("a text with a number")
            }
            // A text is read as a number beside a column, or what is cast, alone; and in a list never on the left.
            (DataType::Utf8, other)
                if other.is_numeric()
                    && dialect == Dialect::Sqlite
                    && (!has_affinity(two) || matches!(expr, Expr::InList(_))) =>
            {
                Some("a text with a number")
            }
            (other, DataType::Utf8)
                if other.is_numeric() && dialect == Dialect::Sqlite && !has_affinity(one) =>
            {
                Some("a text with a number")
            }
            _ => None,
        }
    })
}

/// Whether it has the type of a column, or one that it is cast to, by which SQLite reads what it is compared with.
fn has_affinity(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::Cast(_))
}

/// Whether it may be an interval with days or months in it.
fn has_days(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
            interval.days != 0 || interval.months != 0
        }
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => interval.days != 0,
        _ => true,
    }
}

/// By the standard, and in PostgreSQL and SQLite, `COUNT(t.id)` in a subquery counts rows of the outer query
/// where `t` is there; DataFusion counts the subquery's.
fn is_of_the_outer_query(expr: &Expr) -> bool {
    let (mut inner, mut outer) = (false, false);
    let _ = expr.apply(|part| {
        inner |= matches!(part, Expr::Column(_));
        outer |= matches!(part, Expr::OuterReferenceColumn(..));
        Ok(TreeNodeRecursion::Continue)
    });
    outer && !inner
}

/// Whether a set operation says which columns it keeps, in words that are in no tree.
fn names_columns_of_unions(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let is = |word: &str, any: &[&str]| any.contains(&word);
    words.windows(3).any(|three| {
        let operation = is(&three[1], &["UNION", "EXCEPT", "INTERSECT"]);
        (operation && is(&three[0], &["INNER", "LEFT", "FULL", "OUTER"]))
            || (is(&three[0], &["UNION", "EXCEPT", "INTERSECT", "ALL"]) && three[1] == "CORRESPONDING")
            || (three[0] == "BY" && three[1] == "NAME" && three[2] == "ON")
    })
}
