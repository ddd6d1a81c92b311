//! What a change of a catalog takes away: tables and columns that are no longer there, or have another type.

use super::{Catalog, Table};
use std::collections::HashMap;

use serde::Serialize;

/// A change of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changes.
    pub kind: ChangeKind,
    /// The name of the table, with dots.
    pub table: String,
    /// The name of the column, where it is one that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The type before, or the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The type after, or the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A table is gone.
    TableDropped,
    /// A column is gone.
    ColumnDropped,
    /// A column is gone, and in its place stands one of the same type.
    ColumnRenamed,
    /// A column has another type.
    TypeChanged,
}

impl Catalog {
    /// What of it is another, or not there, in what it is to be. What is new there changes nothing that reads it.
    pub fn changes(&self, after: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut others: HashMap<String, &Table> = HashMap::new();
        for other in after.tables() {
            others.entry(other.name.join(".").to_ascii_lowercase()).or_insert(other);
        }
        for table in self.tables() {
            let name = table.name.join(".");
            match others.get(&name.to_ascii_lowercase()) {
                None => changes.push(Change {
                    kind: ChangeKind::TableDropped,
                    table: name,
                    column: None,
                    from: None,
                    to: None,
                }),
                Some(other) => columns(&name, table, other, &mut changes),
            }
        }
        changes
    }
}

fn columns(name: &str, before: &Table, after: &Table, changes: &mut Vec<Change>) {
    let find = |table: &Table, column: &str| {
        table.columns.iter().position(|other| other.name.eq_ignore_ascii_case(column))
    };
    for (at, column) in before.columns.iter().enumerate() {
        let change = |kind, from, to| Change {
            kind,
            table: name.to_owned(),
            column: Some(column.name.clone()),
            from,
            to,
        };
        match find(after, &column.name) {
            None => {
                let there = after.columns.get(at);
                let renamed = there.filter(|there| {
                    there.data_type == column.data_type && find(before, &there.name).is_none()
                });
                changes.push(match renamed {
                    Some(there) => change(ChangeKind::ColumnRenamed, None, Some(there.name.clone())),
                    None => change(ChangeKind::ColumnDropped, None, None),
                });
            }
            Some(place) => {
                let other = &after.columns[place];
                if other.data_type != column.data_type {
                    let (from, to) = (column.data_type.clone(), other.data_type.clone());
                    changes.push(change(ChangeKind::TypeChanged, from, to));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use super::*;

    #[test]
    fn what_is_taken_away() {
        let ddl = "CREATE TABLE a (x INT, y TEXT, z DATE); CREATE TABLE b (x INT); CREATE TABLE c (x INT)";
        let change = "ALTER TABLE a DROP COLUMN x; ALTER TABLE a RENAME COLUMN z TO day;
            ALTER TABLE a ALTER COLUMN y TYPE INT; DROP TABLE b; ALTER TABLE c ADD COLUMN n INT";
        let catalog = |ddl: &str| Catalog::from_ddl(ddl, Dialect::Postgres).unwrap().0;
        let found = catalog(ddl).changes(&catalog(&format!("{ddl};{change}")));
        let told: Vec<_> = found
            .iter()
            .map(|it| (it.kind, format!("{}.{}", it.table, it.column.as_deref().unwrap_or("*"))))
            .collect();
        assert_eq!(told.len(), 4, "{found:?}");
        assert!(told.contains(&(ChangeKind::TableDropped, "b.*".to_owned())));
        assert!(told.contains(&(ChangeKind::ColumnDropped, "a.x".to_owned())));
        assert!(told.contains(&(ChangeKind::TypeChanged, "a.y".to_owned())));
    }
}
