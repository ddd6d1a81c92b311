//! What one relation says when it is asked for a column: that it has it, may have it or has not, under the name
//! that an alias gives it, and where the answer is in doubt.

use super::names::Name;
use super::query::NOWHERE;
use super::values::{Kind, NO_REFERENCE, Node};
use super::{DoubtKind, OpenStar, Output, Relation, RelationId, Rest, Scopes, ShapeId, Source, TableId};
use crate::text::Span;

/// Most columns of a subquery that are looked through for a name that stands twice.
const MOST_COMPARED: usize = 64;

/// A relation's answer to a column's name.
pub(super) enum Answer {
    Has(Node),
    /// It has columns that are not known.
    MayHave,
    /// Anything asked for is a part of its one value.
    Part(Node),
    HasNot,
}

impl Scopes<'_> {
    pub(super) fn has(&self, relation: RelationId, name: Name, key: Name) -> bool {
        let renamed = &self.relation(relation).renamed;
        renamed.iter().any(|&renamed| self.names.key(renamed) == key)
            || !self.is_renamed(relation, name, key)
                && match self.relation(relation).source {
                    Source::Table(table) => self.tables.find(table, key).is_some(),
                    Source::Shape(shape) => self.listed(shape, name, key).is_some(),
                }
    }

    /// Whether the column that has this name inside of a relation has another one outside of it.
    fn is_renamed(&self, relation: RelationId, name: Name, key: Name) -> bool {
        let Relation { renamed, source, .. } = self.relation(relation);
        if renamed.is_empty() {
            return false;
        }
        let position = match source {
            Source::Table(table) => {
                let known = self.tables.known_columns(*table).unwrap_or_default();
                self.tables.find(*table, key).and_then(|column| known.iter().position(|&own| own == column))
            }
            Source::Shape(shape) => self.listed(*shape, name, key).and_then(|node| {
                let columns = &self.shape(*shape).columns;
                let listed = columns.iter().take_while(|column| !column.star);
                listed.into_iter().position(|column| column.node == node)
            }),
        };
        position.is_some_and(|position| position < renamed.len())
    }

    /// Says so where a name in quotes found a column that another case alone makes the same.
    pub(super) fn doubt_case(&mut self, relation: RelationId, node: Node, name: Name, at: Span) {
        let is_table = matches!(self.relation(relation).source, Source::Table(_));
        let own = self.name_of(node).filter(|own| *own != name && is_table);
        if own.is_some() && self.names.identity(name) == name {
            let table = self.describe(relation);
            self.doubt(DoubtKind::UnknownColumn, name, vec![table], at);
        }
    }

    /// Says so where a subquery gives several columns of one name.
    pub(super) fn doubt_repeated(&mut self, relation: RelationId, name: Name, at: Span) {
        let Relation { source: Source::Shape(shape), renamed, .. } = self.relation(relation) else { return };
        let columns = &self.shape(*shape).columns;
        if columns.len() > MOST_COMPARED || !renamed.is_empty() {
            return;
        }
        let mut same = columns.iter().filter(|column| !column.star && column.name == Some(name));
        if let (Some(first), Some(second)) = (same.next(), same.next())
            && first.node != second.node
        {
            let relation = self.describe(relation);
            self.doubt(DoubtKind::AmbiguousColumn, name, vec![relation], at);
        }
    }

    /// Says so where a column gets a value that its table is known not to have.
    pub(super) fn doubt_target(&mut self, table: TableId, name: Name, at: Span) {
        if self.tables.known_columns(table).is_some()
            && self.tables.find(table, self.names.key(name)).is_none()
            && !self.is_pseudo(name)
        {
            let table = self.describe_table(table);
            self.doubt(DoubtKind::UnknownColumn, name, vec![table], at);
        }
    }

    pub(super) fn answer(&mut self, relation: RelationId, name: Name, key: Name) -> Answer {
        let entry = &self.relations[relation.0 as usize];
        let source = entry.source;
        if let Some(at) = entry.renamed.iter().position(|&renamed| self.names.key(renamed) == key) {
            return self.nth(relation, at, name).map_or(Answer::HasNot, Answer::Has);
        }
        if self.is_renamed(relation, name, key) {
            return Answer::HasNot;
        }
        match source {
            Source::Table(table) => {
                if self.tables.known_columns(table).is_none() {
                    return Answer::MayHave;
                }
                match self.tables.find(table, key) {
                    Some(column) => Answer::Has(self.tables.node(column, &mut self.values)),
                    None => Answer::HasNot,
                }
            }
            Source::Shape(shape) => {
                if let Some(node) = self.listed(shape, name, key) {
                    return Answer::Has(node);
                }
                self.open_answer(shape, key)
            }
        }
    }

    /// Whether columns behind a shape's stars may be called so.
    fn open_answer(&self, shape: ShapeId, key: Name) -> Answer {
        if let Some(&node) = self.shape(shape).late.get(&key) {
            return Answer::Has(node);
        }
        match &self.shape(shape).rest {
            Rest::Nothing => Answer::HasNot,
            Rest::Any(node) => Answer::Part(*node),
            Rest::Arms(_) => Answer::MayHave,
            Rest::Stars(stars) => {
                if stars.iter().any(|star| !star.except.contains(&key)) {
                    Answer::MayHave
                } else {
                    Answer::HasNot
                }
            }
        }
    }

    /// The column of this name among those that a shape lists.
    pub(super) fn listed(&self, shape: ShapeId, name: Name, key: Name) -> Option<Node> {
        let shape = self.shape(shape);
        let matches =
            |column: &&Output| !column.star && column.name.is_some_and(|n| self.names.key(n) == key);
        if shape.columns.len() > 16 {
            let index = shape.index.get_or_init(|| {
                let mut index =
                    crate::ids::IdMap::with_capacity_and_hasher(shape.columns.len(), Default::default());
                for (at, column) in shape.columns.iter().enumerate().filter(|(_, column)| !column.star) {
                    if let Some(name) = column.name {
                        index.entry(self.names.key(name)).or_insert(at as u32);
                    }
                }
                index
            });
            return index.get(&key).map(|&at| shape.columns[at as usize].node);
        }
        let mut found = shape.columns.iter().filter(matches);
        let first = found.next()?;
        // Two that differ in case alone: the one written exactly so is meant.
        match found.find(|column| column.name == Some(name)) {
            Some(exact) if first.name != Some(name) => Some(exact.node),
            _ => Some(first.node),
        }
    }

    /// Whether the first of its columns is one that no catalog expands.
    pub(super) fn opens_with_star(&self, relation: RelationId) -> bool {
        match self.relation(relation).source {
            Source::Table(table) => self.tables.known_columns(table).is_none(),
            Source::Shape(shape) => self.shape(shape).columns.first().is_some_and(|column| column.star),
        }
    }

    /// How many columns a relation lists.
    pub(super) fn width(&self, relation: RelationId) -> usize {
        match self.relation(relation).source {
            Source::Table(table) => self.tables.known_columns(table).map_or(1, <[_]>::len),
            Source::Shape(shape) => self.shape(shape).columns.len(),
        }
    }

    /// The column at a position of a relation, which its alias calls `name`.
    pub(super) fn nth(&mut self, relation: RelationId, at: usize, name: Name) -> Option<Node> {
        match self.relation(relation).source {
            Source::Table(table) => {
                let column = match self.tables.known_columns(table) {
                    Some(known) => *known.get(at)?,
                    None => self.tables.intern(table, name, &self.names),
                };
                Some(self.tables.node(column, &mut self.values))
            }
            Source::Shape(shape) => {
                let columns = &self.shape(shape).columns;
                if columns.iter().take(at + 1).any(|column| column.star) {
                    // One of the columns behind the star: under the only name that the text gives it.
                    let star = columns.iter().find(|column| column.star).map(|column| column.node);
                    let alone = columns.len() == 1;
                    let named = if alone { self.open_column(relation, name, NOWHERE) } else { None };
                    return named.or(star);
                }
                columns.get(at).map(|column| column.node)
            }
        }
    }

    /// A column of a relation that is named: taken at its word where the relation's columns are not known.
    pub(super) fn qualified(&mut self, relation: RelationId, name: Name, at: Span) -> Option<Node> {
        let key = self.names.key(name);
        match self.answer(relation, name, key) {
            Answer::Has(node) | Answer::Part(node) => Some(node),
            Answer::MayHave => self.open_column(relation, name, at),
            Answer::HasNot => match self.relation(relation).source {
                Source::Table(table) => {
                    if let Some(at) = self.position(name) {
                        let column = *self.tables.known_columns(table)?.get(at)?;
                        return Some(self.tables.node(column, &mut self.values));
                    }
                    // The text names table and column; the catalog does not know the column.
                    if !self.is_pseudo(name) {
                        let table = self.describe(relation);
                        self.doubt(DoubtKind::UnknownColumn, name, vec![table], at);
                    }
                    let column = self.tables.intern(table, name, &self.names);
                    Some(self.tables.node(column, &mut self.values))
                }
                Source::Shape(shape) => {
                    let at = self.position(name)?;
                    self.shape(shape).columns.get(at).map(|column| column.node)
                }
            },
        }
    }

    /// Snowflake's `$1`: the position it means.
    fn position(&self, name: Name) -> Option<usize> {
        self.names.text(name).strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
    }

    /// A column of a relation whose columns are not known.
    pub(super) fn open_column(&mut self, relation: RelationId, name: Name, at: Span) -> Option<Node> {
        match self.relation(relation).source {
            Source::Table(table) => {
                let column = self.tables.intern(table, name, &self.names);
                Some(self.tables.node(column, &mut self.values))
            }
            Source::Shape(shape) => {
                let key = self.names.key(name);
                if let Some(&node) = self.shape(shape).late.get(&key) {
                    return Some(node);
                }
                let rest = match &self.shape(shape).rest {
                    Rest::Nothing => return None,
                    Rest::Any(node) => return Some(*node),
                    Rest::Stars(stars) => Rest::Stars(stars.clone()),
                    Rest::Arms(arms) => Rest::Arms(arms.clone()),
                };
                let node = self.behind(&rest, name, at)?;
                self.shapes[shape.0 as usize].late.insert(key, node);
                Some(node)
            }
        }
    }

    /// A column behind open stars. Where several could have it, it comes from an unknown table.
    pub(super) fn behind(&mut self, rest: &Rest, name: Name, at: Span) -> Option<Node> {
        let key = self.names.key(name);
        match rest {
            Rest::Nothing => None,
            Rest::Any(node) => Some(*node),
            Rest::Stars(stars) => {
                let mut may: Vec<RelationId> = Vec::new();
                for OpenStar { relation, except } in stars {
                    if except.contains(&key) {
                        continue;
                    }
                    match self.answer(*relation, name, key) {
                        Answer::Has(node) | Answer::Part(node) => return Some(node),
                        Answer::MayHave => may.push(*relation),
                        Answer::HasNot => {}
                    }
                }
                match may[..] {
                    [] => None,
                    [relation] => self.open_column(relation, name, at),
                    _ => Some(self.ambiguous(name, &may, at).node),
                }
            }
            Rest::Arms(arms) => {
                let mut nodes = Vec::with_capacity(arms.len());
                for &arm in arms {
                    let listed = self.listed(arm, name, key);
                    let node = match listed {
                        Some(node) => Some(node),
                        None => {
                            let rest = std::mem::take(&mut self.shapes[arm.0 as usize].rest);
                            let node = self.behind(&rest, name, at);
                            self.shapes[arm.0 as usize].rest = rest;
                            node
                        }
                    };
                    nodes.extend(node);
                }
                if nodes.len() < 2 {
                    return nodes.first().copied();
                }
                let start = self.values.begin();
                for node in nodes {
                    self.values.add(node, Kind::Identity, NO_REFERENCE);
                }
                Some(self.values.finish(start))
            }
        }
    }

    /// The column of a table that a query gives unchanged under this name.
    pub(super) fn column_behind(&self, shape: ShapeId, name: Name) -> Option<(super::TableId, Name)> {
        let node = self.listed(shape, name, self.names.key(name))?;
        let column = self.values.column(self.values.origin(node))?;
        let column = self.tables.column(super::ColumnId(column));
        (column.table != super::TableId::UNKNOWN).then_some((column.table, column.name))
    }
}
