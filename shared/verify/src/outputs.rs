//! What kinds of values a query returns, as the verifier binds it.

use datafusion::arrow::datatypes::DataType;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;

use crate::bind::{self, Tables};

/// The kind of each output, in words: `an integer`, `a text`, … Widths and precisions are the database's business.
///
/// # Errors
/// Why the query is not bound, and so not verified either.
pub fn output_kinds(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Vec<String>, String> {
    let bound = guard::on_large_stack(|| {
        let tables = Tables::new(catalog, dialect);
        let bound = bind::bind(sql, dialect, &tables).map_err(|error| error.to_string())?;
        Ok(bound.schema.fields().iter().map(|field| kind(field.data_type())).collect())
    });
    bound.map_err(|error| error.to_string())?
}

fn kind(of: &DataType) -> String {
    let known = match of {
        DataType::Null => "NULL",
        DataType::Boolean => "a boolean",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "a text",
        DataType::Date32 | DataType::Date64 => "a day",
        DataType::Time32(_) | DataType::Time64(_) => "a time of day",
        DataType::Timestamp(..) => "a moment",
        DataType::Interval(_) | DataType::Duration(_) => "an interval",
        of if of.is_integer() => "an integer",
        of if of.is_floating() => "a floating-point number",
        of if of.is_numeric() => "an exact number",
        other => return other.to_string(),
    };
    known.to_owned()
}
