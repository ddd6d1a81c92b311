//! INSERT statements that the user's own database takes: values and names as its dialect writes them.

use sqm_domain::Dialect;
use sqm_sql::catalog::Identity;
use sqm_sql::words::is_reserved;

use crate::database::{Database, Relation, Row, Schema};
use crate::dialects::{
    folds_to_lower, has_typed_literals, keeps_case, overrides_system_values, quoted, sets_identity_insert,
};
use crate::value::Value;

/// INSERT statements in an order that foreign keys allow, as far as they form no cycle.
pub fn inserts(schema: &Schema, database: &Database, dialect: Dialect) -> Vec<String> {
    schema
        .parents_first()
        .into_iter()
        .flat_map(|at| {
            let (relation, rows) = (&schema.relations[at], &database.tables[at]);
            let rows = in_order(relation, at, rows).into_iter().map(|row| insert(relation, row, dialect));
            let mut statements: Vec<String> = rows.collect();
            if !statements.is_empty() && numbers_rows(relation) && sets_identity_insert(dialect) {
                let table = table(relation, dialect);
                statements.insert(0, format!("SET IDENTITY_INSERT {table} ON;"));
                statements.push(format!("SET IDENTITY_INSERT {table} OFF;"));
            }
            statements
        })
        .collect()
}

/// Whether a table takes numbers of rows only where it is told to.
fn numbers_rows(relation: &Relation) -> bool {
    relation.attributes.iter().any(|attribute| attribute.identity == Some(Identity::Always))
}

/// Rows that refer to rows of the same table come after them.
fn in_order<'r>(relation: &Relation, at: usize, rows: &'r [Row]) -> Vec<&'r Row> {
    let mut rest: Vec<&Row> = rows.iter().collect();
    let mut done: Vec<&Row> = Vec::with_capacity(rest.len());
    let key = |row: &Row, columns: &[usize]| crate::database::key_text(row, columns);
    while !rest.is_empty() {
        let ready = rest.iter().position(|row| {
            relation.references.iter().filter(|r| r.relation == at).all(|reference| {
                match key(row, &reference.columns) {
                    None => true,
                    wanted => {
                        wanted == key(row, &reference.referred)
                            || done.iter().any(|other| key(other, &reference.referred) == wanted)
                    }
                }
            })
        });
        done.push(rest.remove(ready.unwrap_or(0)));
    }
    done
}

fn insert(relation: &Relation, row: &[Value], dialect: Dialect) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    let table = table(relation, dialect);
    // Values that are computed cannot be given.
    let given = || relation.attributes.iter().zip(row).filter(|(attribute, _)| !attribute.is_generated);
    let columns = list(given().map(|(a, _)| identifier(&a.spelled, dialect)).collect());
    let values = list(given().map(|(_, value)| literal(value, dialect)).collect());
    let overriding = if numbers_rows(relation) && overrides_system_values(dialect) {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    format!("INSERT INTO {table} ({columns}){overriding} VALUES ({values});")
}

fn table(relation: &Relation, dialect: Dialect) -> String {
    let parts: Vec<String> = relation.name.iter().map(|part| identifier(part, dialect)).collect();
    parts.join(".")
}

/// A value as the dialect writes it.
fn literal(value: &Value, dialect: Dialect) -> String {
    let is_typed = has_typed_literals(dialect);
    match value {
        Value::Date(_) if is_typed => format!("DATE '{value}'"),
        Value::Time(_) if is_typed && dialect != Dialect::Oracle => format!("TIME '{value}'"),
        Value::Timestamp(_) if is_typed => format!("TIMESTAMP '{value}'"),
        Value::Date(_) | Value::Time(_) | Value::Timestamp(_) => format!("'{value}'"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Bool(value) if !is_typed || dialect == Dialect::Oracle => u8::from(*value).to_string(),
        Value::Bool(value) => value.to_string().to_uppercase(),
        Value::Null => "NULL".to_owned(),
        Value::Int(_) | Value::Decimal { .. } | Value::Float(_) => value.to_string(),
    }
}

/// A name, in quotes where it cannot do without.
fn identifier(name: &str, dialect: Dialect) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let has = |is: fn(&char) -> bool| name.chars().any(|c| is(&c));
    let is_mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    let is_folded =
        keeps_case(dialect) || !(is_mixed || folds_to_lower(dialect) && has(char::is_ascii_uppercase));
    if is_plain && is_folded && !is_reserved(name) {
        return name.to_owned();
    }
    quoted(name, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::MICROS_PER_DAY;

    #[test]
    fn values_are_written_as_the_dialect_reads_them() {
        let check = |value: Value, dialect: Dialect, expected: &str| {
            assert_eq!(literal(&value, dialect), expected, "{dialect}");
        };
        let moment = Value::Timestamp(MICROS_PER_DAY + 1_500_000);
        check(Value::Decimal { mantissa: -5, scale: 2 }, Dialect::Postgres, "-0.05");
        check(Value::Decimal { mantissa: 1234, scale: 2 }, Dialect::Postgres, "12.34");
        check(Value::Text("it's".into()), Dialect::Postgres, "'it''s'");
        check(moment.clone(), Dialect::Postgres, "TIMESTAMP '1970-01-02 00:00:01.500000'");
        check(moment, Dialect::TSql, "'1970-01-02 00:00:01.500000'");
        check(Value::Date(0), Dialect::MySql, "DATE '1970-01-01'");
        check(Value::Date(0), Dialect::Sqlite, "'1970-01-01'");
        check(Value::Bool(true), Dialect::DuckDb, "TRUE");
        check(Value::Bool(true), Dialect::TSql, "1");
    }

    #[test]
    fn names_are_quoted_where_they_cannot_do_without() {
        let check = |name: &str, dialect: Dialect, expected: &str| {
            assert_eq!(identifier(name, dialect), expected, "{dialect}");
        };
        check("orders", Dialect::Postgres, "orders");
        check("ORDERS", Dialect::Snowflake, "ORDERS");
        check("order", Dialect::Postgres, "\"order\"");
        check("ORDER", Dialect::Snowflake, "\"ORDER\"");
        check("Id", Dialect::Postgres, "\"Id\"");
        check("Id", Dialect::TSql, "Id");
        check("My Table", Dialect::TSql, "[My Table]");
        check("a]b", Dialect::TSql, "[a]]b]");
        check("a`b", Dialect::MySql, "`a``b`");
        check("2nd", Dialect::BigQuery, "`2nd`");
        check("say \"hi\"", Dialect::Oracle, "\"say \"\"hi\"\"\"");
    }
}
