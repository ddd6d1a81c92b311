//! Whether formulas can hold together. "No" is certain; everything else is "perhaps".
//!
//! A search over the disjunctions (DPLL) above a theory of equality, NULL, keys and order. `EXISTS` brings
//! rows of its own; "no row" (`Empty`) is applied to all rows at hand, and to those that foreign keys
//! promise.

mod classes;
mod mark;
mod order;
mod promise;
mod rows;
mod theory;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::build::compare::same;
use super::build::formula::not;
use super::prover::Prover;
use super::term::{Block, Fact, Formula, Query, Source, Term, Var};
pub use theory::Theory;

/// Most nested case distinctions.
const MOST_DEPTH: usize = 20;
/// Most rows that a search brings into play.
const MOST_SOURCES: usize = 24;

/// What is known: rows at hand and what holds of them.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Rows.
    pub sources: Vec<(Var, Source)>,
    /// What holds.
    pub formulas: Vec<Formula>,
}

impl Scene {
    /// This and a block's rows.
    pub fn with(&self, block: &Block) -> Self {
        let mut scene = self.clone();
        scene.sources.extend(block.sources.iter().cloned());
        scene.formulas.extend(block.conditions.iter().cloned());
        scene
    }

    /// Whether this cannot be.
    pub fn is_impossible(&self, prover: &Prover<'_>) -> bool {
        self.excludes(prover, &Formula::True)
    }

    /// Whether the formula cannot hold where this does. Answers are kept: the rounds of rules ask again.
    fn excludes(&self, prover: &Prover<'_>, formula: &Formula) -> bool {
        // Two hashes of 64 bits: that both agree by chance is out of the question.
        let key = [1u8, 2].map(|salt| {
            let mut hasher = DefaultHasher::new();
            (salt, &self.sources, &self.formulas, formula).hash(&mut hasher);
            hasher.finish()
        });
        if let Some(known) = prover.excluded.borrow().get(&key) {
            return *known;
        }
        let mut search = Search::new(prover, self);
        search.open.extend(self.formulas.iter().cloned());
        search.open.push(formula.clone());
        let with_checks = search.clone();
        let found = search.is_impossible(0) || with_checks.is_impossible_by_promises();
        if found || !prover.is_spent() {
            prover.excluded.borrow_mut().insert(key, found);
        }
        found
    }

    /// Whether the formula holds wherever this does.
    pub fn entails(&self, prover: &Prover<'_>, formula: &Formula) -> bool {
        match formula {
            Formula::True => return true,
            // Each by itself: one negation at a time needs no case distinction.
            Formula::And(parts) => return parts.iter().all(|part| self.entails(prover, part)),
            other if self.formulas.contains(other) => return true,
            _ => {}
        }
        self.excludes(prover, &not(formula))
    }

    /// The theory of the plain facts, without any case distinction; `None` where they cannot be.
    pub fn theory(&self, prover: &Prover<'_>) -> Option<Theory> {
        let mut facts = Vec::new();
        for formula in &self.formulas {
            if let Formula::Fact(fact) = formula {
                facts.push(fact.clone());
            }
        }
        Theory::of(prover, &self.sources, &facts)
    }
}

/// A state of the search.
#[derive(Clone)]
struct Search<'p, 's> {
    prover: &'p Prover<'s>,
    sources: Vec<(Var, Source)>,
    open: Vec<Formula>,
    facts: Vec<Fact>,
    clauses: Vec<Vec<Formula>>,
    empties: Vec<Rc<Query>>,
    /// Which rows an `Empty` was applied to.
    applied: BTreeSet<(usize, usize, Vec<Var>)>,
    /// Rows whose source, or whose foreign key, was followed.
    followed: BTreeSet<(Var, usize)>,
    /// The CHECK constraints that may be used, by table: none at first, since they make a search dearer and are
    /// seldom needed.
    promises: Rc<BTreeSet<(usize, usize)>>,
    /// Of which rows which of them was said.
    promised: BTreeSet<(Var, usize)>,
    /// Those that were said of any row, wherever the search went.
    kept: Rc<RefCell<BTreeSet<(usize, usize)>>>,
}

impl<'p, 's> Search<'p, 's> {
    fn new(prover: &'p Prover<'s>, scene: &Scene) -> Self {
        Self {
            prover,
            sources: scene.sources.clone(),
            open: Vec::new(),
            facts: Vec::new(),
            clauses: Vec::new(),
            empties: Vec::new(),
            applied: BTreeSet::new(),
            followed: BTreeSet::new(),
            promises: Rc::default(),
            promised: BTreeSet::new(),
            kept: Rc::default(),
        }
    }

    fn is_impossible(&mut self, depth: usize) -> bool {
        let theory = loop {
            if self.flatten() {
                return true;
            }
            self.open_sources();
            if !self.open.is_empty() {
                continue;
            }
            if !self.prover.spend(self.facts.len() + self.sources.len()) {
                return false;
            }
            let Some(theory) = Theory::of(self.prover, &self.sources, &self.facts) else { return true };
            self.rows_of_aggregates(&theory);
            self.apply_empties();
            self.keep_promises(&theory);
            if self.simplify(&theory) {
                return true;
            }
            if self.open.is_empty() {
                break theory;
            }
        };
        drop(theory);
        if depth >= MOST_DEPTH {
            return false;
        }
        let Some(at) = (0..self.clauses.len()).min_by_key(|&at| self.clauses[at].len()) else { return false };
        let clause = self.clauses.swap_remove(at);
        let mut before: Vec<Formula> = Vec::new();
        for part in clause {
            let mut branch = self.clone();
            branch.open.push(part.clone());
            branch.open.append(&mut before.clone());
            if !branch.is_impossible(depth + 1) {
                return false;
            }
            before.push(not(&part));
        }
        true
    }

    /// Takes formulas apart; `true` where one of them is false.
    fn flatten(&mut self) -> bool {
        while let Some(formula) = self.open.pop() {
            match formula {
                Formula::True => {}
                Formula::False => return true,
                Formula::And(parts) => self.open.extend(parts),
                Formula::Or(parts) => {
                    if !self.clauses.contains(&parts) {
                        self.clauses.push(parts);
                    }
                }
                Formula::Fact(Fact::Empty(query)) => {
                    if !self.empties.contains(&query) {
                        self.empties.push(query);
                    }
                }
                Formula::Fact(Fact::Exists(query)) => match query.blocks.as_slice() {
                    [] => return true,
                    [block] => {
                        if self.sources.len() + block.sources.len() <= MOST_SOURCES {
                            let block = self.prover.refresh_block(block);
                            self.sources.extend(block.sources);
                            self.open.extend(block.conditions);
                        }
                    }
                    several => self.clauses.push(
                        several
                            .iter()
                            .map(|block| Fact::Exists(Rc::new(Query { blocks: vec![block.clone()] })).into())
                            .collect(),
                    ),
                },
                Formula::Fact(fact) => {
                    if !self.facts.contains(&fact) {
                        self.facts.push(fact);
                    }
                }
            }
        }
        false
    }

    /// A row of DISTINCT is a row of what is under it.
    fn open_sources(&mut self) {
        for at in 0..self.sources.len() {
            let (var, source) = self.sources[at].clone();
            let Source::Distinct(query) = source else { continue };
            if !self.followed.insert((var, usize::MAX)) {
                continue;
            }
            let mut query = (*query).clone();
            for block in &mut query.blocks {
                let outputs = std::mem::take(&mut block.outputs);
                for (at, output) in outputs.iter().enumerate() {
                    let column = Term::Column(var, at, output.type_of().clone());
                    block.conditions.push(same(&column, output));
                }
            }
            self.open.push(Fact::Exists(Rc::new(query)).into());
        }
    }

    /// Where an aggregate is not NULL there is a row under it.
    fn rows_of_aggregates(&mut self, theory: &Theory) {
        for term in theory.classes.terms() {
            if let Term::Aggregate(name, query, _) = term
                && super::build::is_null_of_nothing_alone(name)
                && theory.classes.known(term).is_some_and(|class| theory.classes.is_not_null(class))
            {
                let exists: Formula = Fact::Exists(Rc::clone(query)).into();
                let seen: Fact = Fact::NotNull(term.clone());
                if !self.facts.contains(&seen) {
                    self.facts.push(seen);
                    self.open.push(exists);
                }
            }
        }
    }

    /// Drops what holds anyway and what cannot be; `true` where nothing of a clause is left.
    fn simplify(&mut self, theory: &Theory) -> bool {
        let mut kept = Vec::new();
        for clause in std::mem::take(&mut self.clauses) {
            let mut left = Vec::new();
            let mut holds = false;
            for part in clause {
                match theory.eval(&part) {
                    Some(true) => holds = true,
                    Some(false) => {}
                    None => left.push(part),
                }
            }
            if holds {
                continue;
            }
            match left.len() {
                0 => return true,
                1 => self.open.append(&mut left),
                _ => kept.push(left),
            }
        }
        self.clauses = kept;
        false
    }
}
