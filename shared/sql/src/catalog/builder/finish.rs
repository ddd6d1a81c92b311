//! The catalog out of what was declared: constraints go into their tables, foreign keys find their other end, and
//! partitions keep what the whole table keeps.

use std::collections::HashMap;

use super::{Builder, Draft};
use crate::catalog::constraint::Rule;
use crate::catalog::index::{DeclaredIndex, UniqueIndex, Uniqueness};
use crate::catalog::problem::{CatalogProblem, Place};
use crate::catalog::{Catalog, ForeignKey, Table};

impl Builder {
    /// The catalog, with the foreign keys whose other end exists, and all problems in the order found.
    pub(in crate::catalog) fn finish(mut self) -> (Catalog, Vec<CatalogProblem>) {
        let mut foreign_keys = Vec::new();
        let mut null_keys = HashMap::new();
        for at in 0..self.drafts.len() {
            if self.drafts[at].as_ref().is_some_and(|draft| draft.is_doubtful) {
                self.free(at);
            }
            let columns = self.columns(at);
            let Some(Draft { table, is_doubtful, constraints, indexes, .. }) = self.draft(at) else {
                continue;
            };
            table.columns = columns;
            table.is_ambiguous = *is_doubtful;
            for DeclaredIndex { parts, unique, .. } in indexes.drain(..) {
                let is_whole = unique.as_ref().is_none_or(|unique| unique.condition.is_none());
                if is_whole && !table.indexes.contains(&parts) {
                    table.indexes.push(parts.clone());
                }
                if let Some(Uniqueness { condition, has_one_null }) = unique {
                    table.unique_indexes.push(UniqueIndex { parts, condition, has_one_null });
                }
            }
            for constraint in constraints.drain(..) {
                if let Some(written) = constraint.doubt {
                    table.left_out.push(written);
                    continue;
                }
                match constraint.rule {
                    Rule::PrimaryKey { columns, takes_null } => {
                        let is_open = |&column: &u32| !table.columns[column as usize].not_null;
                        if takes_null && columns.iter().any(is_open) {
                            null_keys.insert(at, columns.clone());
                            table.unique.push(columns);
                        } else {
                            table.primary_key = columns;
                        }
                    }
                    Rule::Unique { columns, has_one_null } => {
                        if has_one_null && !table.null_once.contains(&columns) {
                            table.null_once.push(columns.clone());
                        }
                        if !table.unique.contains(&columns) {
                            table.unique.push(columns);
                        }
                    }
                    Rule::NotNull(_) => {}
                    Rule::Check(condition) => table.checks.push(condition),
                    Rule::ForeignKey { columns, table: other, referred, is_full, at: place } => {
                        if is_full && columns.len() > 1 {
                            table.whole_or_null.push(columns.clone());
                        }
                        foreign_keys.push((
                            at,
                            ForeignKey { columns, table: other, referred_columns: referred },
                            place,
                        ));
                    }
                }
            }
        }
        for (from, key, at) in foreign_keys {
            self.finish_foreign_key(from, key, at, &null_keys);
        }
        let tables: Vec<Table> = self.drafts.into_iter().flatten().map(|draft| draft.table).collect();
        let mut catalog = Catalog::from(tables);
        let parts: Vec<Table> = catalog.tables.iter().filter(|table| table.is_partition).cloned().collect();
        for mut part in parts {
            for whole in std::mem::take(&mut part.parents) {
                if let Some(whole) = catalog.find(&whole) {
                    inherit(&mut part, whole);
                }
                part.parents.push(whole);
            }
            catalog.insert(part);
        }
        (catalog, self.problems)
    }

    fn finish_foreign_key(
        &mut self,
        from: usize,
        mut key: ForeignKey,
        at: Place,
        null_keys: &HashMap<usize, Vec<u32>>,
    ) {
        let other = self.find(&key.table);
        let draft = other.and_then(|other| self.drafts[other].as_ref());
        if let (Some(other), Some(draft)) = (other, draft)
            && key.referred_columns.is_empty()
            && let Some(columns) = null_keys.get(&other)
        {
            let names = columns.iter().map(|&column| draft.table.columns[column as usize].name.clone());
            key.referred_columns = names.collect();
        }
        let problem = match draft.map(|draft| &draft.table) {
            None => Some(format!("no table {} is declared", key.table.join("."))),
            Some(table) => {
                let referred = &key.referred_columns;
                let missing = referred.iter().find(|name| table.column(name).is_none());
                let wanted = if referred.is_empty() { table.primary_key.len() } else { referred.len() };
                match missing {
                    Some(name) => Some(format!("{} has no column {name}", table.name.join("."))),
                    None if wanted == 0 => {
                        Some(format!("{} has no primary key to refer to", table.name.join(".")))
                    }
                    None if wanted != key.columns.len() => {
                        Some(format!("{} columns refer to {wanted}", key.columns.len()))
                    }
                    None => None,
                }
            }
        };
        if let Some(problem) = problem {
            return self.contradiction(at, format!("the foreign key is left out: {problem}"));
        }
        if let Some(table) = self.get(from)
            && !table.foreign_keys.contains(&key)
        {
            table.foreign_keys.push(key);
        }
    }
}

/// Has a partition keep what the whole table keeps.
fn inherit(part: &mut Table, whole: &Table) {
    let own = |at: &u32| {
        let position = part.column(&whole.columns.get(*at as usize)?.name)?;
        u32::try_from(position).ok()
    };
    let all = |columns: &[u32]| columns.iter().map(own).collect::<Option<Vec<u32>>>();
    let primary_key = all(&whole.primary_key);
    let unique: Vec<Vec<u32>> = whole.unique.iter().filter_map(|columns| all(columns)).collect();
    let null_once: Vec<Vec<u32>> = whole.null_once.iter().filter_map(|columns| all(columns)).collect();
    let foreign_keys: Vec<ForeignKey> = whole
        .foreign_keys
        .iter()
        .filter_map(|key| Some(ForeignKey { columns: all(&key.columns)?, ..key.clone() }))
        .collect();
    if let Some(key) = primary_key.filter(|_| part.primary_key.is_empty()) {
        key.iter().for_each(|&at| part.columns[at as usize].not_null = true);
        part.primary_key = key;
    }
    part.unique.extend(unique);
    part.null_once.extend(null_once);
    part.foreign_keys.extend(foreign_keys);
    part.checks.extend(whole.checks.iter().cloned());
    part.left_out.extend(whole.left_out.iter().cloned());
}
