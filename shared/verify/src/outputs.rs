//! What kinds of values a query returns, and which of two queries' outputs are not compared, or compared with a word.

use datafusion::arrow::datatypes::{DataType, Schema};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::{guard, shape};

use crate::bind::{self, Tables};

/// The kind of each output, in words: `an integer`, `a text`, … Widths and precisions are the database's business.
///
/// # Errors
/// Why the query is not bound, and so not verified either.
pub fn output_kinds(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Vec<String>, String> {
    let bound = guard::on_large_stack(|| {
        let tables = Tables::new(catalog, dialect);
        let bound = bind::bind(sql, dialect, &tables).map_err(|error| error.to_string())?;
        let kinds = bound.schema.fields().iter().map(|field| match kind(field.data_type()) {
            Some(known) => known.to_owned(),
            None => field.data_type().to_string(),
        });
        Ok(kinds.collect())
    });
    bound.map_err(|error| error.to_string())?
}

/// A column of which the queries make values of kinds that are not the same: a day and a moment, a text and a number.
pub fn unlike(first: &Schema, second: &Schema) -> Option<String> {
    let known = |of: &DataType| match kind(of)? {
        "NULL" => None,
        _ if of.is_numeric() => Some("a number"),
        known => Some(known),
    };
    if first.fields().len() != second.fields().len() {
        return None;
    }
    let pairs = first.fields().iter().zip(second.fields());
    pairs.enumerate().find_map(|(at, (one, other))| {
        let (one, other) = (known(one.data_type())?, known(other.data_type())?);
        // Where TRUE is 1 the one is the other.
        let is_truth = matches!((one, other), ("a boolean", "a number") | ("a number", "a boolean"));
        (one != other && !is_truth).then(|| {
            format!(
                "column {} is {one} in the first query and {other} in the second, which are not compared",
                at + 1
            )
        })
    })
}

/// Why outputs cannot be compared that are what lies between two moments in one query, and an interval in the other: one
/// span is written in two ways.
pub fn other_spans(first: &Schema, second: &Schema) -> Option<String> {
    let mut pairs = first.fields().iter().zip(second.fields());
    let at = pairs.position(|(one, other)| {
        matches!(
            (one.data_type(), other.data_type()),
            (DataType::Duration(_), DataType::Interval(_)) | (DataType::Interval(_), DataType::Duration(_))
        )
    })?;
    Some(format!(
        "column {} is what lies between two moments in one query and an interval in the other, which are not compared",
        at + 1
    ))
}

/// What is said of outputs that are whole numbers in one query and fractions in the other.
pub fn other_numbers(first: &Schema, second: &Schema) -> Option<String> {
    let pairs = first.fields().iter().zip(second.fields());
    pairs.enumerate().find_map(|(at, (one, other))| {
        let (one, other) = (one.data_type(), other.data_type());
        let is_other = one.is_numeric() && other.is_numeric() && one.is_integer() != other.is_integer();
        is_other.then(|| {
            format!(
                "column {} is a whole number in one query and a fraction in the other; equal values count as the same",
                at + 1
            )
        })
    })
}

/// How the names of two queries' outputs compare.
pub enum Names {
    /// They are the same, in any case.
    Same,
    /// They are not: all of both.
    Other(Vec<String>, Vec<String>),
    /// That is not known.
    Open(String),
}

/// Compares the names of the outputs of two queries, which have as many.
pub fn names(queries: [&str; 2], dialect: Dialect, catalog: &Catalog) -> Names {
    let [Some(first), Some(second)] = queries.map(|sql| shape::outputs(sql, dialect, catalog)) else {
        return Names::Open("the names of the outputs are not known".to_owned());
    };
    // What has no name is called as the database likes.
    let is_open = |name: &str| name.starts_with('<');
    let open = first.iter().zip(&second).position(|(one, other)| is_open(one) || is_open(other));
    let is_same =
        |(one, other): (&String, &String)| is_open(one) || is_open(other) || one.eq_ignore_ascii_case(other);
    match open {
        _ if first.len() != second.len() || !first.iter().zip(&second).all(is_same) => {
            Names::Other(first, second)
        }
        Some(at) => {
            Names::Open(format!("column {} has no name in one of the queries; give it one with AS", at + 1))
        }
        None => Names::Same,
    }
}

/// The kind of a type, in words; `None` for one that no column has.
fn kind(of: &DataType) -> Option<&'static str> {
    Some(match of {
        DataType::Null => "NULL",
        DataType::Boolean => "a boolean",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "a text",
        DataType::Date32 | DataType::Date64 => "a day",
        DataType::Time32(_) | DataType::Time64(_) => "a time of day",
        DataType::Timestamp(..) => "a moment",
        DataType::Interval(_) => "an interval",
        DataType::Duration(_) => "what lies between two moments",
        of if of.is_integer() => "an integer",
        of if of.is_floating() => "a floating-point number",
        of if of.is_numeric() => "an exact number",
        _ => return None,
    })
}
