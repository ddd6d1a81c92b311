//! Tables and their columns, as far as the catalog or the script knows them.

use std::collections::HashMap;

use super::names::{Name, Names};
use super::values::{Node, Values};
use crate::catalog::{Catalog, Table};
use crate::ids::IdMap;

/// The number of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TableId(pub(crate) u32);

/// The number of a column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ColumnId(pub(crate) u32);

impl TableId {
    /// The table of columns whose table could not be told: `?`.
    pub(crate) const UNKNOWN: Self = Self(0);
    /// The table of a plain query's outputs: `<query>`.
    pub(crate) const QUERY: Self = Self(1);
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) table: TableId,
    pub(crate) name: Name,
    node: Option<Node>,
    /// Whether its table was said to have it.
    declared: bool,
}

#[derive(Debug)]
struct Entry {
    parts: Vec<Name>,
    /// Its position in the catalog.
    catalog: Option<u32>,
    /// All of its columns in order, once they are known.
    known: Option<Vec<ColumnId>>,
    /// Key → column.
    by_key: IdMap<Name, ColumnId>,
    /// Whether it is no table but what a record stands for.
    is_record: bool,
}

/// All tables met so far.
#[derive(Debug)]
pub(crate) struct Tables {
    entries: Vec<Entry>,
    columns: Vec<Column>,
    by_parts: HashMap<Vec<Name>, TableId>,
    /// Key of a record or cursor → the rows that it stands for.
    records: IdMap<Name, TableId>,
    pub(crate) default_db: Option<Name>,
    pub(crate) default_schema: Option<Name>,
    /// Whether the default database completes names of one part, as USE has it where there is no schema.
    pub(crate) completes_bare: bool,
    /// Whether tables whose names end in a day are the parts of one.
    pub(crate) has_shards: bool,
}

impl Tables {
    pub(crate) fn new(names: &mut Names) -> Self {
        let mut tables = Self {
            entries: Vec::new(),
            columns: Vec::new(),
            by_parts: HashMap::new(),
            records: IdMap::default(),
            default_db: None,
            default_schema: None,
            completes_bare: false,
            has_shards: false,
        };
        for name in ["?", "<query>"] {
            let part = names.exact(name);
            tables.add(vec![part], vec![part], None);
        }
        tables
    }

    fn add(&mut self, identity: Vec<Name>, parts: Vec<Name>, catalog: Option<u32>) -> TableId {
        let id = TableId(self.entries.len() as u32);
        self.entries.push(Entry { parts, catalog, known: None, by_key: IdMap::default(), is_record: false });
        self.by_parts.insert(identity, id);
        id
    }

    /// The table of this name, completed by the default database and schema.
    pub(crate) fn table(&mut self, mut parts: Vec<Name>, names: &mut Names, catalog: &Catalog) -> TableId {
        let is_path = parts.first().is_some_and(|&part| {
            let text = names.text(part);
            text.starts_with(['@', '#']) || text.contains('/')
        });
        if let (1, Some(schema), false) = (parts.len(), self.default_schema, is_path) {
            parts.insert(0, schema);
        }
        let completed = parts.len() == 2 || parts.len() == 1 && self.completes_bare;
        if let (true, Some(db), false) = (completed, self.default_db, is_path) {
            parts.insert(0, db);
        }
        if self.has_shards {
            self.join_shards(&mut parts, names, catalog);
        }
        let identity: Vec<Name> = parts.iter().map(|&part| names.identity(part)).collect();
        if let Some(&id) = self.by_parts.get(&identity) {
            return id;
        }
        let found = if catalog.is_empty() {
            None
        } else {
            let texts: Vec<&str> = parts.iter().map(|&part| names.text(part)).collect();
            catalog.find(&texts)
        };
        let at = found.map(|found| {
            // Its position by its address: a look through a large catalog for each table would be long.
            let from = catalog.tables().as_ptr().addr();
            ((std::ptr::from_ref(found).addr() - from) / size_of::<Table>()) as u32
        });
        let id = self.add(identity, parts, at);
        if let Some(table) = found.filter(|table| !table.columns.is_empty()) {
            let columns = table.columns.iter().map(|column| names.exact(&column.name)).collect::<Vec<_>>();
            self.define(id, &columns, names);
        }
        id
    }

    /// The rows that a record or cursor stands for.
    pub(crate) fn record(&self, key: Name) -> Option<TableId> {
        self.records.get(&key).copied()
    }

    /// Makes the rows that a record or cursor stands for from now on.
    pub(crate) fn new_record(&mut self, key: Name, names: &mut Names) -> TableId {
        let parts = vec![names.exact("(record)"), key];
        let table = self.add(parts.clone(), parts, None);
        self.entries[table.0 as usize].is_record = true;
        self.records.insert(key, table);
        table
    }

    /// The record that a variable is: its value is the column of its own name.
    pub(crate) fn variable(&mut self, key: Name, names: &mut Names) -> TableId {
        match self.records.get(&key) {
            Some(&table) => table,
            None => self.new_record(key, names),
        }
    }

    /// Says that a record stands for the rows of a cursor.
    pub(crate) fn same_record(&mut self, key: Name, table: TableId) {
        self.records.insert(key, table);
    }

    /// Whether these are the rows of a record.
    pub(crate) fn is_record(&self, table: TableId) -> bool {
        !self.records.is_empty() && self.entries[table.0 as usize].is_record
    }

    /// Whether there are any records.
    pub(crate) fn has_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Gives a part of a table the name of the whole, unless the catalog knows the part.
    fn join_shards(&self, parts: &mut [Name], names: &mut Names, catalog: &Catalog) {
        let Some(whole) = parts.last().and_then(|&last| super::shard::whole_of(names.text(last))) else {
            return;
        };
        let texts: Vec<&str> = parts.iter().map(|&part| names.text(part)).collect();
        if !catalog.is_empty() && catalog.find(&texts).is_some() {
            return;
        }
        if let Some(last) = parts.last_mut() {
            *last = names.exact(&whole);
        }
    }

    /// Says what columns a table has, in order.
    pub(crate) fn define(&mut self, table: TableId, columns: &[Name], names: &Names) {
        let mut known = Vec::with_capacity(columns.len());
        let entry = &mut self.entries[table.0 as usize];
        // Columns met before the table was known are found by key from now on.
        if entry.known.replace(Vec::new()).is_none() {
            for (name, column) in entry.by_key.clone() {
                entry.by_key.entry(names.key(name)).or_insert(column);
            }
        }
        for &name in columns {
            let column = self.intern(table, name, names);
            self.columns[column.0 as usize].declared = true;
            known.push(column);
        }
        self.entries[table.0 as usize].known = Some(known);
    }

    /// Forgets what columns a table has.
    pub(crate) fn forget(&mut self, table: TableId) {
        let entry = &mut self.entries[table.0 as usize];
        entry.known = None;
        entry.catalog = None;
    }

    /// The column of this name, made where it is new.
    pub(crate) fn intern(&mut self, table: TableId, name: Name, names: &Names) -> ColumnId {
        let next = ColumnId(self.columns.len() as u32);
        let entry = &mut self.entries[table.0 as usize];
        // Where nobody says what columns there are, names that differ in case may be different columns.
        let key = if entry.known.is_some() { names.key(name) } else { names.identity(name) };
        let found = *entry.by_key.entry(key).or_insert(next);
        if found == next {
            self.columns.push(Column { table, name, node: None, declared: false });
        }
        found
    }

    /// The column of this key among the known ones.
    pub(crate) fn find(&self, table: TableId, key: Name) -> Option<ColumnId> {
        let entry = &self.entries[table.0 as usize];
        entry.known.as_ref()?;
        let found = *entry.by_key.get(&key)?;
        self.columns[found.0 as usize].declared.then_some(found)
    }

    pub(crate) fn node(&mut self, column: ColumnId, values: &mut Values) -> Node {
        let entry = &mut self.columns[column.0 as usize];
        *entry.node.get_or_insert_with(|| values.source(column.0))
    }

    pub(crate) fn column(&self, column: ColumnId) -> &Column {
        &self.columns[column.0 as usize]
    }

    pub(crate) fn known_columns(&self, table: TableId) -> Option<&[ColumnId]> {
        self.entries[table.0 as usize].known.as_deref()
    }

    pub(crate) fn parts(&self, table: TableId) -> &[Name] {
        &self.entries[table.0 as usize].parts
    }

    pub(crate) fn ordinal(&self, table: TableId, column: ColumnId) -> Option<usize> {
        self.known_columns(table)?.iter().position(|&c| c == column)
    }

    pub(crate) fn catalog_table<'c>(&self, table: TableId, catalog: &'c Catalog) -> Option<&'c Table> {
        self.entries[table.0 as usize].catalog.and_then(|at| catalog.tables().get(at as usize))
    }
}
