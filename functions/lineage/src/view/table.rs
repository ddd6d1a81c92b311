//! A table of a catalog as callers read it: columns by name instead of by position.

use serde::Serialize;
use sqm_sql::catalog::{Column, ForeignKey, IndexPart, Table};

/// A table or view.
#[derive(Serialize)]
pub(crate) struct TableView<'a> {
    name: String,
    columns: Vec<ColumnView<'a>>,
    primary_key: Vec<&'a str>,
    unique: Vec<Vec<&'a str>>,
    foreign_keys: Vec<ForeignKeyView<'a>>,
    checks: &'a [String],
    indexes: Vec<Vec<&'a str>>,
    view: Option<&'a str>,
}

#[derive(Serialize)]
struct ColumnView<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    data_type: Option<&'a str>,
    not_null: bool,
}

#[derive(Serialize)]
struct ForeignKeyView<'a> {
    columns: Vec<&'a str>,
    table: String,
    referred_columns: &'a [String],
}

impl<'a> From<&'a Table> for TableView<'a> {
    fn from(table: &'a Table) -> Self {
        let named = |positions: &[u32]| names(&table.columns, positions);
        let column = |(at, column): (usize, &'a Column)| ColumnView {
            name: &column.name,
            data_type: column.data_type.as_deref(),
            not_null: table.is_not_null(at),
        };
        let foreign_key = |key: &'a ForeignKey| ForeignKeyView {
            columns: named(&key.columns),
            table: key.table.join("."),
            referred_columns: &key.referred_columns,
        };
        let part = |part: &'a IndexPart| match part {
            IndexPart::Column(at) => table.columns.get(*at as usize).map_or("", |column| &column.name),
            IndexPart::Expression(text) => text,
        };
        Self {
            name: table.name.join("."),
            columns: table.columns.iter().enumerate().map(column).collect(),
            primary_key: named(&table.primary_key),
            unique: table.unique.iter().map(|key| named(key)).collect(),
            foreign_keys: table.foreign_keys.iter().map(foreign_key).collect(),
            checks: &table.checks,
            indexes: table.indexes.iter().map(|parts| parts.iter().map(part).collect()).collect(),
            view: table.view.as_deref(),
        }
    }
}

fn names<'a>(columns: &'a [Column], positions: &[u32]) -> Vec<&'a str> {
    positions.iter().filter_map(|&at| columns.get(at as usize)).map(|column| column.name.as_str()).collect()
}
