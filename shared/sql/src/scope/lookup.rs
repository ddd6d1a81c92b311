//! What an identifier means: merged columns, relations of the scope, aliases, then the scopes around it.
//!
//! One relation that is known to have the column wins. Where none is, a single relation whose columns
//! are not known must be the one that has it; of several, none is chosen.

use sqlparser::ast::Ident;
use sqm_domain::Dialect;

use super::answer::Answer;
use super::names::Name;
use super::query::{Aliases, Place, Resolver};
use super::sight::is_constant;
use super::values::{Kind, NO_REFERENCE, Node, span};
use super::{DoubtKind, Meaning, Output, Reference, RelationId, Rest, ScopeId, Scopes, Source};
use crate::text::Span;

/// The most parts that the name of a relation has; what follows them are a column and its fields.
const MOST_PARTS: usize = 8;

/// What was found, before it becomes a reference.
pub(super) struct Found {
    pub(super) meaning: Meaning,
    pub(super) node: Node,
}

impl<'t> Resolver<'t, '_, '_> {
    /// An identifier without a qualifier.
    pub(super) fn column(&mut self, ident: &Ident, kind: Kind, place: Place<'t>) {
        let at = span(ident.span);
        self.cover(at);
        let name = self.scopes.names.ident(ident);
        if !self.parameters.is_empty() && self.parameters.contains(&self.scopes.names.key(name)) {
            return;
        }
        if !self.expressions.is_empty() && self.expression(name, kind, place) {
            return;
        }
        let value = self.scopes.value_of(name);
        if let Some(node) = value
            && !self.scopes.knows(place.scope, name)
        {
            return self.refer(Found { meaning: Meaning::Alias(node), node }, kind, place.scope, at);
        }
        let is_constant = ident.quote_style.is_none() && is_constant(&ident.value);
        if (is_constant || self.scopes.is_variable(name)) && !self.scopes.knows(place.scope, name) {
            return self.scopes.doubt_variable(name, at);
        }
        let found = self.scopes.unqualified(name, place.scope, place.aliases, at);
        if let Some(Found { meaning: Meaning::Column { relation, node }, .. }) = found
            && ident.quote_style.is_some()
        {
            self.scopes.doubt_case(relation, node, name, at);
        }
        let found = match found {
            Some(found) => found,
            None if self.scopes.may_be_variable(place.scope) => return,
            None => self.scopes.unknown(name, place.scope, at),
        };
        self.refer(found, kind, place.scope, at);
    }

    /// A name that a WITH clause gave to an expression; inside of the expression it means something else.
    fn expression(&mut self, name: Name, kind: Kind, place: Place<'t>) -> bool {
        let key = self.scopes.names.key(name);
        let found = self.expressions.iter().rev().find(|(name, _)| *name == key).map(|found| found.1);
        let Some(expr) = found.filter(|_| !self.expanding.contains(&key)) else { return false };
        self.expanding.push(key);
        let node = self.field_node(expr, place);
        self.expanding.pop();
        self.scopes.values.add(node, kind, NO_REFERENCE);
        true
    }

    /// Identifiers with dots: a qualified column, a field of a column, or both.
    pub(super) fn path<'i>(
        &mut self,
        idents: impl Iterator<Item = &'i Ident> + Clone,
        kind: Kind,
        place: Place<'t>,
    ) {
        let mut parts: Vec<Name> = Vec::with_capacity(4);
        let mut at: Option<Span> = None;
        for ident in idents.clone() {
            let next = span(ident.span);
            at = Some(at.map_or(next, |at| Span { start: at.start, end: next.end }));
            parts.push(self.scopes.names.ident(ident));
        }
        let Some(at) = at else { return };
        self.cover(at);
        if !self.parameters.is_empty() && self.parameters.contains(&self.scopes.names.key(parts[0])) {
            return;
        }
        // The longest qualifier that names a relation; what follows the column is a path of fields.
        for split in (1..parts.len().min(MOST_PARTS + 1)).rev() {
            let Some(relation) = self.scopes.relation_named(place.scope, &parts[..split]) else { continue };
            let node = self.scopes.qualified(relation, parts[split], at);
            self.scopes.doubt_repeated(relation, parts[split], at);
            if let (Some(node), Some(ident)) = (node, idents.clone().nth(split))
                && ident.quote_style.is_some()
            {
                self.scopes.doubt_case(relation, node, parts[split], at);
            }
            let found = match node {
                Some(node) => Found { meaning: Meaning::Column { relation, node }, node },
                None => self.scopes.nowhere(parts[split], at),
            };
            self.scopes.mark_correlated(place.scope, relation);
            return self.refer_to_field(found, &parts[split + 1..], kind, place.scope, at);
        }
        if let [record, column] = parts[..]
            && let Some(node) = self.scopes.record_column(record, column)
        {
            return self.refer(Found { meaning: Meaning::Alias(node), node }, kind, place.scope, at);
        }
        // A record, or a parameter after the name of its procedure.
        if self.scopes.is_variable(parts[0]) || parts.len() == 2 && self.scopes.is_variable(parts[1]) {
            return self.scopes.doubt_variable(parts[0], at);
        }
        if self.scopes.is_pseudo(parts[parts.len() - 1]) || self.scopes.may_be_variable(place.scope) {
            return;
        }
        if parts.len() == 1 {
            let found = match self.scopes.unqualified(parts[0], place.scope, place.aliases, at) {
                Some(found) => found,
                None => self.scopes.unknown(parts[0], place.scope, at),
            };
            return self.refer(found, kind, place.scope, at);
        }
        // A field of a column without a qualifier.
        let is_column = self.scopes.knows(place.scope, parts[0])
            || self.scopes.one_open(place.scope) && self.scopes.has_structs();
        if is_column && let Some(found) = self.scopes.unqualified(parts[0], place.scope, place.aliases, at) {
            return self.refer_to_field(found, &parts[1..], kind, place.scope, at);
        }
        let qualifier = parts[parts.len() - 2];
        let column = parts[parts.len() - 1];
        self.scopes.doubt(DoubtKind::UnknownRelation, qualifier, Vec::new(), at);
        let node = self.scopes.unknown_column(column);
        self.refer(Found { meaning: Meaning::Unknown, node }, kind, place.scope, at);
    }

    pub(super) fn refer(&mut self, found: Found, kind: Kind, scope: ScopeId, at: Span) {
        let reference = self.scopes.references.len() as u32;
        self.scopes.references.push(Reference { span: at, scope, meaning: found.meaning });
        match found.meaning {
            Meaning::Row(relation) => {
                let mut nodes = Vec::new();
                self.scopes.whole_row(relation, &mut nodes);
                for node in nodes {
                    self.scopes.values.add(node, kind.over(Kind::Transformation), reference);
                }
            }
            _ => self.scopes.values.add(found.node, kind, reference),
        }
    }

    /// Follows a path of fields as far as the fields are known.
    fn refer_to_field(&mut self, found: Found, fields: &[Name], kind: Kind, scope: ScopeId, at: Span) {
        let mut node = found.node;
        let mut left = fields;
        while let [field, rest @ ..] = left {
            let Some(next) = self.scopes.field(node, *field) else { break };
            node = next;
            left = rest;
        }
        let kind = if left.is_empty() { kind } else { kind.over(Kind::Transformation) };
        let meaning = match found.meaning {
            Meaning::Column { relation, .. } => Meaning::Column { relation, node: found.node },
            meaning => meaning,
        };
        let reference = self.scopes.references.len() as u32;
        self.scopes.references.push(Reference { span: at, scope, meaning });
        self.scopes.values.add(node, kind, reference);
    }
}

impl Scopes<'_> {
    fn unqualified(&mut self, name: Name, scope: ScopeId, aliases: Aliases, at: Span) -> Option<Found> {
        let key = self.names.key(name);
        if aliases == Aliases::First
            && let Some(node) = self.output_named(scope, key)
        {
            return Some(Found { meaning: Meaning::Alias(node), node });
        }
        let mut level = Some(scope);
        while let Some(here) = level {
            let inner = here == scope;
            if let Some(merged) = self.scope(here).merged.iter().rev().find(|merged| merged.key == key) {
                let node = merged.node;
                return Some(Found { meaning: Meaning::Merged(node), node });
            }
            let mut has: Option<(RelationId, Node)> = None;
            let mut also: Vec<RelationId> = Vec::new();
            let mut may: Vec<RelationId> = Vec::new();
            let mut part: Option<(RelationId, Node)> = None;
            for at in 0..self.scope(here).relations.len() {
                let relation = self.scope(here).relations[at];
                match self.answer(relation, name, key) {
                    Answer::Has(node) => match has {
                        // A semi-join's right side, or a MERGE's target, does not compete.
                        Some((first, _)) if self.relation(relation).hidden == self.relation(first).hidden => {
                            also.push(relation);
                        }
                        Some((first, _)) if self.relation(first).hidden => has = Some((relation, node)),
                        Some(_) => {}
                        None => has = Some((relation, node)),
                    },
                    Answer::MayHave => may.push(relation),
                    // The fields of elements without a name of their own are columns.
                    Answer::Part(_) if self.relation(relation).alias.is_none() => may.push(relation),
                    Answer::Part(node) => part = part.or(Some((relation, node))),
                    Answer::HasNot => {}
                }
            }
            if let Some((relation, node)) = has {
                if !also.is_empty() {
                    also.insert(0, relation);
                    return Some(self.ambiguous(name, &also, at));
                }
                self.doubt_repeated(relation, name, at);
                self.mark_correlated(scope, relation);
                return Some(Found { meaning: Meaning::Column { relation, node }, node });
            }
            if inner
                && aliases == Aliases::AfterKnown
                && let Some(node) = self.output_named(here, key)
            {
                return Some(Found { meaning: Meaning::Alias(node), node });
            }
            if let Some(row) = self.relation_of_value(here, key, may.is_empty()) {
                return Some(row);
            }
            if may.len() > 1 {
                may.retain(|&relation| !self.relation(relation).hidden);
            }
            match may[..] {
                [] => {}
                [relation] => {
                    let node = self.open_column(relation, name, at)?;
                    self.mark_correlated(scope, relation);
                    return Some(Found { meaning: Meaning::Column { relation, node }, node });
                }
                _ => {
                    if inner && let Some(node) = self.output_named(here, key) {
                        return Some(Found { meaning: Meaning::Alias(node), node });
                    }
                    return Some(self.ambiguous(name, &may, at));
                }
            }
            if let Some((relation, node)) = part {
                return Some(Found { meaning: Meaning::Column { relation, node }, node });
            }
            level = self.scope(here).parent;
        }
        let node = self.output_named(scope, key)?;
        // PostgreSQL knows no alias beside where it is given; elsewhere that may be a matter of version.
        if aliases == Aliases::Last && self.dialect == Dialect::Postgres {
            self.doubt(DoubtKind::UnknownColumn, name, Vec::new(), at);
        }
        Some(Found { meaning: Meaning::Alias(node), node })
    }

    /// A relation's name where a value is expected: its row, or its only value.
    /// A column that may exist and has the name of its table is rather meant than the whole row; an
    /// alias that the text made up is not.
    fn relation_of_value(&self, scope: ScopeId, key: Name, closed: bool) -> Option<Found> {
        let relation = self
            .scope(scope)
            .relations
            .iter()
            .copied()
            .find(|&id| self.relation(id).alias.is_some_and(|alias| self.names.key(alias) == key))?;
        if let Source::Shape(shape) = self.relation(relation).source
            && let Rest::Any(node) = self.shape(shape).rest
        {
            return Some(Found { meaning: Meaning::Column { relation, node }, node });
        }
        let own = match self.relation(relation).source {
            Source::Table(table) => self.tables.parts(table).last().copied(),
            Source::Shape(_) => None,
        };
        let made_up = own.is_none_or(|own| self.names.key(own) != key);
        (closed || made_up).then_some(Found { meaning: Meaning::Row(relation), node: Node(0) })
    }

    pub(super) fn whole_row(&mut self, relation: RelationId, nodes: &mut Vec<Node>) {
        match self.relation(relation).source {
            Source::Table(table) => match self.tables.known_columns(table).map(<[_]>::to_vec) {
                Some(known) => {
                    for column in known {
                        nodes.push(self.tables.node(column, &mut self.values));
                    }
                }
                None => {
                    let star = self.names.exact("*");
                    let column = self.tables.intern(table, star, &self.names);
                    nodes.push(self.tables.node(column, &mut self.values));
                }
            },
            Source::Shape(shape) => nodes.extend(self.shape(shape).columns.iter().map(|column| column.node)),
        }
    }

    /// Whether a relation in sight, or an output, is known to have a column of this name.
    pub(super) fn knows(&self, scope: ScopeId, name: Name) -> bool {
        let key = self.names.key(name);
        let mut level = Some(scope);
        while let Some(here) = level {
            let scope = self.scope(here);
            if scope.merged.iter().any(|merged| merged.key == key)
                || self.output_named(here, key).is_some()
                || scope.relations.iter().any(|&relation| self.has(relation, name, key))
                || self.relation_of_value(here, key, false).is_some()
            {
                return true;
            }
            level = scope.parent;
        }
        false
    }

    /// Whether exactly one relation of the scope has columns that are not known.
    pub(super) fn one_open(&self, scope: ScopeId) -> bool {
        let open = |&&id: &&RelationId| match self.relation(id).source {
            Source::Table(table) => self.tables.known_columns(table).is_none(),
            Source::Shape(shape) => !matches!(self.shape(shape).rest, Rest::Nothing),
        };
        self.scope(scope).relations.iter().filter(open).count() == 1
    }

    /// A field of a struct whose making was seen.
    pub(super) fn field(&self, node: Node, field: Name) -> Option<Node> {
        let key = self.names.key(field);
        let fields = self.fields.get(&node).or_else(|| self.fields.get(&self.values.origin(node)))?;
        fields.iter().find(|(name, _)| self.names.key(*name) == key).map(|(_, node)| *node)
    }

    fn output_named(&self, scope: ScopeId, key: Name) -> Option<Node> {
        let outputs = &self.scope(scope).outputs;
        let matches = |c: &&Output| !c.star && c.name.is_some_and(|n| self.names.key(n) == key);
        outputs.iter().find(matches).map(|c| c.node)
    }

    fn mark_correlated(&mut self, scope: ScopeId, relation: RelationId) {
        let mut here = scope;
        while !self.scope(here).relations.contains(&relation) {
            let scope = &mut self.scopes[here.0 as usize];
            let Some(parent) = scope.parent else { return };
            scope.correlated = true;
            here = parent;
        }
    }

    pub(super) fn ambiguous(&mut self, name: Name, candidates: &[RelationId], at: Span) -> Found {
        let described = candidates.iter().map(|&relation| self.describe(relation)).collect();
        self.doubt(DoubtKind::AmbiguousColumn, name, described, at);
        // A table joined with itself: whichever is meant, it is the same column.
        let source = |&relation: &RelationId| {
            let relation = self.relation(relation);
            (relation.renamed.is_empty() && !relation.hidden).then_some(relation.source)
        };
        let first = candidates.first().and_then(source);
        if first.is_some() && candidates.iter().all(|candidate| source(candidate) == first) {
            let same = candidates.first().and_then(|&relation| self.qualified(relation, name, at));
            if let Some(node) = same {
                return Found { meaning: Meaning::Ambiguous, node };
            }
        }
        Found { meaning: Meaning::Ambiguous, node: self.unknown_column(name) }
    }

    /// A column that nothing is known to have. Where there is but one table in sight it can only be a
    /// column of that one, which the catalog does not know.
    fn unknown(&mut self, name: Name, scope: ScopeId, at: Span) -> Found {
        if let Some(relation) = self.only_table(scope)
            && let Some(node) = self.qualified(relation, name, at)
        {
            self.mark_correlated(scope, relation);
            return Found { meaning: Meaning::Unknown, node };
        }
        self.nowhere(name, at)
    }

    fn nowhere(&mut self, name: Name, at: Span) -> Found {
        self.doubt(DoubtKind::UnknownColumn, name, Vec::new(), at);
        Found { meaning: Meaning::Unknown, node: self.unknown_column(name) }
    }

    /// A column of the table `?`.
    pub(super) fn unknown_column(&mut self, name: Name) -> Node {
        let column = self.tables.intern(super::TableId::UNKNOWN, name, &self.names);
        self.tables.node(column, &mut self.values)
    }

    /// The name of the column that a node stands for.
    pub(super) fn name_of(&self, node: Node) -> Option<Name> {
        let column = self.values.column(node)?;
        Some(self.tables.column(super::ColumnId(column)).name)
    }

    pub(crate) fn describe_table(&self, table: super::TableId) -> String {
        let parts: Vec<&str> = self.tables.parts(table).iter().map(|&part| self.names.text(part)).collect();
        parts.join(".")
    }
}
