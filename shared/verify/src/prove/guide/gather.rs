//! Chooses a way through a query: a block of each union, a side of each OR, as many rows of a group as a
//! condition on it asks for.

use std::rc::Rc;

use rand::Rng;
use rand::rngs::StdRng;

use crate::prove::build::compare::same;
use crate::prove::normalize::mentions_query;
use crate::prove::prover::{Prover, numbered};
use crate::prove::rebuild::{self, Rebuild};
use crate::prove::term::{Block, Fact, Formula, Literal, Query, Source, Term, Type, Var};

/// What a scalar subquery is called.
const SINGLE: &str = "single_value";

/// Most rows of one wish.
const MOST_ROWS: usize = 128;

/// Rows, and what shall hold of them.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// A variable for each row, and its relation.
    pub rows: Vec<(Var, usize)>,
    /// What shall hold.
    pub facts: Vec<Fact>,
}

/// A way through the query.
pub fn gather(prover: &Prover<'_>, query: &Query, rng: &mut StdRng) -> Wishes {
    let mut wishes = Wishes::default();
    let mut way = Way { prover, wishes: &mut wishes, rng, singles: Vec::new(), counted: Vec::new() };
    way.query(query, 0);
    wishes
}

struct Way<'w, 's> {
    prover: &'w Prover<'s>,
    wishes: &'w mut Wishes,
    rng: &'w mut StdRng,
    /// Scalar subqueries that have their row, and its outputs: a second one would be an error.
    singles: Vec<(Query, Vec<Term>)>,
    /// What is counted and has its rows: from 15 to 20 are 15 or 20, not 35.
    counted: Vec<Query>,
}

impl Way<'_, '_> {
    /// A block of the query; its outputs.
    fn query(&mut self, query: &Query, depth: usize) -> Vec<Term> {
        if query.blocks.is_empty() || depth > 8 || self.wishes.rows.len() >= MOST_ROWS {
            return Vec::new();
        }
        let block = &query.blocks[self.rng.random_range(0..query.blocks.len())];
        let block = self.prover.refresh_block(block);
        self.block(&block, depth);
        block.outputs
    }

    fn block(&mut self, block: &Block, depth: usize) {
        for (var, source) in &block.sources {
            match source {
                Source::Table(table) => self.wishes.rows.push((*var, *table)),
                Source::Distinct(query) | Source::Opaque(_, query) => {
                    if let Source::Opaque(name, _) = source {
                        self.limit(name, query, depth);
                    }
                    let outputs = self.query(query, depth + 1);
                    for (at, output) in outputs.iter().enumerate() {
                        let column = Term::Column(*var, at, output.type_of().clone());
                        self.formula(&same(&column, output), depth);
                    }
                }
            }
        }
        block.conditions.iter().for_each(|condition| self.formula(condition, depth));
        // What conditions have decided already, another branch only contradicts.
        if self.rng.random_bool(0.7) {
            block.outputs.iter().for_each(|output| self.branch(output, depth));
        }
        let mut inside = Vec::new();
        block.outputs.iter().for_each(|output| queries_of(output, &mut Vec::new(), &mut inside));
        for query in inside.iter().take(6) {
            for _ in 0..self.rng.random_range(0..=2) {
                self.query(query, depth + 1);
            }
        }
    }

    /// As many rows as a LIMIT keeps, and more, so that it is seen which it keeps.
    fn limit(&mut self, name: &str, query: &Query, depth: usize) {
        if depth <= 4
            && let Some(most) = crate::prove::lower::limit_of(name)
            && self.rng.random_bool(0.5)
        {
            let rows = most.min(40) + self.rng.random_range(0..=2);
            for _ in 0..rows {
                self.query(query, depth + 1);
            }
        }
    }

    /// One branch of each CASE.
    fn branch(&mut self, term: &Term, depth: usize) {
        match term {
            Term::Call(_, arguments, _) => arguments.iter().for_each(|argument| self.branch(argument, depth)),
            Term::Case(arms, otherwise, _) => {
                let at = self.rng.random_range(0..=arms.len());
                match arms.get(at) {
                    Some((guard, value)) => {
                        self.formula(guard, depth);
                        self.branch(value, depth);
                    }
                    None => self.branch(otherwise, depth),
                }
            }
            _ => {}
        }
    }

    fn formula(&mut self, formula: &Formula, depth: usize) {
        match formula {
            Formula::And(parts) => parts.iter().for_each(|part| self.formula(part, depth)),
            Formula::Or(parts) => {
                let parts: Vec<&Formula> = parts.iter().filter(|part| !super::is_trivial(part)).collect();
                if !parts.is_empty() {
                    let part = parts[self.rng.random_range(0..parts.len())];
                    self.formula(part, depth);
                }
            }
            Formula::Fact(Fact::Exists(query)) => {
                self.query(query, depth + 1);
            }
            Formula::Fact(Fact::Empty(query)) => {
                // Now and then what shall not be there is.
                if self.rng.random_bool(0.12) {
                    self.query(query, depth + 1);
                }
            }
            Formula::Fact(fact) => {
                let mut stand_ins = StandIns(self.aggregates(fact, depth));
                self.wishes.facts.push(fact.clone());
                if !stand_ins.0.is_empty() && depth < 8 {
                    let linked = rebuild::formula(formula, &mut stand_ins);
                    if !mentions_query(&linked) {
                        self.formula(&linked, depth + 1);
                    }
                }
            }
            Formula::True | Formula::False => {}
        }
    }

    /// Rows for the groups that a fact speaks of; aggregates, and what they are of one of these rows.
    fn aggregates(&mut self, fact: &Fact, depth: usize) -> Vec<(Term, Term)> {
        let mut stand_ins = Vec::new();
        let (a, b, least) = match fact {
            Fact::Less(a, b) => (a, b, 1),
            Fact::AtMost(a, b) | Fact::Equal(a, b) | Fact::Unequal(a, b) | Fact::Same(a, b) => (a, b, 0),
            Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => (a, a, 0),
            _ => return stand_ins,
        };
        for (term, other, more) in [(b, a, least), (a, b, -least)] {
            match (term, other) {
                (Term::Aggregate(name, query, _), Term::Literal(literal, _)) if name != SINGLE => {
                    self.group(name, query, literal, more, depth);
                }
                _ => {
                    let mut inside = Vec::new();
                    aggregates_of(term, &mut inside);
                    for aggregate in inside.iter().take(3) {
                        let Term::Aggregate(name, query, _) = aggregate else { continue };
                        if let Some(output) = self.rows_of(name, query, depth) {
                            stand_ins.push(((*aggregate).clone(), output));
                        }
                    }
                }
            }
        }
        stand_ins
    }

    /// A row or two of a group that is compared with what is no literal; the value in the first.
    fn rows_of(&mut self, name: &str, query: &Rc<Query>, depth: usize) -> Option<Term> {
        if name == SINGLE {
            let known = numbered(query);
            if let Some((_, outputs)) = self.singles.iter().find(|(other, _)| *other == known) {
                return outputs.first().cloned();
            }
            let outputs = self.query(query, depth + 1);
            self.singles.push((known, outputs.clone()));
            return outputs.first().cloned();
        }
        if name.starts_with("stddev") || name.starts_with("var") {
            self.spread(query, depth);
            return None;
        }
        let first = self.query(query, depth + 1).first().cloned();
        if self.rng.random_bool(0.5) {
            self.query(query, depth + 1);
        }
        first
    }

    /// Rows whose values lie far apart: one that is large among zeros.
    fn spread(&mut self, query: &Rc<Query>, depth: usize) {
        for number in 0..self.rng.random_range(2..=4) {
            if let Some(output) = self.query(query, depth + 1).into_iter().next() {
                let value = Literal::Int(if number == 0 { 100 } else { 0 });
                let target = Term::Literal(value, output.type_of().clone());
                self.wishes.facts.push(Fact::Equal(output, target));
            }
        }
    }

    /// As many rows as a count shall have, or values that a sum or extreme shall reach.
    fn group(&mut self, name: &str, query: &Rc<Query>, literal: &Literal, more: i128, depth: usize) {
        let counts = name == "sum"
            && query
                .blocks
                .iter()
                .all(|b| matches!(b.outputs.first(), Some(Term::Literal(Literal::Int(1), _))));
        if let (true, Literal::Int(n)) = (counts, literal) {
            let known = numbered(query);
            if self.counted.contains(&known) || self.rng.random_bool(0.2) {
                return;
            }
            self.counted.push(known);
            // The group's own row and that of an EXISTS count as well.
            let shift = self.rng.random_range(-3..=1);
            let rows = (n + more + shift).clamp(0, 40);
            for _ in 0..rows {
                self.query(query, depth + 1);
            }
            return;
        }
        let rows = self.rng.random_range(1..=2);
        for number in 0..rows {
            let outputs = self.query(query, depth + 1);
            if let (Some(output), 0) = (outputs.first(), number) {
                let target = Term::Literal(literal.clone(), output.type_of().clone());
                self.wishes.facts.push(match self.rng.random_range(0..3) {
                    0 => Fact::Equal(output.clone(), target),
                    1 => Fact::Less(target, output.clone()),
                    _ => Fact::Less(output.clone(), target),
                });
            }
        }
    }
}

/// Puts values of single rows where their aggregates stand.
struct StandIns(Vec<(Term, Term)>);

impl Rebuild for StandIns {
    fn exists(&mut self, query: &Rc<Query>) -> Formula {
        Fact::Exists(Rc::clone(query)).into()
    }

    fn aggregate(&mut self, name: &str, query: &Rc<Query>, data_type: &Type) -> Term {
        let aggregate = Term::Aggregate(name.to_owned(), Rc::clone(query), data_type.clone());
        self.0.iter().find(|(of, _)| *of == aggregate).map_or(aggregate, |(_, value)| value.clone())
    }
}

/// The aggregates that a term is computed from, those inside of queries aside.
fn aggregates_of<'t>(term: &'t Term, found: &mut Vec<&'t Term>) {
    match term {
        Term::Aggregate(..) => found.push(term),
        Term::Call(_, arguments, _) => arguments.iter().for_each(|argument| aggregates_of(argument, found)),
        Term::Case(arms, otherwise, _) => {
            arms.iter().for_each(|(_, value)| aggregates_of(value, found));
            aggregates_of(otherwise, found);
        }
        Term::Column(..) | Term::Literal(..) | Term::Truth(..) => {}
    }
}

/// The fact as a comparison, where it is one of values of types that an engine converts first.
pub fn compared(fact: &Fact) -> Fact {
    let (call, holds) = match fact {
        Fact::Holds(call) => (call, true),
        Fact::Fails(call) => (call, false),
        _ => return fact.clone(),
    };
    let Term::Call(name, arguments, _) = call else { return fact.clone() };
    match (name.as_str(), arguments.as_slice(), holds) {
        ("=", [a, b], true) => Fact::Equal(a.clone(), b.clone()),
        ("=", [a, b], false) => Fact::Unequal(a.clone(), b.clone()),
        ("<", [a, b], true) => Fact::Less(a.clone(), b.clone()),
        ("<", [a, b], false) => Fact::AtMost(b.clone(), a.clone()),
        _ => fact.clone(),
    }
}

/// The facts and the queries in a formula, whichever side of an OR they stand on.
pub fn facts_of(formula: &Formula, facts: &mut Vec<Fact>, inside: &mut Vec<Rc<Query>>) {
    match formula {
        Formula::True | Formula::False => {}
        Formula::And(parts) | Formula::Or(parts) => {
            parts.iter().for_each(|part| facts_of(part, facts, inside))
        }
        Formula::Fact(Fact::Exists(query) | Fact::Empty(query)) => inside.push(Rc::clone(query)),
        Formula::Fact(fact) => {
            match fact {
                Fact::Equal(a, b)
                | Fact::Unequal(a, b)
                | Fact::Less(a, b)
                | Fact::AtMost(a, b)
                | Fact::Same(a, b)
                | Fact::Distinct(a, b) => {
                    queries_of(a, facts, inside);
                    queries_of(b, facts, inside);
                }
                Fact::Null(a) | Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => {
                    queries_of(a, facts, inside)
                }
                Fact::Exists(_) | Fact::Empty(_) => {}
            }
            facts.push(fact.clone());
        }
    }
}

/// Those in a term.
pub fn queries_of(term: &Term, facts: &mut Vec<Fact>, inside: &mut Vec<Rc<Query>>) {
    match term {
        Term::Column(..) | Term::Literal(..) => {}
        Term::Call(_, arguments, _) => {
            arguments.iter().for_each(|argument| queries_of(argument, facts, inside))
        }
        Term::Case(arms, otherwise, _) => {
            for (guard, value) in arms {
                facts_of(guard, facts, inside);
                queries_of(value, facts, inside);
            }
            queries_of(otherwise, facts, inside);
        }
        Term::Truth(yes, no) => {
            facts_of(yes, facts, inside);
            facts_of(no, facts, inside);
        }
        Term::Aggregate(_, query, _) => inside.push(Rc::clone(query)),
    }
}

/// Whether a call takes a text beside, or as, a number.
pub fn mixes(term: &Term) -> bool {
    let Term::Call(name, arguments, result) = term else { return false };
    let is = |wanted: fn(&Type) -> bool| arguments.iter().any(|argument| wanted(argument.type_of()));
    let text = |t: &Type| *t == Type::Text;
    let number = |t: &Type| t.is_exact() || *t == Type::Float;
    let beside = matches!(name.as_str(), "=" | "<" | "+" | "-" | "*" | "/" | "%" | "negative");
    (beside && is(text) && (is(number) || name == "negative"))
        || (name.starts_with("cast ") && is(text) && number(result))
        || arguments.iter().any(mixes)
}
