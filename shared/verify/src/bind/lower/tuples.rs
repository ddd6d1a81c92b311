//! Rows compared as a whole, `(a, b) < (1, 2)`, as the standard writes them out, and lists in ANY and ALL:
//! DataFusion takes the first for structures, in which two NULLs are equal, and lacks the second.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, ValueWithSpan};
use sqm_domain::Dialect;

use super::Names;
use super::build::{binary, number, text};
use super::dates::{positional, single_name};
use super::operators::{compares, take_out};
use crate::dialects::compares_rows_as_values;

/// Most columns of a row that is compared by order: the condition grows with their square.
const MOST_COLUMNS: usize = 16;

/// Writes one comparison out.
pub fn lower(expr: &mut Expr, dialect: Dialect, names: &dyn Names) -> ControlFlow<String> {
    list(expr, names)?;
    let written = match expr {
        Expr::BinaryOp { left, op, right } if compares(op) => match (items(left), items(right)) {
            (Some(left), Some(right)) => Some(compared(left, op, right)),
            _ => None,
        },
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            let rows = items(left).zip(items(right));
            let same = rows.map(|(left, right)| {
                all_of(left, right, |a, b| Expr::IsNotDistinctFrom(Box::new(a), Box::new(b)))
            });
            if matches!(expr, Expr::IsDistinctFrom(..)) { same.map(|same| same.map(negated)) } else { same }
        }
        // A row is NULL where all of it is, and is not where nothing of it is.
        Expr::IsNull(row) => items(row).map(|row| Ok(each(row, Expr::IsNull))),
        Expr::IsNotNull(row) => items(row).map(|row| Ok(each(row, Expr::IsNotNull))),
        Expr::InList { expr: row, list, negated: is_negated } => match items(row) {
            Some(row) if list.iter().all(|item| items(item).is_some()) => {
                let found = list.iter().filter_map(items).map(|item| equal(row.clone(), item));
                let found: Result<Vec<Expr>, String> = found.collect();
                Some(found.map(|found| {
                    let any = joined(found, BinaryOperator::Or);
                    if *is_negated { negated(any) } else { any }
                }))
            }
            _ => None,
        },
        Expr::Between { expr: row, negated: is_negated, low, high } => {
            match (items(row), items(low), items(high)) {
                (Some(row), Some(low), Some(high)) => {
                    let above = compared(row.clone(), &BinaryOperator::GtEq, low);
                    let below = compared(row, &BinaryOperator::LtEq, high);
                    Some(above.and_then(|above| {
                        let both = binary(above, BinaryOperator::And, below?);
                        Ok(if *is_negated { negated(both) } else { both })
                    }))
                }
                _ => None,
            }
        }
        _ => None,
    };
    match written {
        None => ControlFlow::Continue(()),
        Some(_) if compares_rows_as_values(dialect) => ControlFlow::Break(format!(
            "a comparison of rows is not verified, since {dialect} takes NULLs inside of them for equal: compare column by column"
        )),
        Some(Err(reason)) => ControlFlow::Break(reason),
        Some(Ok(written)) => {
            *expr = written;
            ControlFlow::Continue(())
        }
    }
}

/// The columns of a row that is written out.
fn items(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Tuple(items) if items.len() > 1 => Some(items.clone()),
        Expr::Function(function)
            if single_name(function).is_some_and(|name| name.eq_ignore_ascii_case("row")) =>
        {
            positional(function).filter(|items| items.len() > 1)
        }
        _ => None,
    }
}

fn compared(left: Vec<Expr>, op: &BinaryOperator, right: Vec<Expr>) -> Result<Expr, String> {
    use BinaryOperator as B;
    if left.len() != right.len() {
        return Err(format!("a row of {} columns is compared with one of {}", left.len(), right.len()));
    }
    if left.len() > MOST_COLUMNS {
        return Err(format!("a row of more than {MOST_COLUMNS} columns is not compared"));
    }
    let strict = match op {
        B::Eq => return equal(left, right),
        B::NotEq => return equal(left, right).map(negated),
        B::Lt | B::LtEq => B::Lt,
        _ => B::Gt,
    };
    // The first columns that differ decide.
    let mut pairs = left.into_iter().zip(right).rev();
    let Some((a, b)) = pairs.next() else { return Err("a row without columns is compared".to_owned()) };
    let last = binary(a, op.clone(), b);
    Ok(pairs.fold(last, |rest, (a, b)| {
        let tied = binary(binary(a.clone(), B::Eq, b.clone()), B::And, rest);
        binary(binary(a, strict.clone(), b), B::Or, tied)
    }))
}

fn equal(left: Vec<Expr>, right: Vec<Expr>) -> Result<Expr, String> {
    all_of(left, right, |a, b| binary(a, BinaryOperator::Eq, b))
}

fn all_of(left: Vec<Expr>, right: Vec<Expr>, one: impl Fn(Expr, Expr) -> Expr) -> Result<Expr, String> {
    if left.len() != right.len() {
        return Err(format!("a row of {} columns is compared with one of {}", left.len(), right.len()));
    }
    let all = left.into_iter().zip(right).map(|(a, b)| one(a, b)).collect();
    Ok(joined(all, BinaryOperator::And))
}

fn each(row: Vec<Expr>, one: impl Fn(Box<Expr>) -> Expr) -> Expr {
    joined(row.into_iter().map(|column| one(Box::new(column))).collect(), BinaryOperator::And)
}

fn joined(all: Vec<Expr>, op: BinaryOperator) -> Expr {
    let nothing = Expr::value(Value::Boolean(op == BinaryOperator::And));
    all.into_iter().reduce(|a, b| binary(a, op.clone(), b)).unwrap_or(nothing)
}

fn negated(expr: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(Expr::Nested(Box::new(expr))),
    }))
}

/// `x = ANY (ARRAY[1, 2])` is `x IN (1, 2)`.
fn list(expr: &mut Expr, names: &dyn Names) -> ControlFlow<String> {
    let (left, op, right, is_any) = match expr {
        Expr::AnyOp { left, compare_op, right, .. } => (left, compare_op, right, true),
        Expr::AllOp { left, compare_op, right } => (left, compare_op, right, false),
        _ => return ControlFlow::Continue(()),
    };
    if matches!(**right, Expr::Subquery(_)) {
        return ControlFlow::Continue(());
    }
    let Some(list) = elements(right, is_text(left, names)) else {
        return ControlFlow::Break(
            "ANY or ALL of an array that is not written out is not verified: use IN, or an array of constants".to_owned(),
        );
    };
    if !compares(op) {
        return ControlFlow::Break(format!("{op} with ANY or ALL is not verified"));
    }
    let left = take_out(left);
    *expr = match (is_any, &*op) {
        _ if list.is_empty() => Expr::value(Value::Boolean(!is_any)),
        (true, BinaryOperator::Eq) => Expr::InList { expr: Box::new(left), list, negated: false },
        (false, BinaryOperator::NotEq) => Expr::InList { expr: Box::new(left), list, negated: true },
        _ => {
            let all = list.into_iter().map(|item| binary(left.clone(), op.clone(), item)).collect();
            joined(all, if is_any { BinaryOperator::Or } else { BinaryOperator::And })
        }
    };
    ControlFlow::Continue(())
}

/// Whether a column holds texts, as far as its name tells.
fn is_text(expr: &Expr, names: &dyn Names) -> bool {
    match expr {
        Expr::Identifier(name) => names.is_text(&name.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => {
            parts.last().is_some_and(|name| names.is_text(&name.value.to_lowercase()))
        }
        Expr::Nested(inner) => is_text(inner, names),
        _ => false,
    }
}

/// The elements of an array that is written out, also as PostgreSQL's `'{1,2}'`.
pub fn elements(array: &Expr, of_texts: bool) -> Option<Vec<Expr>> {
    match array {
        Expr::Array(array) => Some(array.elem.clone()),
        Expr::Nested(inner) => elements(inner, of_texts),
        // Only of whole numbers that are cast to whole numbers, and texts to texts, nothing is changed.
        Expr::Cast { expr, data_type, .. } => {
            let name = data_type.to_string().to_ascii_uppercase();
            let list = elements(expr, of_texts || name.contains("TEXT") || name.contains("CHAR"))?;
            let is_kept = |item: &Expr| match item {
                Expr::Value(value) => match &value.value {
                    Value::Number(digits, _) => name.contains("INT") && digits.parse::<i64>().is_ok(),
                    Value::SingleQuotedString(_) => name.starts_with("TEXT") || name.starts_with("VARCHAR["),
                    Value::Null => true,
                    _ => false,
                },
                _ => false,
            };
            list.iter().all(is_kept).then_some(list)
        }
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(written), .. }) => {
            let inside = written.trim().strip_prefix('{')?.strip_suffix('}')?;
            if inside.trim().is_empty() {
                return Some(Vec::new());
            }
            let parts = inside.split(',').map(str::trim);
            parts
                .map(|part| match part.parse::<i64>() {
                    Ok(n) if !of_texts => Some(number(n)),
                    _ => {
                        let is_plain = part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
                        let is_word = of_texts && is_plain && !part.is_empty();
                        (is_word && !part.eq_ignore_ascii_case("null")).then(|| text(part))
                    }
                })
                .collect()
        }
        _ => None,
    }
}
