//! Tables under construction: declarations come in any order, contradictions are reported, and what
//! remains is consistent.

mod finish;

use std::collections::HashMap;

use super::constraint::{Constraint, DeclaredForeignKey, Name, Rule};
use super::index::{DeclaredIndex, IndexPart, Uniqueness};
use super::mentions::mentions;
use super::problem::{CatalogProblem, Place, ProblemKind};
use super::{Column, Table};

/// A table under construction: its constraints are put into it at the end.
#[derive(Default)]
struct Draft {
    table: Table,
    /// Whether names that differ in case alone make it uncertain what a constraint is about.
    is_doubtful: bool,
    /// The columns by name: a schema may have hundreds of thousands.
    positions: HashMap<String, usize>,
    constraints: Vec<Constraint>,
    indexes: Vec<DeclaredIndex>,
}

/// Collects declarations.
#[derive(Default)]
pub(super) struct Builder {
    drafts: Vec<Option<Draft>>,
    by_name: HashMap<Vec<String>, usize>,
    by_last_part: HashMap<String, Vec<usize>>,
    /// Names of keys, in lower case → the tables that have, or had, one of the name.
    by_key_name: HashMap<String, Vec<usize>>,
    /// The same of indexes that are no keys.
    by_index_name: HashMap<String, Vec<usize>>,
    /// Last parts of names, in lower case → the tables that refer to one of the name.
    referring: HashMap<String, Vec<usize>>,
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

    /// Starts a table and gives its number; one of the same name is replaced. One whose name differs in case
    /// alone may be another table: then nothing is certain of either.
    pub(super) fn table(&mut self, name: Vec<String>) -> usize {
        let other = self.by_name.get(&key_of(&name)).and_then(|&at| self.drafts[at].as_ref());
        let is_doubtful = other.is_some_and(|draft| draft.is_doubtful || draft.table.name != name);
        self.drop_table(&name);
        let at = self.drafts.len();
        self.name_table(at, &name);
        let table = Table { name, ..Table::default() };
        self.drafts.push(Some(Draft { table, is_doubtful, ..Draft::default() }));
        at
    }

    /// The number of the table of this name: exactly this name, or the one table whose name ends so.
    pub(super) fn find(&self, name: &[String]) -> Option<usize> {
        let key = key_of(name);
        self.by_name.get(&key).copied().or_else(|| {
            let agrees = |at: &&usize| {
                let other = self.drafts[**at].as_ref().map(|draft| key_of(&draft.table.name));
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

    /// Drops a table, and the foreign keys that refer to it: one that is made anew under its name has none.
    pub(super) fn drop_table(&mut self, name: &[String]) -> bool {
        let Some(at) = self.unname_table(name) else { return false };
        self.forget_references(name);
        self.drafts[at].take().is_some()
    }

    /// Drops the foreign keys that refer to a table.
    fn forget_references(&mut self, name: &[String]) {
        let key = key_of(name);
        let referring = key.last().and_then(|last| self.referring.remove(last)).unwrap_or_default();
        for &at in &referring {
            let Some(draft) = self.draft(at) else { continue };
            draft.constraints.retain(|constraint| match &constraint.rule {
                Rule::ForeignKey { table, .. } => {
                    let other = key_of(table);
                    !(other.ends_with(&key) || key.ends_with(&other))
                }
                _ => true,
            });
        }
        if let Some(last) = key.last().filter(|_| !referring.is_empty()) {
            self.referring.insert(last.clone(), referring);
        }
    }

    /// Gives a table another name; another one of that name is replaced.
    pub(super) fn rename_table(&mut self, at: usize, mut name: Vec<String>) {
        let Some(mut draft) = self.drafts[at].take() else { return };
        let table = &mut draft.table;
        if name.len() == 1 && table.name.len() > 1 {
            let qualifier = table.name[..table.name.len() - 1].to_vec();
            name.splice(0..0, qualifier);
        }
        self.unname_table(&table.name);
        self.drop_table(&name);
        self.name_table(at, &name);
        table.name = name;
        self.drafts[at] = Some(draft);
    }

    /// Gives each of two tables the name of the other.
    pub(super) fn swap_tables(&mut self, one: usize, other: usize) {
        self.drafts.swap(one, other);
        let mut names = [one, other].map(|at| self.get(at).map(|table| std::mem::take(&mut table.name)));
        names.swap(0, 1);
        for (at, name) in [one, other].into_iter().zip(names) {
            if let (Some(table), Some(name)) = (self.get(at), name) {
                table.name = name;
            }
        }
    }

    /// The table without its constraints, which are put into it at the end.
    pub(super) fn get(&mut self, at: usize) -> Option<&mut Table> {
        self.draft(at).map(|draft| &mut draft.table)
    }

    /// The last part of the name of a table.
    pub(super) fn last_name(&self, at: usize) -> Option<&str> {
        self.drafts.get(at)?.as_ref()?.table.name.last().map(String::as_str)
    }

    fn draft(&mut self, at: usize) -> Option<&mut Draft> {
        self.drafts.get_mut(at)?.as_mut()
    }

    /// The columns as they are now; those of the primary key are NOT NULL.
    pub(super) fn columns(&self, at: usize) -> Vec<Column> {
        let Some(Some(draft)) = self.drafts.get(at) else { return Vec::new() };
        let mut columns = draft.table.columns.clone();
        for constraint in &draft.constraints {
            if let Rule::PrimaryKey { columns: key, takes_null: false } = &constraint.rule {
                key.iter().for_each(|&column| columns[column as usize].not_null = true);
            }
        }
        columns
    }

    /// Adds a column unless there is one of its name already.
    pub(super) fn column(&mut self, table: usize, column: Column, at: Place) -> Option<usize> {
        let known = self.position(table, &column.name);
        let draft = self.draft(table)?;
        let declared = &mut draft.table;
        if let Some(known) = known {
            draft.is_doubtful |= declared.columns[known].name != column.name;
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
        draft.positions.insert(name, position);
        Some(position)
    }

    /// The position of the column of this name, in any case.
    pub(super) fn position(&self, table: usize, name: &str) -> Option<usize> {
        self.drafts.get(table)?.as_ref()?.positions.get(&name.to_ascii_lowercase()).copied()
    }

    /// The type of the column of this name, where one is declared.
    pub(super) fn data_type(&self, table: usize, name: &str) -> Option<&str> {
        let at = self.position(table, name)?;
        self.drafts[table].as_ref()?.table.columns[at].data_type.as_deref()
    }

    /// Gives a column another name, which no other one has.
    pub(super) fn rename_column(&mut self, table: usize, old: &str, new: String, at: Place) {
        let (from, taken) = (self.position(table, old), self.position(table, &new));
        let Some(draft) = self.draft(table) else { return };
        let declared = &mut draft.table;
        match (from, taken) {
            (None, _) => {
                let message = format!("{} has no column {old}", declared.name.join("."));
                self.contradiction(at, message);
            }
            (Some(position), taken) if taken.is_none_or(|taken| taken == position) => {
                let key = new.to_ascii_lowercase();
                declared.columns[position].name = new;
                draft.positions.remove(&old.to_ascii_lowercase());
                draft.positions.insert(key, position);
                self.forget_conditions(table, old, true);
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
        let Some(draft) = self.draft(table) else { return };
        let Some(position) = position else {
            if !if_exists {
                let message = format!("{} has no column {name}", draft.table.name.join("."));
                self.contradiction(at, message);
            }
            return;
        };
        draft.table.columns.remove(position);
        draft.constraints.retain(|constraint| !constraint.rule.reads(position));
        draft.indexes.retain(|index| !index.reads(position, name));
        draft.indexes.iter_mut().for_each(|index| index.move_up(position));
        for column in draft.constraints.iter_mut().flat_map(|constraint| constraint.rule.columns_mut()) {
            *column -= u32::from(*column as usize > position);
        }
        draft.positions.remove(&name.to_ascii_lowercase());
        draft.positions.values_mut().filter(|at| **at > position).for_each(|at| *at -= 1);
        self.forget_conditions(table, name, false);
    }

    /// Takes away the conditions in which the name of a column occurs: they are texts, and what the name will stand
    /// for is another thing. They may hold all the same.
    pub(super) fn forget_conditions(&mut self, table: usize, column: &str, may_hold: bool) {
        let Some(draft) = self.draft(table) else { return };
        let Draft { table, constraints, .. } = draft;
        constraints.retain(|constraint| match &constraint.rule {
            Rule::Check(text) if mentions(text, column) => {
                table.left_out.extend(may_hold.then(|| format!("CHECK ({text})")));
                false
            }
            _ => true,
        });
    }

    /// The positions of the columns of a constraint; reports the first that is missing.
    pub(super) fn positions(
        &mut self,
        table: usize,
        what: &str,
        columns: &[(String, Place)],
    ) -> Option<Vec<u32>> {
        let declared = &self.drafts.get(table)?.as_ref()?.table;
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

    fn constrain(&mut self, table: usize, name: Name, rule: Rule) {
        if let Rule::ForeignKey { table: other, .. } = &rule
            && let Some(last) = other.last()
        {
            let referring = self.referring.entry(last.to_lowercase()).or_default();
            if referring.last() != Some(&table) {
                referring.push(table);
            }
        }
        if let (Name::Given(name) | Name::Implied(name), Rule::PrimaryKey { .. } | Rule::Unique { .. }) =
            (&name, &rule)
        {
            let tables = self.by_key_name.entry(name.to_lowercase()).or_default();
            if tables.last() != Some(&table) {
                tables.push(table);
            }
        }
        if let Some(draft) = self.draft(table) {
            draft.constraints.push(Constraint { name, rule, doubt: None });
        }
    }

    pub(super) fn primary_key(
        &mut self,
        table: usize,
        name: Name,
        columns: &[(String, Place)],
        takes_null: bool,
        at: Place,
    ) {
        let Some(mut positions) = self.positions(table, "the primary key", columns) else { return };
        positions.dedup();
        let Some(draft) = self.draft(table) else { return };
        let other = draft.constraints.iter().find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey { columns, .. } => Some(columns),
            _ => None,
        });
        match other {
            Some(other) if *other == positions => {}
            Some(_) => {
                let name = draft.table.name.join(".");
                let message = format!("{name} has a primary key already; the first one counts");
                self.contradiction(at, message);
            }
            None => self.constrain(table, name, Rule::PrimaryKey { columns: positions, takes_null }),
        }
    }

    pub(super) fn unique(
        &mut self,
        table: usize,
        name: Name,
        columns: &[(String, Place)],
        has_one_null: bool,
    ) {
        if let Some(positions) = self.positions(table, "a unique key", columns)
            && !positions.is_empty()
        {
            self.constrain(table, name, Rule::Unique { columns: positions, has_one_null });
        }
    }

    /// Adds an index that is no key; what is unique about it, if anything is.
    pub(super) fn index(
        &mut self,
        table: usize,
        name: Name,
        parts: Vec<IndexPart>,
        unique: Option<Uniqueness>,
    ) {
        if let Name::Given(name) | Name::Implied(name) = &name {
            self.by_index_name.entry(name.to_lowercase()).or_default().push(table);
        }
        if let Some(draft) = self.draft(table).filter(|_| !parts.is_empty()) {
            draft.indexes.push(DeclaredIndex { name, parts, unique });
        }
    }

    /// Drops the index of this name that is no key: of the table, or of whichever table has it.
    pub(super) fn drop_index(&mut self, table: Option<usize>, name: &str) {
        let tables = match table {
            Some(table) => vec![table],
            None => self.by_index_name.get(&name.to_lowercase()).cloned().unwrap_or_default(),
        };
        for at in tables {
            if let Some(draft) = self.draft(at) {
                draft.indexes.retain(|index| !index.name.is(name));
            }
        }
    }

    /// Gives the index of this name that is no key, of whichever table, another one.
    pub(super) fn rename_index(&mut self, old: &str, new: &str) {
        for table in self.by_index_name.get(&old.to_lowercase()).cloned().unwrap_or_default() {
            let Some(draft) = self.draft(table) else { continue };
            for index in draft.indexes.iter_mut().filter(|index| index.name.is(old)) {
                index.name = Name::Given(new.to_owned());
            }
            self.by_index_name.entry(new.to_lowercase()).or_default().push(table);
        }
    }

    pub(super) fn check(&mut self, table: usize, name: Name, condition: String) {
        self.constrain(table, name, Rule::Check(condition));
    }

    pub(super) fn foreign_key(&mut self, table: usize, name: Name, key: DeclaredForeignKey) {
        if let Some(columns) = self.positions(table, "a foreign key", &key.columns) {
            let DeclaredForeignKey { table: other, referred, is_full, at, .. } = key;
            self.constrain(table, name, Rule::ForeignKey { columns, table: other, referred, is_full, at });
        }
    }

    /// Says whether NULL is excluded from a column. A name is that by which NOT NULL may be dropped.
    pub(super) fn not_null(&mut self, table: usize, column: &(String, Place), not_null: bool, name: Name) {
        let position = self.position(table, &column.0);
        let Some(draft) = self.draft(table) else { return };
        let Some(position) = position else {
            let message = format!("{} has no column {}", draft.table.name.join("."), column.0);
            return self.contradiction(column.1.clone(), message);
        };
        if std::mem::replace(&mut draft.table.columns[position].not_null, not_null) {
            let is_other = |rule: &Rule| !matches!(rule, Rule::NotNull(at) if *at as usize == position);
            draft.constraints.retain(|constraint| is_other(&constraint.rule));
        }
        if not_null
            && name != Name::Unknown
            && let Ok(position) = u32::try_from(position)
        {
            self.constrain(table, name, Rule::NotNull(position));
        }
    }

    /// Drops the constraint of this name. Where none has it, it is one whose name the database made up:
    /// then no constraint without a name is left.
    pub(super) fn drop_constraint(&mut self, table: usize, name: &str) {
        let Some(draft) = self.draft(table) else { return };
        let Draft { table: declared, constraints, .. } = draft;
        let dropped: Vec<_> = constraints.extract_if(.., |constraint| constraint.name.is(name)).collect();
        let mut loses_key = dropped.is_empty();
        if dropped.is_empty() {
            let gone = constraints.extract_if(.., |constraint| !matches!(constraint.name, Name::Given(_)));
            // All of these may hold but one.
            declared.left_out.extend(gone.filter_map(|constraint| match constraint.rule {
                Rule::Check(text) => Some(format!("CHECK ({text})")),
                _ => None,
            }));
            free_columns(declared, constraints);
        }
        for constraint in dropped {
            loses_key |= constraint.rule.is_key();
            if let Rule::NotNull(column) = constraint.rule {
                declared.columns[column as usize].not_null = false;
            }
        }
        if loses_key {
            let name = declared.name.clone();
            self.forget_references(&name);
        }
    }

    /// Whether a constraint of the table goes by this name.
    pub(super) fn has_constraint(&self, table: usize, name: &str) -> bool {
        let draft = self.drafts.get(table).and_then(Option::as_ref);
        draft.is_some_and(|draft| draft.constraints.iter().any(|constraint| constraint.name.is(name)))
    }

    /// Drops the unique key of this name: of the table, or of whichever table has it. An index of a name
    /// that no key has may be the one that the database made for a key without a name.
    pub(super) fn drop_key(&mut self, table: Option<usize>, name: &str) {
        let tables = match table {
            Some(table) => vec![table],
            None => self.by_key_name.get(&name.to_lowercase()).cloned().unwrap_or_default(),
        };
        for at in tables {
            let Some(draft) = self.draft(at) else { continue };
            let is_it = |constraint: &Constraint| constraint.rule.is_key() && constraint.name.is(name);
            let is_known = draft.constraints.iter().any(is_it);
            draft.constraints.retain(|constraint| {
                let is_nameless = !is_known
                    && matches!(constraint.rule, Rule::Unique { .. })
                    && constraint.name == Name::Unknown;
                !is_it(constraint) && !is_nameless
            });
        }
    }

    pub(super) fn drop_primary_key(&mut self, table: usize) {
        self.retain(table, |rule| !matches!(rule, Rule::PrimaryKey { .. }));
    }

    pub(super) fn drop_keys(&mut self, table: usize) {
        self.retain(table, |rule| !rule.is_key());
        self.let_repeat(table);
    }

    /// Lets what is unique by an index alone occur more than once.
    fn let_repeat(&mut self, table: usize) {
        if let Some(draft) = self.draft(table) {
            draft.indexes.retain(|index| index.unique.is_none());
        }
    }

    pub(super) fn drop_foreign_keys(&mut self, table: usize) {
        self.retain(table, |rule| !matches!(rule, Rule::ForeignKey { .. }));
    }

    /// Drops what holds for the rows of the table, but not for those of the tables that inherit from it.
    pub(super) fn open_to_heirs(&mut self, table: usize) {
        let columns = self.columns(table);
        if let Some(table) = self.get(table) {
            table.columns = columns;
        }
        self.retain(table, |rule| matches!(rule, Rule::NotNull(_) | Rule::Check(_)));
        self.let_repeat(table);
    }

    /// Says that the rows of a table are rows of another one too.
    pub(super) fn adopt(&mut self, table: usize, parent: Vec<String>, is_partition: bool) {
        if let Some(table) = self.get(table) {
            table.parents.push(parent);
            table.is_partition |= is_partition;
        }
    }

    fn retain(&mut self, table: usize, keep: impl Fn(&Rule) -> bool) {
        let Some(draft) = self.draft(table) else { return };
        let before = draft.constraints.iter().filter(|constraint| constraint.rule.is_key()).count();
        draft.constraints.retain(|constraint| keep(&constraint.rule));
        let after = draft.constraints.iter().filter(|constraint| constraint.rule.is_key()).count();
        if after < before {
            let name = draft.table.name.clone();
            self.forget_references(&name);
        }
    }

    /// Drops every constraint of a table.
    pub(super) fn free(&mut self, table: usize) {
        if let Some(draft) = self.draft(table) {
            draft.constraints.clear();
            draft.indexes.retain(|index| index.unique.is_none());
            free_columns(&mut draft.table, &[]);
            let name = draft.table.name.clone();
            self.forget_references(&name);
        }
    }

    pub(super) fn rename_constraint(&mut self, table: usize, old: &str, new: &str) {
        let Some(draft) = self.draft(table) else { return };
        let mut is_key = false;
        for constraint in draft.constraints.iter_mut().filter(|constraint| constraint.name.is(old)) {
            constraint.name = Name::Given(new.to_owned());
            is_key |= constraint.rule.is_key();
        }
        if is_key {
            self.by_key_name.entry(new.to_lowercase()).or_default().push(table);
        }
    }

    /// Gives the key of this name, of whichever table, another one.
    pub(super) fn rename_key(&mut self, old: &str, new: &str) {
        for table in self.by_key_name.get(&old.to_lowercase()).cloned().unwrap_or_default() {
            self.rename_constraint(table, old, new);
        }
    }

    /// Says that rows which were there before the constraint that was declared last may break it. It is given as
    /// written.
    pub(super) fn doubt_last(&mut self, table: usize, written: String) {
        if let Some(constraint) = self.draft(table).and_then(|draft| draft.constraints.last_mut()) {
            constraint.doubt = Some(written);
        }
    }

    /// The conditions that the rows of a table keep, as written.
    pub(super) fn checks(&self, table: &[String]) -> Vec<String> {
        let draft = self.find(table).and_then(|at| self.drafts[at].as_ref());
        let constraints = draft.into_iter().flat_map(|draft| &draft.constraints);
        let check = |constraint: &Constraint| match &constraint.rule {
            Rule::Check(text) => Some(text.clone()),
            _ => None,
        };
        constraints.filter_map(check).collect()
    }

    /// Takes note of a constraint that is none of those a table has, as written.
    pub(super) fn leave_out(&mut self, table: usize, written: String) {
        if let Some(draft) = self.draft(table) {
            draft.table.left_out.push(written);
        }
    }

    /// Says that every row keeps the constraint of this name.
    pub(super) fn validate(&mut self, table: usize, name: &str) {
        let constraints = self.draft(table).map(|draft| draft.constraints.iter_mut()).into_iter().flatten();
        constraints.filter(|constraint| constraint.name.is(name)).for_each(|one| one.doubt = None);
    }

    /// How many constraints a table has.
    pub(super) fn constraints(&self, table: usize) -> usize {
        self.drafts.get(table).and_then(Option::as_ref).map_or(0, |draft| draft.constraints.len())
    }
}

/// Lets NULL into the columns, but for those whose NOT NULL has a name.
fn free_columns(table: &mut Table, constraints: &[Constraint]) {
    for (at, column) in table.columns.iter_mut().enumerate() {
        column.not_null = constraints
            .iter()
            .any(|constraint| matches!(&constraint.rule, Rule::NotNull(own) if *own as usize == at));
    }
}
