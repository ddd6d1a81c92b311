//! What a change of a catalog takes away: tables and columns that are no longer there, or have another type.

use serde::Serialize;
use sqm_sql::catalog::{Catalog, Table};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub kind: ChangeKind,
    pub table: String,
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
pub(crate) enum ChangeKind {
    TableDropped,
    ColumnDropped,
    /// A column is gone, and in its place stands one of the same type.
    ColumnRenamed,
    TypeChanged,
}

/// What of one catalog is another or not there in the other.
pub(crate) fn changes(before: &Catalog, after: &Catalog) -> Vec<Change> {
    let mut changes = Vec::new();
    for table in before.tables() {
        let name = table.name.join(".");
        match after.tables().iter().find(|other| other.name.join(".").eq_ignore_ascii_case(&name)) {
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
        let found = changes(&catalog(ddl), &catalog(&format!("{ddl};{change}")));
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
