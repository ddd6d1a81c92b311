//! Tables that nobody reads: declared by a catalog or written by a query, and read by none.

use std::collections::{BTreeMap, BTreeSet};

use sqm_domain::CatalogName;
use sqm_sql::catalog::Catalog;
use sqm_store::References;

/// What is known of the tables of a workspace, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Tables {
    declared: BTreeMap<String, CatalogName>,
    read: BTreeSet<String>,
    written: BTreeMap<String, usize>,
}

/// A table that nobody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadTable<'a> {
    pub name: &'a str,
    /// The catalog that declares it.
    pub catalog: Option<&'a CatalogName>,
    /// How many queries write it.
    pub writers: usize,
}

impl Tables {
    pub(super) fn declare(&mut self, name: &CatalogName, catalog: &Catalog) {
        for table in catalog.tables() {
            self.declared.entry(table.name.join(".").to_lowercase()).or_insert_with(|| name.clone());
        }
    }

    pub(super) fn add(&mut self, references: &References) {
        self.read.extend(references.reads.iter().map(|name| name.to_lowercase()));
        for name in &references.writes {
            *self.written.entry(name.to_lowercase()).or_default() += 1;
        }
    }

    /// Those that no query reads, by name. A name that is said with more or fewer parts may be the same table, so it
    /// counts as read.
    pub(super) fn dead(&self) -> Vec<DeadTable<'_>> {
        let mut ends: BTreeSet<&str> = BTreeSet::new();
        for name in &self.read {
            ends.extend(suffixes(name));
        }
        let is_read = |name: &str| ends.contains(name) || suffixes(name).any(|end| self.read.contains(end));
        let names: BTreeSet<&String> = self.declared.keys().chain(self.written.keys()).collect();
        let dead = names.into_iter().filter(|name| !is_read(name));
        dead.map(|name| DeadTable {
            name,
            catalog: self.declared.get(name),
            writers: self.written.get(name).copied().unwrap_or(0),
        })
        .collect()
    }
}

/// A name and what is left of it without its first parts.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use super::*;

    #[test]
    fn what_nobody_reads_is_dead_by_whatever_name() {
        let mut tables = Tables::default();
        let ddl = "CREATE TABLE s.orders (a INT); CREATE TABLE s.items (a INT); CREATE TABLE s.old (a INT)";
        let shop = "shop".parse().unwrap();
        tables.declare(&shop, &Catalog::from_ddl(ddl, Dialect::Postgres).unwrap().0);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        tables.add(&References {
            reads: names(&["ORDERS", "db.s.items"]),
            writes: names(&["log", "s.orders"]),
        });
        tables.add(&References { reads: names(&[]), writes: names(&["log"]) });
        let expected = [
            DeadTable { name: "log", catalog: None, writers: 2 },
            DeadTable { name: "s.old", catalog: Some(&shop), writers: 0 },
        ];
        assert_eq!(tables.dead(), expected);
    }
}
