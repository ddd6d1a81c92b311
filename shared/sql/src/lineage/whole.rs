//! The script from end to end: what its statements wrote, in terms of what it did not make.

use super::budget::Budget;
use super::closure::{Element, Mask, merged, through};
use super::edges::{Flow, Target};
use super::written::Written;
use crate::ids::{IdMap, IdSet};
use crate::scope::{Action, ColumnId, Outcome, Output, Scopes, TableId};
use crate::text::{Position, Span};

/// The script from end to end.
#[derive(Default)]
pub(super) struct Whole {
    /// Whether the statement at hand runs, and once.
    pub(super) is_certain: bool,
    /// Columns written, in order of their first value.
    order: Written,
    definitions: IdMap<ColumnId, (Grown, Span)>,
    rows: IdMap<TableId, Grown>,
    /// Tables that hold what the script put into them.
    filled: IdSet<TableId>,
    /// Tables that were there before the script, some of whose rows it changed: what it reads of them later
    /// are the old rows still.
    changed: IdSet<TableId>,
    /// Columns of those that got other values in every row.
    replaced: IdSet<ColumnId>,
    outputs: Vec<Target>,
    output_rows: Vec<Element>,
    sources: Vec<(TableId, Span)>,
    /// Each of those, by the name that it has now.
    found: IdSet<TableId>,
    written: Vec<(TableId, Span)>,
    /// Each of those.
    made: IdSet<TableId>,
    read_later: IdSet<TableId>,
    dropped: IdSet<TableId>,
    /// Tables that were there before the script under another name.
    renamed: IdMap<TableId, TableId>,
}

impl Whole {
    pub(super) fn add(
        &mut self,
        scopes: &mut Scopes<'_>,
        outcome: &Outcome,
        flow: Flow,
        budget: &mut Budget,
        at: Position,
    ) {
        for &(table, span) in &outcome.reads {
            if self.made.contains(&table) {
                self.read_later.insert(table);
            } else {
                self.sources.push((self.original(table), span));
                self.found.insert(table);
            }
        }
        let mut inherited: Vec<Element> = Vec::new();
        for (table, _) in &outcome.reads {
            inherited.extend(self.rows.get(table).into_iter().flat_map(|rows| &rows.list));
        }
        let mut targets = Vec::with_capacity(flow.targets.len());
        for target in flow.targets {
            let mut elements = self.expand(scopes, target.elements);
            if !budget.take(elements.len(), at) {
                elements = Vec::new();
            }
            targets.push(Target { elements, ..target });
        }
        let rows: Vec<(TableId, Vec<Element>)> = flow
            .rows
            .into_iter()
            .map(|(table, elements)| {
                let mut elements = self.expand(scopes, elements);
                elements.extend(&inherited);
                let elements = merged(elements);
                (table, if budget.take(elements.len(), at) { elements } else { Vec::new() })
            })
            .collect();
        // Definitions change after everything was read.
        for effect in &outcome.effects {
            match effect.action {
                Action::Drop => {
                    self.renamed.remove(&effect.table);
                    self.forget(effect.table);
                    self.dropped.insert(effect.table);
                }
                // Its rows are a result under the new name if they were under the old one.
                Action::Rename(from) => {
                    let original = self.original(from);
                    self.renamed.remove(&from);
                    self.renamed.insert(effect.table, original);
                    if self.made.contains(&from) {
                        self.note(effect.table, effect.span);
                        self.rename(scopes, from, effect.table);
                        self.dropped.insert(from);
                    } else if self.changed.remove(&from) {
                        self.change(effect.table, effect.span);
                        self.rename(scopes, from, effect.table);
                        self.dropped.insert(from);
                    }
                }
                Action::Swap(other) => {
                    let (a, b) = (self.original(effect.table), self.original(other));
                    self.renamed.insert(effect.table, b);
                    self.renamed.insert(other, a);
                    if self.made.contains(&effect.table) || self.made.contains(&other) {
                        self.note(effect.table, effect.span);
                        self.note(other, effect.span);
                        self.swap(scopes, effect.table, other);
                    } else if self.changed.contains(&effect.table) || self.changed.contains(&other) {
                        self.change(effect.table, effect.span);
                        self.change(other, effect.span);
                        self.swap(scopes, effect.table, other);
                    }
                }
                // The rows that stay, and the columns that got no values, are as they were: who reads the
                // table later reads what was there before the script.
                Action::Update { all } if !self.made.contains(&effect.table) => {
                    self.change(effect.table, effect.span);
                    if all {
                        let column = |output: &Output| {
                            output.name.map(|name| scopes.tables.intern(effect.table, name, &scopes.names))
                        };
                        self.replaced.extend(effect.columns.iter().filter_map(column));
                    }
                }
                Action::Change if effect.rows.is_some() && !self.made.contains(&effect.table) => {
                    self.change(effect.table, effect.span);
                }
                // To alter a table puts nothing into it.
                Action::Change => {}
                Action::Empty if self.is_certain => {
                    self.forget(effect.table);
                    if self.made.contains(&effect.table) {
                        self.filled.insert(effect.table);
                    }
                }
                Action::Empty => {}
                // It was read, or rows of it were changed: it has rows of its own, which stay.
                Action::Write
                    if !self.made.contains(&effect.table)
                        && (self.found.contains(&effect.table) || self.changed.contains(&effect.table)) =>
                {
                    self.change(effect.table, effect.span);
                }
                Action::Create
                | Action::CreateMissing
                | Action::Write
                | Action::Overwrite
                | Action::Update { .. } => {
                    match effect.action {
                        Action::Create | Action::Overwrite if self.is_certain => self.forget(effect.table),
                        Action::Update { all: true } if self.is_certain => {
                            for name in effect.columns.iter().filter_map(|output| output.name) {
                                let column = scopes.tables.intern(effect.table, name, &scopes.names);
                                if let Some((grown, _)) = self.definitions.get_mut(&column) {
                                    *grown = Grown::default();
                                }
                            }
                        }
                        _ => {}
                    }
                    self.note(effect.table, effect.span);
                    if effect.rows.is_some() || !effect.columns.is_empty() {
                        self.filled.insert(effect.table);
                    }
                }
            }
        }
        for target in targets {
            let table = scopes.tables.column(target.column).table;
            if table == TableId::QUERY {
                self.outputs.push(target);
                continue;
            }
            let entry = self.definitions.entry(target.column).or_insert_with(|| {
                self.order.push(table, target.column);
                (Grown::default(), target.span)
            });
            extend(&mut entry.0, target.elements);
        }
        for (table, elements) in rows {
            if table == TableId::QUERY {
                self.output_rows.extend(elements);
            } else {
                let entry = self.rows.entry(table).or_default();
                extend(entry, elements);
            }
        }
    }

    /// What comes from a record comes from what its query reads.
    pub(super) fn look_through_records(&self, scopes: &mut Scopes<'_>, flow: &mut Flow) {
        let of_record =
            |scopes: &Scopes<'_>, e: &Element| scopes.tables.is_record(scopes.tables.column(e.column).table);
        let lists = flow.targets.iter_mut().map(|target| &mut target.elements);
        for list in lists.chain(flow.rows.iter_mut().map(|rows| &mut rows.1)) {
            if !list.iter().any(|element| of_record(scopes, element)) {
                continue;
            }
            let mut seen = Vec::with_capacity(list.len());
            for element in list.drain(..) {
                match self.definitions.get(&element.column).filter(|_| of_record(scopes, &element)) {
                    Some((made, _)) => {
                        seen.extend(made.list.iter().map(|inner| composed(element.mask, inner)))
                    }
                    None => seen.push(element),
                }
            }
            *list = merged(seen);
        }
    }

    /// The table that this one was before the script.
    fn original(&self, table: TableId) -> TableId {
        self.renamed.get(&table).copied().unwrap_or(table)
    }

    fn note(&mut self, table: TableId, span: Span) {
        // Written anew after it was read: it is a result again.
        self.read_later.remove(&table);
        self.dropped.remove(&table);
        self.made.insert(table);
        self.written.push((table, span));
    }

    fn change(&mut self, table: TableId, span: Span) {
        self.dropped.remove(&table);
        self.changed.insert(table);
        self.written.push((table, span));
    }

    /// What the script put into one table is in the other from now on.
    fn rename(&mut self, scopes: &mut Scopes<'_>, from: TableId, to: TableId) {
        let definitions = &mut self.definitions;
        self.order.replace(from, to, |column| {
            let name = scopes.tables.column(column).name;
            let new = scopes.tables.intern(to, name, &scopes.names);
            if let Some(definition) = definitions.remove(&column) {
                definitions.insert(new, definition);
            }
            new
        });
        if let Some(rows) = self.rows.remove(&from) {
            self.rows.insert(to, rows);
        }
        if self.filled.remove(&from) {
            self.filled.insert(to);
        }
    }

    fn swap(&mut self, scopes: &mut Scopes<'_>, a: TableId, b: TableId) {
        let between =
            scopes.tables.table(vec![scopes.names.exact("(between)")], &mut scopes.names, scopes.catalog);
        self.rename(scopes, a, between);
        self.rename(scopes, b, a);
        self.rename(scopes, between, b);
    }

    fn forget(&mut self, table: TableId) {
        self.changed.remove(&table);
        for column in self.order.remove(table) {
            self.definitions.remove(&column);
        }
        self.rows.remove(&table);
        self.filled.remove(&table);
    }

    /// Replaces what the script wrote itself.
    fn expand(&self, scopes: &mut Scopes<'_>, elements: Vec<Element>) -> Vec<Element> {
        let made = &self.made;
        let concerns = |table: &TableId| {
            made.contains(table) || self.changed.contains(table) || self.renamed.contains_key(table)
        };
        if made.is_empty() && self.changed.is_empty() && self.renamed.is_empty()
            || !elements.iter().any(|e| concerns(&scopes.tables.column(e.column).table))
        {
            return elements;
        }
        let mut expanded = Vec::with_capacity(elements.len());
        for element in elements {
            let (table, name) = {
                let column = scopes.tables.column(element.column);
                (column.table, column.name)
            };
            if !made.contains(&table) {
                if self.changed.contains(&table) {
                    let definition = self.definitions.get(&element.column).map(|(grown, _)| &grown.list);
                    let given = definition.into_iter().flatten();
                    expanded.extend(given.map(|inner| composed(element.mask, inner)));
                }
                if self.replaced.contains(&element.column) {
                    continue;
                }
                let column = match self.renamed.get(&table) {
                    Some(&original) => scopes.tables.intern(original, name, &scopes.names),
                    None => element.column,
                };
                expanded.push(Element { column, ..element });
                continue;
            }
            if let Some((definition, _)) = self.definitions.get(&element.column) {
                expanded.extend(definition.list.iter().map(|inner| composed(element.mask, inner)));
                continue;
            }
            let star = scopes.names.exact("*");
            let behind = scopes.tables.intern(table, star, &scopes.names);
            match self.definitions.get(&behind) {
                // The column came with a star: it is the one of the same name behind it.
                Some((definition, _)) => {
                    for inner in &definition.list {
                        let source = scopes.tables.column(inner.column);
                        let (source, is_star) = (source.table, source.name == star);
                        let mut inner = composed(element.mask, inner);
                        if is_star {
                            inner.column = scopes.tables.intern(source, name, &scopes.names);
                        }
                        expanded.push(inner);
                    }
                }
                None if name == star => {
                    // All of its columns.
                    for column in self.order.of(table) {
                        let Some((definition, _)) = self.definitions.get(&column) else { continue };
                        expanded.extend(definition.list.iter().map(|inner| composed(element.mask, inner)));
                    }
                }
                None if self.filled.contains(&table) => {}
                None => expanded.push(element),
            }
        }
        merged(expanded)
    }

    #[allow(clippy::type_complexity)] // A triple that is taken apart at once.
    pub(super) fn finish(self, scopes: &Scopes<'_>) -> (Flow, Vec<(TableId, Span)>, Vec<(TableId, Span)>) {
        let result = |table: &TableId| {
            !self.read_later.contains(table)
                && !self.dropped.contains(table)
                && !scopes.tables.is_record(*table)
        };
        let mut flow = Flow::default();
        let mut tables = Vec::new();
        let mut seen = IdSet::default();
        for &(table, span) in &self.written {
            if result(&table) {
                tables.push((table, span));
                if seen.insert(table)
                    && let Some(rows) = self.rows.get(&table)
                {
                    flow.rows.push((table, merged(rows.list.clone())));
                }
            }
        }
        for column in self.order.all() {
            if !result(&scopes.tables.column(column).table) {
                continue;
            }
            let Some((elements, span)) = self.definitions.get(&column) else { continue };
            flow.targets.push(Target { column, span: *span, elements: merged(elements.list.clone()) });
        }
        flow.targets.extend(self.outputs);
        flow.join_targets();
        flow.rows.push((TableId::QUERY, merged(self.output_rows)));
        (flow, self.sources, tables)
    }
}

/// A list to which statement after statement adds: put in order only when it has doubled.
#[derive(Debug, Default)]
struct Grown {
    list: Vec<Element>,
    ordered: usize,
}

fn extend(grown: &mut Grown, elements: Vec<Element>) {
    grown.list.extend(elements);
    if grown.list.len() > 2 * grown.ordered + 32 {
        grown.list = merged(std::mem::take(&mut grown.list));
        grown.ordered = grown.list.len();
    }
}

/// An element of a definition, seen through what reads the column.
fn composed(outer: Mask, inner: &Element) -> Element {
    let mut mask = 0;
    for (bit, kind) in super::closure::KINDS.iter().enumerate() {
        if outer & (1 << bit) != 0 {
            mask |= through(*kind, inner.mask);
        }
    }
    Element { mask, ..*inner }
}
