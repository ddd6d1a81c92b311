//! SQLite, the second engine: it gives the second opinion on a difference, and runs alone what DataFusion
//! binds and cannot execute. Knows nothing of verdicts.

use datafusion::sql::planner::NullOrdering;
use datafusion::sql::sqlparser::ast::Statement;
use rusqlite::functions::FunctionFlags;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use crate::bind::NEAREST_OR_EVEN;
use crate::database::{Attribute, Database, Row, Schema};
use crate::value::{Kind, Value};

mod clock;
mod forms;

pub use clock::Clock;

/// Most steps of its machine that a query may take, about a second of them: a small database needs a
/// thousandth.
const MOST_STEPS: i32 = 50_000_000;
/// Longest text that it may make, in bytes.
const MOST_BYTES: i32 = 1024 * 1024;

/// What a translation asks of the catalog.
pub trait Declared {
    /// The name of the table that a reference of these parts means.
    fn table(&self, parts: &[String]) -> Option<&[String]>;

    /// Whether a column of this name holds moments in some table.
    fn holds_moments(&self, column: &str) -> bool;
}

/// The statement, already in DataFusion's form, in SQLite's; `None` where it has none. NULLs are told to stand
/// where the dialect puts them, and moments, which SQLite compares as texts, are written out in full.
pub fn translate(statement: &Statement, nulls: NullOrdering, declared: &dyn Declared) -> Option<String> {
    forms::translate(statement, nulls, declared)
}

/// What both return. They are in the forms that [`translate`] makes.
///
/// # Errors
/// When SQLite refuses one of them, or fails.
pub fn results(
    schema: &Schema,
    database: &Database,
    first: &str,
    second: &str,
) -> rusqlite::Result<(Vec<Row>, Vec<Row>)> {
    let connection = open()?;
    connection.pragma_update(None, "case_sensitive_like", true)?;
    load(&connection, schema, database, |attribute| affinity(attribute.kind).to_owned())?;
    both(&connection, first, second)
}

/// What both return as they are written, from tables of the types that are declared.
///
/// # Errors
/// When SQLite refuses one of them, or fails.
pub fn native_results(
    schema: &Schema,
    database: &Database,
    first: &str,
    second: &str,
) -> rusqlite::Result<(Vec<Row>, Vec<Row>)> {
    let connection = open()?;
    load(&connection, schema, database, |attribute| attribute.written.clone().unwrap_or_default())?;
    both(&connection, first, second)
}

fn both(connection: &Connection, first: &str, second: &str) -> rusqlite::Result<(Vec<Row>, Vec<Row>)> {
    Ok((run(connection, first)?, run(connection, second)?))
}

fn open() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_BYTES)?;
    connection.create_scalar_function(NEAREST_OR_EVEN, 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(match call.get_raw(0) {
            ValueRef::Real(number) => rusqlite::types::Value::Real(number.round_ties_even()),
            other => other.into(),
        })
    })?;
    Ok(connection)
}

fn load(
    connection: &Connection,
    schema: &Schema,
    database: &Database,
    data_type: impl Fn(&Attribute) -> String,
) -> rusqlite::Result<()> {
    for (relation, rows) in schema.relations.iter().zip(&database.tables) {
        let columns: Vec<String> =
            relation.attributes.iter().map(|a| format!("{} {}", quoted(&a.name), data_type(a))).collect();
        let table = quoted(&table_name(&relation.name));
        connection.execute(&format!("CREATE TABLE {table} ({})", columns.join(", ")), [])?;
        let marks = vec!["?"; columns.len()].join(", ");
        let mut insert = connection.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?;
        for row in rows {
            insert.execute(params_from_iter(row.iter().map(parameter)))?;
        }
    }
    Ok(())
}

/// SQLite has no schemas inside one file: the parts of a name are joined.
fn table_name(parts: &[String]) -> String {
    parts.join(".").to_lowercase()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn affinity(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool | Kind::Int { .. } => "INTEGER",
        Kind::Decimal { .. } | Kind::Float => "REAL",
        Kind::Text { .. } | Kind::Date | Kind::Time | Kind::Timestamp => "TEXT",
    }
}

fn parameter(value: &Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Lite;
    match value {
        Value::Null => Lite::Null,
        Value::Bool(value) => Lite::Integer(i64::from(*value)),
        Value::Int(value) => Lite::Integer(*value),
        Value::Decimal { .. } | Value::Float(_) => Lite::Real(value.as_f64()),
        Value::Text(_) | Value::Date(_) | Value::Time(_) | Value::Timestamp(_) => {
            Lite::Text(value.to_string())
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare(sql)?;
    // The count starts anew with each query.
    connection.progress_handler(MOST_STEPS, Some(|| true));
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut result = Vec::new();
    while let Some(row) = rows.next()? {
        result.push((0..width).map(|at| row.get_ref(at).map(value)).collect::<rusqlite::Result<Row>>()?);
    }
    Ok(result)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
    }
}
