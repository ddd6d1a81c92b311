//! What is known of the tables: columns, types and the constraints that hold in every database.
//!
//! Names are kept as the dialect of the DDL folds them, quotes removed. The constraints are promises:
//! the verifier generates only databases that keep them, and a proof may rest on them.

mod builder;
mod changes;
mod constraint;
mod ddl;
mod existing;
mod index;
mod json;
mod mentions;
mod problem;
mod statistics;

pub use changes::{Change, ChangeKind};
pub use index::{IndexPart, UniqueIndex};
pub use json::{SchemaInput, TableInput};
pub use problem::{CatalogError, CatalogProblem, Place, ProblemKind};
pub use statistics::{ColumnStatistics, Statistics, StatisticsError, StatisticsInput, TableStatistics};

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Tables and views by name. The order of declaration is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Table>", into = "Vec<Table>")]
pub struct Catalog {
    tables: Vec<Table>,
    /// Lower-case last part of the name → positions in `tables`.
    by_last_part: HashMap<String, Vec<u32>>,
}

/// A table or view.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The parts of its name, outermost first: `["db", "schema", "t"]`, or fewer.
    pub name: Vec<String>,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Positions of the primary key's columns; empty when there is none. Its columns are NOT NULL too.
    pub primary_key: Vec<u32>,
    /// Further keys: positions of columns whose values, where none is NULL, occur once.
    pub unique: Vec<Vec<u32>>,
    /// Those of `unique` to which NULL is a value like another: NULLS NOT DISTINCT.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub null_once: Vec<Vec<u32>>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Columns of which a row has either all values or none: those of foreign keys that are MATCH FULL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whole_or_null: Vec<Vec<u32>>,
    /// CHECK constraints, as written.
    pub checks: Vec<String>,
    /// Constraints that are none of these, as written: an exclusion, or one that rows may break since it is NOT
    /// VALID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Indexes that are no keys, each with its parts in order. Those on some of the rows only, and those that
    /// keep no order, are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Vec<IndexPart>>,
    /// Unique indexes that are no keys: on expressions, or on some of the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_indexes: Vec<UniqueIndex>,
    /// The names of the tables that have its rows too, in parts: it inherits from them, or is a partition of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Vec<String>>,
    /// Whether it is a partition, which has some of the rows of its parent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partition: bool,
    /// Whether its name and another table's, or those of two columns, differ in case alone, so that a reference may
    /// mean the other one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ambiguous: bool,
    /// The query of a view, as written; `None` for a table.
    pub view: Option<String>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as written; `None` where only the name is known.
    pub data_type: Option<String>,
    /// Whether NULL is excluded.
    pub not_null: bool,
    /// The labels of its type in their order, where it is an enumeration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The collation of its texts, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// What its values are computed from, where they are never given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// Whether and how the database numbers the rows here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// How a database numbers rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// It takes no number, unless it is told to.
    Always,
    /// It makes one up where none is given.
    ByDefault,
}

/// Each row's values in `columns`, where none is NULL, occur in `referred_columns` of `table`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Positions of the referring columns.
    pub columns: Vec<u32>,
    /// The name of the table referred to, in parts.
    pub table: Vec<String>,
    /// The names of the columns referred to; empty for that table's primary key.
    pub referred_columns: Vec<String>,
}

impl Table {
    /// The position of the column of this name, in any case.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether NULL cannot occur in the column at this position.
    pub fn is_not_null(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|c| c.not_null)
            || self.primary_key.iter().any(|&key| key as usize == column)
    }

    /// Every key, the primary key first.
    pub fn keys(&self) -> impl Iterator<Item = &[u32]> {
        std::iter::once(self.primary_key.as_slice())
            .filter(|key| !key.is_empty())
            .chain(self.unique.iter().map(Vec::as_slice))
    }
}

impl Catalog {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Every table in the order of declaration.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Adds a table; one of the same name is replaced in place.
    pub fn insert(&mut self, table: Table) {
        let Some(last) = table.name.last() else { return };
        let same = self.by_last_part.entry(last.to_lowercase()).or_default();
        let known = same.iter().copied().find(|&at| same_name(&self.tables[at as usize].name, &table.name));
        match known {
            Some(at) => self.tables[at as usize] = table,
            None => {
                same.push(u32::try_from(self.tables.len()).unwrap_or(u32::MAX));
                self.tables.push(table);
            }
        }
    }

    /// The one table that a reference of these parts can mean: the names agree, in any case, on as many
    /// trailing parts as both have. `None` when there is none or more than one.
    pub fn find<S: AsRef<str>>(&self, parts: &[S]) -> Option<&Table> {
        let last = parts.last()?.as_ref();
        let same = match self.by_last_part.get(last) {
            Some(same) => same,
            None => self.by_last_part.get(&last.to_lowercase())?,
        };
        let mut matching =
            same.iter().map(|&at| &self.tables[at as usize]).filter(|table| agree(&table.name, parts));
        match (matching.next(), matching.next()) {
            (Some(table), None) => Some(table),
            (Some(_), Some(_)) => same
                .iter()
                .map(|&at| &self.tables[at as usize])
                .find(|table| table.name.len() == parts.len() && agree(&table.name, parts)),
            _ => None,
        }
    }
}

fn agree<S: AsRef<str>>(name: &[String], parts: &[S]) -> bool {
    name.iter().rev().zip(parts.iter().rev()).all(|(a, b)| a.eq_ignore_ascii_case(b.as_ref()))
}

fn same_name(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && agree(a, b)
}

impl From<Vec<Table>> for Catalog {
    fn from(tables: Vec<Table>) -> Self {
        let mut catalog = Self::default();
        for table in tables {
            catalog.insert(table);
        }
        catalog
    }
}

impl From<Catalog> for Vec<Table> {
    fn from(catalog: Catalog) -> Self {
        catalog.tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.split('.').map(str::to_owned).collect(), ..Table::default() }
    }

    #[test]
    fn a_reference_finds_the_one_table_it_can_mean() {
        let catalog = Catalog::from(vec![table("a.t"), table("b.t"), table("u"), table("T")]);
        let found =
            |name: &str| catalog.find(&name.split('.').collect::<Vec<_>>()).map(|table| table.name.join("."));
        assert_eq!(found("a.t"), Some("a.t".into()));
        assert_eq!(found("A.T"), Some("a.t".into()));
        assert_eq!(found("x.u"), Some("u".into()));
        assert_eq!(found("t"), Some("T".into()));
        assert_eq!(found("c.v"), None);
    }

    #[test]
    fn the_later_declaration_wins() {
        let mut later = table("A.t");
        later.checks.push("x > 0".into());
        let catalog = Catalog::from(vec![table("a.t"), later.clone()]);
        assert_eq!(catalog.tables(), [later]);
    }
}
