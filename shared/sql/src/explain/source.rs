//! The text that a plan was made for: where its tables and conditions stand, to say of a step what it is
//! about. What could be several places is none.

use std::collections::HashSet;

use super::Text;
use super::predicate::{Term, Words, own_columns, terms_of};
use super::tree::Relation;
use crate::catalog::Catalog;
use crate::guard;
use crate::lint::shape::conjuncts;
use crate::lint::walk::walk;
use crate::lint::{Clause, Node, Places};
use crate::parse::Tree;
use crate::scope::{self, Meaning, Scopes};
use crate::text::Span;

/// So many tables and conditions of a text are looked at, and so many tables of one name told apart: beyond, nobody
/// reads them, and every step would be compared with all.
const MOST: usize = 2_000;
const MOST_ALIKE: usize = 20;

/// The tables and conditions of a text.
#[derive(Debug, Default)]
pub(super) struct Source {
    relations: Vec<Named>,
    conditions: Vec<Condition>,
}

/// A table in a FROM clause, or one that is changed.
#[derive(Debug)]
struct Named {
    alias: Option<String>,
    table: Vec<String>,
    span: Span,
}

/// A condition that has to hold.
#[derive(Debug)]
struct Condition {
    span: Span,
    /// The columns, and the table of each where it could be told.
    columns: Vec<(Option<usize>, String)>,
    literals: HashSet<String>,
    terms: Vec<Term>,
}

impl Source {
    /// Looks through a text. One that cannot be read has nothing.
    pub(super) fn read(text: Text<'_>, catalog: &Catalog) -> Self {
        let found = guard::with_script(text.sql, text.dialect, |script| {
            let mut source = Self::default();
            let places = Places::new(script);
            for statement in &script.statements {
                let Ok(Tree::Sql(tree)) = &statement.tree else { continue };
                if source.relations.len().max(source.conditions.len()) >= MOST {
                    break;
                }
                places.set_statement(statement.span);
                let scopes = scope::resolve(tree, text.dialect, catalog);
                let first = source.relations.len();
                let mut ids = Vec::new();
                for (_, scope) in scopes.all() {
                    for &id in &scope.relations {
                        let Some(table) = scopes.table_name(id) else { continue };
                        if source.relations.len() >= MOST {
                            continue;
                        }
                        ids.push(id);
                        source.relations.push(Named {
                            alias: scopes.alias(id).map(str::to_owned),
                            table: table.into_iter().map(str::to_owned).collect(),
                            span: scopes.relation(id).span,
                        });
                    }
                }
                walk(tree, &mut |node, site| {
                    let Node::Expr(whole) = node else { return };
                    let is_condition =
                        matches!(site.clause, Clause::Where | Clause::On | Clause::Having | Clause::Qualify);
                    if site.parent.is_some() || site.is_conditional || !is_condition {
                        return;
                    }
                    let left = MOST.saturating_sub(source.conditions.len());
                    for condition in conjuncts(whole).into_iter().take(left) {
                        let span = places.of_expr(condition);
                        let mut words = Words::default();
                        words.add(places.text(span), text.dialect);
                        let columns = own_columns(condition).into_iter().map(|column| {
                            let start = places.of_ident(column.qualifier.unwrap_or(column.name)).start;
                            let relation = table_of(&scopes, start, &source.relations[first..], &ids);
                            let (table, name) = relation.unwrap_or((None, column.name.value.to_lowercase()));
                            (table.map(|at| first + at), name)
                        });
                        source.conditions.push(Condition {
                            columns: columns.collect(),
                            span,
                            literals: words.literals,
                            terms: terms_of(condition),
                        });
                    }
                });
            }
            source
        });
        found.unwrap_or_default()
    }

    /// The table of the text that a plan means, told by the predicates where its name alone does not tell.
    pub(super) fn relation(&self, meant: &Relation, predicate: &Words) -> Option<usize> {
        let last = meant.name.rsplit('.').next().unwrap_or(&meant.name);
        let called = meant.alias.as_deref().unwrap_or(last);
        let is_named = |named: &Named, name: &str| {
            named.table.last().is_some_and(|table| table.eq_ignore_ascii_case(name))
        };
        let is_called = |named: &Named, name: &str| {
            named.alias.as_deref().is_some_and(|alias| alias.eq_ignore_ascii_case(name))
        };
        // A second relation of one name gets a number in a plan of PostgreSQL.
        let unnumbered = called.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix('_');
        let find = |fits: &dyn Fn(&Named) -> bool| -> Vec<usize> {
            (0..self.relations.len()).filter(|&at| fits(&self.relations[at])).collect()
        };
        let mut found = match meant.alias {
            Some(_) => find(&|named| is_called(named, called) && is_named(named, last)),
            None => find(&|named| is_called(named, called)),
        };
        if found.is_empty()
            && let Some(plain) = unnumbered
        {
            found = find(&|named| is_called(named, plain) && is_named(named, last));
        }
        // Not every database says the alias.
        if meant.alias.is_none() {
            let by_table = find(&|named| is_named(named, last));
            found = if found.is_empty() || by_table.len() > found.len() { by_table } else { found };
        }
        match found[..] {
            [] => None,
            [only] => Some(only),
            _ if found.len() > MOST_ALIKE => None,
            _ => {
                let mut asked = found.into_iter().filter(|&at| self.best(at, predicate).is_some());
                asked.next().filter(|_| asked.next().is_none())
            }
        }
    }

    /// The name of a table, as the text has it.
    pub(super) fn table(&self, at: usize) -> String {
        self.relations[at].table.join(".")
    }

    /// Where a table stands.
    pub(super) fn span(&self, at: usize) -> Span {
        self.relations[at].span
    }

    /// Where the condition on a table stands that a plan means.
    pub(super) fn condition(&self, at: usize, predicate: &Words) -> Option<Span> {
        self.best(at, predicate).map(|condition| condition.span)
    }

    /// What is compared with constants in the conditions on a table, and where.
    pub(super) fn terms(&self, at: usize) -> impl Iterator<Item = (&Term, Span)> {
        let own = self.conditions.iter().filter(move |condition| condition.is_on(at));
        own.flat_map(|condition| condition.terms.iter().map(|term| (term, condition.span)))
    }

    /// The condition on a table all of whose columns the plan names, and of whose literals it has most.
    fn best(&self, at: usize, predicate: &Words) -> Option<&Condition> {
        let score = |condition: &Condition| {
            let is_named = |(_, name): &(Option<usize>, String)| predicate.names.contains(name);
            (condition.is_about(at) && condition.columns.iter().all(is_named)).then(|| {
                let literals = condition.literals.iter().filter(|text| predicate.literals.contains(*text));
                2 * literals.count() + condition.columns.len()
            })
        };
        let mut best: Option<(usize, &Condition)> = None;
        for condition in &self.conditions {
            if let Some(score) = score(condition)
                && best.is_none_or(|(most, _)| score > most)
            {
                best = Some((score, condition));
            }
        }
        best.map(|(_, condition)| condition)
    }
}

impl Condition {
    /// Whether a column of it is one of this table, as far as can be told.
    fn is_about(&self, at: usize) -> bool {
        let is_own = |(table, _): &(Option<usize>, String)| table.is_none_or(|table| table == at);
        self.columns.iter().any(is_own)
    }

    /// Whether all columns of it are known to be this table's.
    fn is_on(&self, at: usize) -> bool {
        !self.columns.is_empty() && self.columns.iter().all(|(table, _)| *table == Some(at))
    }
}

/// The table among these, and the column, that the reference at a place means; through subqueries that hand it
/// on as it is.
fn table_of(
    scopes: &Scopes<'_>,
    start: crate::text::Position,
    relations: &[Named],
    ids: &[scope::RelationId],
) -> Option<(Option<usize>, String)> {
    let reference = scopes.reference_at(start)?;
    let (table, column) = scopes.base_column(reference)?;
    let own = match reference.meaning {
        Meaning::Column { relation, .. } => ids.iter().position(|id| *id == relation),
        _ => None,
    };
    let by_table = || {
        let mut same = (0..relations.len()).filter(|&at| relations[at].table == table);
        same.next().filter(|_| same.next().is_none())
    };
    Some((own.or_else(by_table), column.to_lowercase()))
}
