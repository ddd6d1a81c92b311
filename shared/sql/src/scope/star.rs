//! `*` and `t.*`, with what dialects let follow them.

use sqlparser::ast::{
    ExcludeSelectItem, Expr, ObjectName, RenameSelectItem, Spanned, WildcardAdditionalOptions,
};

use sqm_domain::Dialect;

use super::names::Name;
use super::query::{Place, Resolver};
use super::values::{Kind, span};
use super::{DoubtKind, OpenStar, Output, RelationId, Rest, ScopeId, Source};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    /// Expands a star into the outputs of its scope; gives what it leaves open.
    pub(super) fn star(
        &mut self,
        place: Place<'t>,
        qualifier: Option<&'t ObjectName>,
        options: &'t WildcardAdditionalOptions,
        at: Span,
    ) -> Rest {
        let (mut columns, mut rest) = match qualifier {
            None => self.expand_all(place.scope, at),
            Some(name) => match self.qualified_star(place, name, at) {
                Some(expanded) => expanded,
                None => return Rest::Nothing,
            },
        };
        self.exclude(&mut columns, &mut rest, options);
        if let Some(replace) = &options.opt_replace {
            for item in &replace.items {
                let name = self.scopes.names.ident(&item.column_name);
                let key = self.scopes.names.key(name);
                let node = self.item(&item.expr, place);
                self.cover(span(item.column_name.span));
                let output = Output { name: Some(name), node, span: self.covered(), star: false };
                match columns.iter_mut().find(|c| c.name.is_some_and(|n| self.scopes.names.key(n) == key)) {
                    Some(column) => *column = output,
                    // It replaces one of the columns behind an open star.
                    None => {
                        columns.push(output);
                        except(&mut rest, key);
                    }
                }
            }
        }
        if let Some(rename) = &options.opt_rename {
            let pairs = match rename {
                RenameSelectItem::Single(pair) => std::slice::from_ref(pair),
                RenameSelectItem::Multiple(pairs) => pairs,
            };
            for pair in pairs {
                let (old, new) = (self.scopes.names.ident(&pair.ident), self.scopes.names.ident(&pair.alias));
                self.rename_column(&mut columns, &mut rest, old, new, at);
            }
        }
        self.scopes.scopes[place.scope.0 as usize].outputs.extend(columns);
        rest
    }

    pub(super) fn exclude(
        &mut self,
        columns: &mut Vec<Output>,
        rest: &mut Rest,
        options: &WildcardAdditionalOptions,
    ) {
        let mut keys: Vec<Name> = Vec::new();
        if let Some(names) = &options.opt_except {
            for ident in std::iter::once(&names.first_element).chain(&names.additional_elements) {
                let name = self.scopes.names.ident(ident);
                keys.push(self.scopes.names.key(name));
            }
        }
        if let Some(names) = &options.opt_exclude {
            self.excluded(names, &mut keys);
        }
        if !keys.is_empty() {
            let names = &self.scopes.names;
            columns.retain(|column| column.name.is_none_or(|name| !keys.contains(&names.key(name))));
            for &key in &keys {
                except(rest, key);
            }
        }
        if let Some(ilike) = &options.opt_ilike {
            let names = &self.scopes.names;
            let pattern = ilike.pattern.to_lowercase();
            columns.retain(|column| {
                column.star
                    || column.name.is_some_and(|n| like(&names.text(names.key(n)).to_lowercase(), &pattern))
            });
        }
    }

    fn excluded(&mut self, exclude: &ExcludeSelectItem, keys: &mut Vec<Name>) {
        let list = match exclude {
            ExcludeSelectItem::Single(name) => std::slice::from_ref(name),
            ExcludeSelectItem::Multiple(names) => names,
        };
        for name in list {
            if let Some(ident) = name.0.last().and_then(|part| part.as_ident()) {
                let name = self.scopes.names.ident(ident);
                keys.push(self.scopes.names.key(name));
            }
        }
    }

    /// `SELECT *, x EXCLUDE (y)`: the exclusion stands behind the whole list.
    pub(super) fn drop_excluded(&mut self, scope: ScopeId, exclude: &'t ExcludeSelectItem) {
        let mut keys = Vec::new();
        self.excluded(exclude, &mut keys);
        let names = &self.scopes.names;
        self.scopes.scopes[scope.0 as usize]
            .outputs
            .retain(|column| column.name.is_none_or(|name| !keys.contains(&names.key(name))));
    }

    fn rename_column(&mut self, columns: &mut Vec<Output>, rest: &mut Rest, old: Name, new: Name, at: Span) {
        let key = self.scopes.names.key(old);
        let found =
            columns.iter_mut().find(|c| !c.star && c.name.is_some_and(|n| self.scopes.names.key(n) == key));
        if let Some(column) = found {
            column.name = Some(new);
            return;
        }
        let node = self.scopes.behind(rest, old, at);
        except(rest, key);
        if let Some(node) = node {
            columns.push(Output { name: Some(new), node, span: at, star: false });
        }
    }

    /// Every column of every relation of the scope. Columns merged by USING come once: before all others of
    /// their join, those of the last join first, or, in some dialects, where the first relation has them.
    pub(super) fn expand_all(&mut self, scope: ScopeId, at: Span) -> (Vec<Output>, Rest) {
        let mut columns = Vec::new();
        let mut stars = Vec::new();
        let mut is_whole = true;
        let relations = self.scopes.scope(scope).relations.clone();
        let mut given: Vec<Name> = Vec::new();
        let in_place = matches!(self.scopes.dialect, Dialect::DuckDb | Dialect::Sqlite | Dialect::ClickHouse);
        let mut starts = Vec::with_capacity(relations.len());
        let mut first: Vec<((usize, usize), usize, Output)> = Vec::new();
        for relation in relations {
            starts.push(columns.len());
            if self.scopes.relation(relation).hidden {
                continue;
            }
            let start = columns.len();
            is_whole &= self.expand(relation, at, &mut columns, &mut stars);
            if self.scopes.scope(scope).merged.is_empty() {
                continue;
            }
            let mut kept = Vec::with_capacity(columns.len() - start);
            for column in columns.drain(start..) {
                let key = column.name.map(|name| self.scopes.names.key(name));
                let merged = self.scopes.scope(scope).merged.iter().enumerate().find(|(_, merged)| {
                    Some(merged.key) == key && merged.relations.contains(&relation) && !column.star
                });
                match merged {
                    None => kept.push(column),
                    Some((_, merged)) if given.contains(&merged.key) => {}
                    Some((place, merged)) => {
                        given.push(merged.key);
                        let column = Output { node: merged.node, ..column };
                        if in_place { kept.push(column) } else { first.push((merged.sides, place, column)) }
                    }
                }
            }
            columns.extend(kept);
        }
        first.sort_by_key(|&((left, right), place, _)| (left, std::cmp::Reverse(right), place));
        while let Some(&((left, _), ..)) = first.last() {
            let from = first.partition_point(|&((other, _), ..)| other < left);
            let at = starts.get(left).copied().unwrap_or_default();
            columns.splice(at..at, first.drain(from..).map(|(.., column)| column));
        }
        (columns, self.left_open(stars, is_whole))
    }

    /// What an expansion leaves open. Where it is not whole, nothing is known of the rest.
    fn left_open(&mut self, stars: Vec<OpenStar>, is_whole: bool) -> Rest {
        match (is_whole, stars.is_empty()) {
            (false, _) => Rest::Any(self.empty()),
            (true, true) => Rest::Nothing,
            (true, false) => Rest::Stars(stars),
        }
    }

    /// Every column of one relation; says whether there was room for them.
    fn expand(
        &mut self,
        relation: RelationId,
        at: Span,
        columns: &mut Vec<Output>,
        stars: &mut Vec<OpenStar>,
    ) -> bool {
        let width = self.scopes.width(relation);
        if !self.scopes.room.take(columns.len(), width) {
            let (name, node) = (self.scopes.names.exact("*"), self.empty());
            columns.push(Output { name: Some(name), node, span: at, star: true });
            return false;
        }
        let scopes = &mut *self.scopes;
        let start = columns.len();
        if scopes.opens_with_star(relation) && !scopes.relation(relation).renamed.is_empty() {
            // The alias lists the columns.
            for at_column in 0..scopes.relation(relation).renamed.len() {
                let name = scopes.relation(relation).renamed[at_column];
                if let Some(node) = scopes.nth(relation, at_column, name) {
                    columns.push(Output { name: Some(name), node, span: at, star: false });
                }
            }
            return true;
        }
        match scopes.relation(relation).source {
            Source::Table(table) => match scopes.tables.known_columns(table).map(<[_]>::to_vec) {
                Some(known) => {
                    columns.reserve(known.len());
                    for column in known {
                        let node = scopes.tables.node(column, &mut scopes.values);
                        let name = scopes.tables.column(column).name;
                        columns.push(Output { name: Some(name), node, span: at, star: false });
                    }
                }
                None => {
                    let star = scopes.names.exact("*");
                    let column = scopes.tables.intern(table, star, &scopes.names);
                    let node = scopes.tables.node(column, &mut scopes.values);
                    columns.push(Output { name: Some(star), node, span: at, star: true });
                    stars.push(OpenStar { relation, except: Vec::new() });
                    let name = scopes.relation(relation).alias.unwrap_or(star);
                    let table = scopes.describe_table(table);
                    scopes.doubt(DoubtKind::OpenStar, name, vec![table], at);
                }
            },
            Source::Shape(shape) => {
                columns.extend(scopes.shape(shape).columns.iter().map(|c| Output { span: at, ..*c }));
                // A function of rows whose columns the text does not tell.
                if let (true, super::Rest::Any(node)) = (columns.len() == start, &scopes.shape(shape).rest) {
                    let node = *node;
                    let name = Some(scopes.names.exact("*"));
                    columns.push(Output { name, node, span: at, star: true });
                }
                if columns[start..].iter().any(|column| column.star) {
                    stars.push(OpenStar { relation, except: Vec::new() });
                }
            }
        }
        let renamed = &scopes.relations[relation.0 as usize].renamed;
        for (column, &name) in columns[start..].iter_mut().zip(renamed) {
            if column.star {
                break;
            }
            column.name = Some(name);
        }
        true
    }

    pub(super) fn qualified_star(
        &mut self,
        place: Place<'t>,
        name: &'t ObjectName,
        at: Span,
    ) -> Option<(Vec<Output>, Rest)> {
        let parts: Vec<Name> =
            name.0.iter().filter_map(|part| part.as_ident()).map(|i| self.scopes.names.ident(i)).collect();
        if let Some(relation) = self.scopes.relation_named(place.scope, &parts) {
            let (mut columns, mut stars) = (Vec::new(), Vec::new());
            let is_whole = self.expand(relation, at, &mut columns, &mut stars);
            return Some((columns, self.left_open(stars, is_whole)));
        }
        // The star of a struct: its fields, as far as they are known.
        let start = self.scopes.values.begin();
        self.extent = None;
        self.path(name.0.iter().filter_map(|part| part.as_ident()), Kind::Identity, place);
        let node = self.scopes.values.finish(start);
        self.cover(at);
        Some((self.fields_as_columns(node), Rest::Nothing))
    }

    /// `(expr).*`
    pub(super) fn struct_star(&mut self, expr: &'t Expr, place: Place<'t>) {
        let node = self.item(expr, place);
        self.cover(span(expr.span()));
        let columns = self.fields_as_columns(node);
        self.scopes.scopes[place.scope.0 as usize].outputs.extend(columns);
    }

    fn fields_as_columns(&mut self, node: super::Node) -> Vec<Output> {
        let at = self.covered();
        match self.scopes.fields_to_list(node) {
            Some(fields) => fields
                .into_iter()
                .map(|(name, node)| Output { name: Some(name), node, span: at, star: false })
                .collect(),
            None => {
                let star = self.scopes.names.exact("*");
                vec![Output { name: Some(star), node, span: at, star: true }]
            }
        }
    }
}

fn except(rest: &mut Rest, key: Name) {
    if let Rest::Stars(stars) = rest {
        for star in stars {
            star.except.push(key);
        }
    }
}

/// SQL's LIKE on text that is folded already: `%` and `_`, nothing escaped.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for p in pattern {
        if p == '%' {
            let mut seen = false;
            for cell in &mut reached {
                seen |= *cell;
                *cell = seen;
            }
        } else {
            for at in (0..text.len()).rev() {
                reached[at + 1] = reached[at] && (p == '_' || p == text[at]);
            }
            reached[0] = false;
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_matches_as_sql_does() {
        assert!(like("order_id", "%_id"));
        assert!(like("abc", "a%c"));
        assert!(like("abc", "%"));
        assert!(!like("abc", "a_"));
        assert!(!like("", "_"));
    }
}
