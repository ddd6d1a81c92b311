//! Whether two results are the same: as bags of rows and, where the first query orders its result, in
//! the sequence of its keys, ties being free.

use std::cmp::Ordering;

use serde::Serialize;

use crate::database::Row;
use crate::value::{MICROS_PER_DAY, Value};

/// How two results differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Other rows, or the same a different number of times.
    Rows,
    /// The same rows in an order that the first query's ORDER BY excludes.
    Order,
    /// The same rows under other names, which the caller wants compared.
    Names,
}

/// What counts as the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Exact numbers are compared exactly; floats always with a tolerance.
    Exact,
    /// Every fraction is compared with a tolerance: one of the queries rounds on the way.
    Rounded,
}

/// Numbers closer than this share of their size are one where exact numbers are rounded: six digits are more
/// than generated values need and fewer than any engine keeps.
const ROUNDED: f64 = 1e-6;

/// The same of floats, whose sums differ by their order: they have some sixteen digits.
const FLOATS: f64 = 1e-10;

/// Quotients of exact numbers have at least so many digits behind the point, in each engine some of its own.
const DIGITS_OF_QUOTIENTS: i8 = 4;

/// What the first query's ORDER BY says of the sequence of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sequence {
    /// The outputs that are its keys come in this sequence, ties being free. Without keys nothing is said.
    Keys(Vec<usize>),
    /// How many rows are tied, from the first rows to the last: some of the keys are no outputs.
    Ties(Vec<usize>),
}

impl Sequence {
    /// The ties of rows, of which the columns from `width` on are the keys.
    pub fn of_keyed(rows: &[Row], width: usize) -> Self {
        let is_tied =
            |a: &Row, b: &Row| a[width..].iter().zip(&b[width..]).all(|(a, b)| same(a, b, Numbers::Exact));
        Self::Ties(rows.chunk_by(is_tied).map(<[Row]>::len).collect())
    }

    fn is_kept(&self, left: &[Row], right: &[Row], numbers: Numbers) -> bool {
        match self {
            Self::Keys(keys) => {
                left.iter().zip(right).all(|(a, b)| keys.iter().all(|&key| same(&a[key], &b[key], numbers)))
            }
            Self::Ties(ties) if ties.iter().sum::<usize>() == left.len() => {
                let mut from = 0;
                ties.iter().all(|&tied| {
                    let range = from..from + tied;
                    from = range.end;
                    same_bag(&left[range.clone()], &right[range], numbers)
                })
            }
            // They are those of other rows.
            Self::Ties(_) => true,
        }
    }
}

/// The first difference of two results.
pub fn difference(left: &[Row], right: &[Row], sequence: &Sequence, numbers: Numbers) -> Option<Difference> {
    if !same_bag(left, right, numbers) {
        return Some(Difference::Rows);
    }
    (!sequence.is_kept(left, right, numbers)).then_some(Difference::Order)
}

fn same_bag(left: &[Row], right: &[Row], numbers: Numbers) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left.iter().zip(right).all(|(a, b)| same_row(a, b, numbers)) {
        return true;
    }
    let (left, right) = (sorted(left), sorted(right));
    left.iter().zip(&right).all(|(a, b)| same_row(a, b, numbers)) || matched(&left, &right, numbers)
}

fn sorted(rows: &[Row]) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| row_order(a, b));
    rows
}

fn row_order(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.order(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Pairs rows one by one. Needed only where a tolerance makes sorting ambiguous.
fn matched(left: &[&Row], right: &[&Row], numbers: Numbers) -> bool {
    let tolerant = |rows: &[&Row]| rows.iter().any(|row| row.iter().any(|v| matches!(v, Value::Float(_))));
    if left.len() > 400 || !(numbers == Numbers::Rounded || tolerant(left) || tolerant(right)) {
        return false;
    }
    let mut rest: Vec<&Row> = right.to_vec();
    left.iter().all(|row| match rest.iter().position(|other| same_row(row, other, numbers)) {
        Some(at) => {
            rest.swap_remove(at);
            true
        }
        None => false,
    })
}

fn same_row(a: &[Value], b: &[Value], numbers: Numbers) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, numbers))
}

fn same(a: &Value, b: &Value, numbers: Numbers) -> bool {
    match (a, b) {
        (Value::Date(day), Value::Timestamp(moment)) | (Value::Timestamp(moment), Value::Date(day)) => {
            i64::from(*day) * MICROS_PER_DAY == *moment
        }
        _ if a.order(b).is_eq() => true,
        (Value::Float(a), Value::Float(b)) => near(*a, *b, FLOATS),
        (Value::Float(_), Value::Int(_) | Value::Decimal { .. })
        | (Value::Int(_) | Value::Decimal { .. }, Value::Float(_)) => {
            near(a.as_f64(), b.as_f64(), if numbers == Numbers::Rounded { ROUNDED } else { FLOATS })
        }
        (Value::Decimal { scale: one, .. }, Value::Decimal { scale: other, .. })
            if numbers == Numbers::Rounded =>
        {
            // The last digit of the shorter one is rounded.
            let digits = *one.min(other);
            let last = if digits >= DIGITS_OF_QUOTIENTS { 0.1_f64.powi(i32::from(digits)) } else { 0.0 };
            let (a, b) = (a.as_f64(), b.as_f64());
            near(a, b, ROUNDED) || (a - b).abs() <= last
        }
        (Value::Decimal { .. }, Value::Int(_)) | (Value::Int(_), Value::Decimal { .. }) => {
            numbers == Numbers::Rounded && near(a.as_f64(), b.as_f64(), ROUNDED)
        }
        _ => false,
    }
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(rows: &[&[i64]]) -> Vec<Row> {
        rows.iter().map(|row| row.iter().map(|&n| Value::Int(n)).collect()).collect()
    }

    fn check(left: &[&[i64]], right: &[&[i64]], keys: &[usize], expected: Option<Difference>) {
        let sequence = Sequence::Keys(keys.to_vec());
        assert_eq!(difference(&ints(left), &ints(right), &sequence, Numbers::Exact), expected);
    }

    #[test]
    fn bags_count_duplicates() {
        check(&[&[1], &[2]], &[&[2], &[1]], &[], None);
        check(&[&[1], &[1]], &[&[1]], &[], Some(Difference::Rows));
        check(&[&[1], &[1], &[2]], &[&[1], &[2], &[2]], &[], Some(Difference::Rows));
    }

    #[test]
    fn order_binds_keys_and_leaves_ties_free() {
        check(&[&[1, 7], &[1, 8]], &[&[1, 8], &[1, 7]], &[0], None);
        check(&[&[1, 7], &[2, 8]], &[&[2, 8], &[1, 7]], &[0], Some(Difference::Order));
    }

    #[test]
    fn ties_of_keys_that_are_no_outputs_are_free() {
        let keyed = ints(&[&[7, 1], &[8, 1], &[9, 2]]);
        let ties = Sequence::of_keyed(&keyed, 1);
        assert_eq!(ties, Sequence::Ties(vec![2, 1]));
        let left = ints(&[&[7], &[8], &[9]]);
        let check = |right: &[&[i64]], expected| {
            assert_eq!(difference(&left, &ints(right), &ties, Numbers::Exact), expected);
        };
        check(&[&[8], &[7], &[9]], None);
        check(&[&[7], &[9], &[8]], Some(Difference::Order));
    }

    #[test]
    fn numbers_of_different_types_are_one_number() {
        let one = |v: Value| vec![vec![v]];
        let decimal = |mantissa, scale| Value::Decimal { mantissa, scale };
        let check = |a: Value, b: Value, numbers, expected| {
            assert_eq!(
                difference(&one(a.clone()), &one(b.clone()), &Sequence::Keys(Vec::new()), numbers).is_none(),
                expected,
                "{a:?} {b:?}"
            );
        };
        check(decimal(150, 2), decimal(15, 1), Numbers::Exact, true);
        check(Value::Int(2), decimal(200, 2), Numbers::Exact, true);
        check(Value::Float(0.1 + 0.2), Value::Float(0.3), Numbers::Exact, true);
        check(decimal(333_333, 6), decimal(3_333_333, 7), Numbers::Exact, false);
        check(decimal(333_333, 6), decimal(3_333_333, 7), Numbers::Rounded, true);
        check(Value::Null, Value::Int(0), Numbers::Rounded, false);
        check(Value::Text("1".into()), Value::Int(1), Numbers::Rounded, false);
    }
}
