//! Tables under construction: declarations come in any order, contradictions are reported, and what
//! remains is consistent.

use std::collections::HashMap;

use super::problem::{CatalogProblem, Place, ProblemKind};
use super::{Catalog, Column, ForeignKey, Table};

/// A foreign key as declared, before it is known whether what it refers to exists.
pub(super) struct DeclaredForeignKey {
    pub(super) from: usize,
    pub(super) columns: Vec<(String, Place)>,
    pub(super) table: Vec<String>,
    pub(super) referred: Vec<String>,
    pub(super) at: Place,
}

/// Collects declarations.
#[derive(Default)]
pub(super) struct Builder {
    tables: Vec<Option<Table>>,
    /// The columns of each table by name: a schema may have hundreds of thousands.
    positions: Vec<HashMap<String, usize>>,
    by_name: HashMap<Vec<String>, usize>,
    by_last_part: HashMap<String, Vec<usize>>,
    foreign_keys: Vec<DeclaredForeignKey>,
    problems: Vec<CatalogProblem>,
}

fn key_of(name: &[String]) -> Vec<String> {
    name.iter().map(|part| part.to_lowercase()).collect()
}

impl Builder {
    pub(super) fn report(&mut self, kind: ProblemKind, at: Place, message: String) {
        self.problems.push(CatalogProblem { kind, message, at });
    }

    pub(super) fn contradiction(&mut self, at: Place, message: String) {
        self.report(ProblemKind::Contradiction, at, message);
    }

    /// Starts a table and gives its number; one of the same name is replaced.
    pub(super) fn table(&mut self, name: Vec<String>) -> usize {
        self.drop_table(&name);
        let at = self.tables.len();
        self.name_table(at, &name);
        self.tables.push(Some(Table { name, ..Table::default() }));
        self.positions.push(HashMap::new());
        at
    }

    /// The number of the table of this name: exactly this name, or the one table whose name ends so.
    pub(super) fn find(&self, name: &[String]) -> Option<usize> {
        let key = key_of(name);
        self.by_name.get(&key).copied().or_else(|| {
            let agrees = |at: &&usize| {
                let other = self.tables[**at].as_ref().map(|table| key_of(&table.name));
                other.is_some_and(|other| other.ends_with(&key) || key.ends_with(&other))
            };
            let mut same = self.by_last_part.get(key.last()?)?.iter().filter(agrees);
            match (same.next(), same.next()) {
                (Some(at), None) => Some(*at),
                _ => None,
            }
        })
    }

    fn name_table(&mut self, at: usize, name: &[String]) {
        let key = key_of(name);
        self.by_last_part.entry(key.last().cloned().unwrap_or_default()).or_default().push(at);
        self.by_name.insert(key, at);
    }

    /// Forgets the name of a table, which is that of this number.
    fn unname_table(&mut self, name: &[String]) -> Option<usize> {
        let key = key_of(name);
        let at = self.by_name.remove(&key)?;
        let same = self.by_last_part.get_mut(key.last()?)?;
        same.retain(|&other| other != at);
        Some(at)
    }

    pub(super) fn knows(&self, name: &[String]) -> bool {
        self.by_name.contains_key(&key_of(name))
    }

    pub(super) fn drop_table(&mut self, name: &[String]) -> bool {
        let Some(at) = self.unname_table(name) else { return false };
        self.foreign_keys.retain(|key| key.from != at);
        self.tables[at].take().is_some()
    }

    /// Gives a table another name; another one of that name is replaced.
    pub(super) fn rename_table(&mut self, at: usize, mut name: Vec<String>) {
        let Some(mut table) = self.tables[at].take() else { return };
        if name.len() == 1 && table.name.len() > 1 {
            let qualifier = table.name[..table.name.len() - 1].to_vec();
            name.splice(0..0, qualifier);
        }
        self.unname_table(&table.name);
        self.drop_table(&name);
        self.name_table(at, &name);
        table.name = name;
        self.tables[at] = Some(table);
    }

    pub(super) fn get(&mut self, at: usize) -> Option<&mut Table> {
        self.tables.get_mut(at)?.as_mut()
    }

    /// Adds a column unless there is one of its name already.
    pub(super) fn column(&mut self, table: usize, column: Column, at: Place) -> Option<usize> {
        let known = self.position(table, &column.name);
        let declared = self.get(table)?;
        if known.is_some() {
            let message = format!(
                "{} has a column {} already; the first one counts",
                declared.name.join("."),
                column.name
            );
            self.contradiction(at, message);
            return None;
        }
        let (name, position) = (column.name.to_ascii_lowercase(), declared.columns.len());
        declared.columns.push(column);
        self.positions[table].insert(name, position);
        Some(position)
    }

    /// The position of the column of this name, in any case.
    pub(super) fn position(&self, table: usize, name: &str) -> Option<usize> {
        self.positions.get(table)?.get(&name.to_ascii_lowercase()).copied()
    }

    /// Gives a column another name, which no other one has.
    pub(super) fn rename_column(&mut self, table: usize, old: &str, new: String, at: Place) {
        let (from, taken) = (self.position(table, old), self.position(table, &new));
        let Some(declared) = self.get(table) else { return };
        match (from, taken) {
            (None, _) => {
                let message = format!("{} has no column {old}", declared.name.join("."));
                self.contradiction(at, message);
            }
            (Some(position), taken) if taken.is_none_or(|taken| taken == position) => {
                let key = new.to_ascii_lowercase();
                declared.columns[position].name = new;
                self.positions[table].remove(&old.to_ascii_lowercase());
                self.positions[table].insert(key, position);
            }
            _ => {
                let message = format!("{} has a column {new} already", declared.name.join("."));
                self.contradiction(at, message);
            }
        }
    }

    /// Removes a column with every constraint that rests on it; the others move up.
    pub(super) fn drop_column(&mut self, table: usize, name: &str, if_exists: bool, at: Place) {
        let position = self.position(table, name);
        let Some(declared) = self.get(table) else { return };
        let Some(position) = position else {
            if !if_exists {
                let message = format!("{} has no column {name}", declared.name.join("."));
                self.contradiction(at, message);
            }
            return;
        };
        declared.columns.remove(position);
        let without = |key: &[u32]| -> Vec<u32> {
            if key.iter().any(|&column| column as usize == position) {
                return Vec::new();
            }
            key.iter().map(|&column| column - u32::from(column as usize > position)).collect()
        };
        declared.primary_key = without(&declared.primary_key);
        declared.unique =
            declared.unique.iter().map(|key| without(key)).filter(|key| !key.is_empty()).collect();
        let positions = &mut self.positions[table];
        positions.remove(&name.to_ascii_lowercase());
        positions.values_mut().filter(|at| **at > position).for_each(|at| *at -= 1);
        self.foreign_keys.retain(|key| {
            key.from != table || key.columns.iter().all(|(column, _)| !column.eq_ignore_ascii_case(name))
        });
    }

    /// The positions of the columns of a constraint; reports the first that is missing.
    pub(super) fn positions(
        &mut self,
        table: usize,
        what: &str,
        columns: &[(String, Place)],
    ) -> Option<Vec<u32>> {
        let declared = self.tables.get(table)?.as_ref()?;
        let mut positions = Vec::with_capacity(columns.len());
        for (name, at) in columns {
            match self.position(table, name) {
                Some(position) => positions.push(u32::try_from(position).ok()?),
                None => {
                    let message =
                        format!("{what} of {} names no column of it: {name}", declared.name.join("."));
                    self.contradiction(at.clone(), message);
                    return None;
                }
            }
        }
        Some(positions)
    }

    pub(super) fn primary_key(&mut self, table: usize, columns: &[(String, Place)], at: Place) {
        let Some(mut positions) = self.positions(table, "the primary key", columns) else { return };
        positions.dedup();
        let Some(declared) = self.get(table) else { return };
        if !declared.primary_key.is_empty() && declared.primary_key != positions {
            let message =
                format!("{} has a primary key already; the first one counts", declared.name.join("."));
            return self.contradiction(at, message);
        }
        for &position in &positions {
            declared.columns[position as usize].not_null = true;
        }
        declared.primary_key = positions;
    }

    pub(super) fn unique(&mut self, table: usize, columns: &[(String, Place)]) {
        let Some(positions) = self.positions(table, "a unique key", columns) else { return };
        let Some(declared) = self.get(table) else { return };
        if !positions.is_empty() && !declared.unique.contains(&positions) {
            declared.unique.push(positions);
        }
    }

    pub(super) fn foreign_key(&mut self, key: DeclaredForeignKey) {
        self.foreign_keys.push(key);
    }

    /// The catalog, with the foreign keys whose other end exists, and all problems in the order found.
    pub(super) fn finish(mut self) -> (Catalog, Vec<CatalogProblem>) {
        for key in std::mem::take(&mut self.foreign_keys) {
            self.finish_foreign_key(key);
        }
        let tables: Vec<Table> = self.tables.into_iter().flatten().collect();
        (Catalog::from(tables), self.problems)
    }

    fn finish_foreign_key(&mut self, key: DeclaredForeignKey) {
        let Some(columns) = self.positions(key.from, "a foreign key", &key.columns) else { return };
        let other = self.find(&key.table).and_then(|at| self.tables[at].as_ref());
        let problem = match other {
            None => Some(format!("no table {} is declared", key.table.join("."))),
            Some(table) => {
                let missing = key.referred.iter().find(|name| table.column(name).is_none());
                let wanted =
                    if key.referred.is_empty() { table.primary_key.len() } else { key.referred.len() };
                match missing {
                    Some(name) => Some(format!("{} has no column {name}", table.name.join("."))),
                    None if wanted == 0 => {
                        Some(format!("{} has no primary key to refer to", table.name.join(".")))
                    }
                    None if wanted != columns.len() => {
                        Some(format!("{} columns refer to {wanted}", columns.len()))
                    }
                    None => None,
                }
            }
        };
        if let Some(problem) = problem {
            return self.contradiction(key.at, format!("the foreign key is left out: {problem}"));
        }
        if let Some(table) = self.get(key.from) {
            let key = ForeignKey { columns, table: key.table, referred_columns: key.referred };
            if !table.foreign_keys.contains(&key) {
                table.foreign_keys.push(key);
            }
        }
    }
}
