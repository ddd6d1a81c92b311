//! Edges of one statement, from its outcome.

use std::sync::Arc;

use super::budget::Budget;
use super::closure::{Closure, Element, KINDS, influences};
use super::model::{ColumnRef, Edge, Subtype, TableRef};
use crate::ids::IdMap;
use crate::scope::{ColumnId, Kind, Name, Outcome, Output, Scopes, TableId};
use crate::text::{Position, Span};

/// A column that gets values, with what it gets.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) column: ColumnId,
    pub(super) span: Span,
    pub(super) elements: Vec<Element>,
}

/// What one statement does to columns.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) targets: Vec<Target>,
    /// What influences every column that is given or written, by table.
    pub(super) rows: Vec<(TableId, Vec<Element>)>,
}

impl Flow {
    /// The flow of an outcome. Nodes before `first` belong to statements before.
    pub(super) fn of(
        scopes: &mut Scopes<'_>,
        outcome: &Outcome,
        first: usize,
        budget: &mut Budget,
        place: Position,
    ) -> Self {
        if budget.exceeded().is_some() {
            return Self::default();
        }
        let mut wanted: Vec<(TableId, Vec<Output>)> = Vec::new();
        let mut rows = Vec::new();
        for effect in &outcome.effects {
            wanted.push((effect.table, effect.columns.clone()));
            rows.extend(effect.rows.map(|node| (effect.table, node)));
        }
        if let Some(gives) = outcome.gives {
            wanted.push((TableId::QUERY, scopes.shape(gives.shape).columns.clone()));
            rows.push((TableId::QUERY, gives.node));
        }
        let nodes = wanted.iter().flat_map(|(_, columns)| columns.iter().map(|column| column.node));
        let closure = Closure::of(&scopes.values, first, nodes);
        let mut flow = Self::default();
        for (table, columns) in wanted {
            let nameless = columns.iter().filter(|column| column.name.is_none()).count();
            for (at, column) in columns.iter().enumerate() {
                let name = match column.name {
                    Some(name) => name,
                    None => scopes.names.exact(&name_of_nameless(at, nameless)),
                };
                let fits = budget.take(closure.count(&scopes.values, column.node), place);
                let elements = if fits { closure.elements(&scopes.values, column.node) } else { Vec::new() };
                let column_id = scopes.tables.intern(table, name, &scopes.names);
                flow.targets.push(Target { column: column_id, span: column.span, elements });
            }
        }
        flow.join_targets();
        for (table, node) in rows {
            let elements = influences(&scopes.values, first, node);
            let fits = budget.take(elements.len(), place);
            flow.rows.push((table, if fits { elements } else { Vec::new() }));
        }
        if closure.is_full {
            budget.exceed(place);
        }
        flow
    }

    /// A column that several branches write, or several outputs of one name, become one target.
    pub(super) fn join_targets(&mut self) {
        let count = self.targets.len();
        let mut first: IdMap<ColumnId, usize> = IdMap::with_capacity_and_hasher(count, Default::default());
        let mut joined: Vec<Target> = Vec::with_capacity(count);
        for target in self.targets.drain(..) {
            match first.get(&target.column) {
                Some(&at) => joined[at].elements.extend(target.elements),
                None => {
                    first.insert(target.column, joined.len());
                    joined.push(target);
                }
            }
        }
        if joined.len() < count {
            for target in &mut joined {
                target.elements = super::closure::merged(std::mem::take(&mut target.elements));
            }
        }
        self.targets = joined;
    }
}

/// What an output without a name is called: by its position, from 0, unless it is the only one.
pub(super) fn name_of_nameless(at: usize, nameless: usize) -> String {
    if nameless == 1 { "<expr>".to_owned() } else { format!("<expr:{at}>") }
}

/// What an edge goes into.
#[derive(Clone, Copy)]
enum Into<'a> {
    Column(&'a ColumnRef),
    Rows(&'a Arc<str>),
}

/// Names as they appear in an answer, made once for each table and column.
#[derive(Default)]
pub(super) struct Labels {
    tables: IdMap<TableId, Arc<str>>,
    columns: IdMap<Name, Arc<str>>,
}

impl Labels {
    pub(super) fn table(&mut self, scopes: &Scopes<'_>, table: TableId) -> Arc<str> {
        let label = self.tables.entry(table).or_insert_with(|| scopes.describe_table(table).into());
        Arc::clone(label)
    }

    pub(super) fn column(&mut self, scopes: &Scopes<'_>, column: ColumnId) -> ColumnRef {
        let entry = scopes.tables.column(column);
        let table = self.table(scopes, entry.table);
        let name = entry.name;
        let column = self.columns.entry(name).or_insert_with(|| scopes.names.text(name).into());
        ColumnRef { table, column: Arc::clone(column) }
    }

    /// The tables of a list, each once, with every place.
    pub(super) fn list(
        &mut self,
        scopes: &Scopes<'_>,
        tables: impl Iterator<Item = (TableId, Span)>,
    ) -> Vec<TableRef> {
        let mut list: Vec<(TableId, TableRef)> = Vec::new();
        let mut places: IdMap<TableId, usize> = IdMap::default();
        for (table, span) in tables {
            if table == TableId::UNKNOWN || table == TableId::QUERY || scopes.tables.is_record(table) {
                continue;
            }
            let at = *places.entry(table).or_insert_with(|| {
                let name = self.table(scopes, table);
                list.push((table, TableRef { name, spans: Vec::new() }));
                list.len() - 1
            });
            list[at].1.spans.push(span);
        }
        list.into_iter().map(|(_, table)| table).collect()
    }

    /// The edges of a flow.
    pub(super) fn edges(&mut self, scopes: &Scopes<'_>, flow: &Flow) -> Vec<Edge> {
        let mut edges = Vec::with_capacity(flow.targets.len() * 2);
        for target in &flow.targets {
            if target.elements.is_empty()
                || scopes.tables.is_record(scopes.tables.column(target.column).table)
            {
                continue;
            }
            let label = self.column(scopes, target.column);
            for element in &target.elements {
                let spans = spans(scopes, Some(target.span), element);
                self.kinds(scopes, element, Into::Column(&label), spans, &mut edges);
            }
        }
        for (table, elements) in flow.rows.iter().filter(|(table, _)| !scopes.tables.is_record(*table)) {
            let table = self.table(scopes, *table);
            for element in elements {
                let spans = spans(scopes, None, element);
                self.kinds(scopes, element, Into::Rows(&table), spans, &mut edges);
            }
        }
        edges
    }

    fn kinds(
        &mut self,
        scopes: &Scopes<'_>,
        element: &Element,
        into: Into<'_>,
        spans: Vec<Span>,
        edges: &mut Vec<Edge>,
    ) {
        let source = self.column(scopes, element.column);
        for (bit, kind) in KINDS.iter().enumerate() {
            if element.mask & (1 << bit) == 0 {
                continue;
            }
            let (subtype, masking) = subtype(*kind);
            // The same influence may have a masked and an open way: the open one counts.
            if masking && element.mask & (1 << (bit - 2)) != 0 {
                continue;
            }
            let (target, rows_of) = match into {
                Into::Column(column) => (Some(column.clone()), None),
                Into::Rows(table) => (None, Some(Arc::clone(table))),
            };
            edges.push(Edge {
                source: source.clone(),
                target,
                rows_of,
                subtype,
                masking,
                spans: spans.clone(),
            });
        }
    }
}

fn spans(scopes: &Scopes<'_>, target: Option<Span>, element: &Element) -> Vec<Span> {
    let reference = scopes.references.get(element.reference as usize).map(|reference| reference.span);
    let mut spans = Vec::with_capacity(2);
    spans.extend(target);
    spans.extend(reference.filter(|span| Some(*span) != target));
    spans
}

fn subtype(kind: Kind) -> (Subtype, bool) {
    match kind {
        Kind::Identity => (Subtype::Identity, false),
        Kind::Transformation => (Subtype::Transformation, false),
        Kind::Aggregation => (Subtype::Aggregation, false),
        Kind::MaskedTransformation => (Subtype::Transformation, true),
        Kind::MaskedAggregation => (Subtype::Aggregation, true),
        Kind::Join => (Subtype::Join, false),
        Kind::GroupBy => (Subtype::GroupBy, false),
        Kind::Filter | Kind::Rows => (Subtype::Filter, false),
        Kind::Sort => (Subtype::Sort, false),
        Kind::Window => (Subtype::Window, false),
        Kind::Conditional => (Subtype::Conditional, false),
    }
}
