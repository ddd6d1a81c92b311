//! What every part of a proof shares: the schema, fresh variables, the budget, and the steps taken.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Instant;

use super::rebuild::{self, Rebuild};
use super::substitute;
use super::term::{Block, Fact, Formula, Query, Source, Term, Type, Var};
use crate::database::Schema;

/// A check of so many facts costs a unit more: it takes that much longer.
const FACTS_OF_A_UNIT: usize = 16;

/// What every row of a table keeps.
pub struct Promise {
    /// The CHECK constraint as written.
    pub text: String,
    /// The columns that it is about.
    pub columns: Vec<usize>,
    /// That it is not false of the row that [`ANY_ROW`] stands for.
    pub formula: Formula,
}

/// Stands for a row of a [`Promise`], and for no row of a query.
pub const ANY_ROW: Var = 0;

/// Shared by the parts of one proof.
pub struct Prover<'s> {
    /// The tables with what holds in them.
    pub schema: &'s Schema,
    next: Cell<Var>,
    fuel: Cell<u32>,
    until: Option<Instant>,
    steps: RefCell<Vec<String>>,
    /// Whether sums over any CASE are split, and not only those over counts: dearer, and seldom needed.
    pub splits: Cell<bool>,
    /// How deep comparisons of queries inside comparisons of queries have gone.
    pub depth: Cell<u32>,
    /// By table: what its rows keep by CHECK constraints.
    pub promises: OnceCell<Vec<Vec<Promise>>>,
    /// Pairs of aggregates that were compared, with where their outer rows come from.
    pub compared: RefCell<HashMap<(Term, Term, u64), bool>>,
    /// Scenes with a formula, by their hashes, and whether the formula cannot hold there.
    pub excluded: RefCell<HashMap<[u64; 2], bool>>,
    /// Queries that were made simpler, with where that was, and what came of it.
    pub simplified: RefCell<HashMap<(Query, u64), Query>>,
}

impl<'s> Prover<'s> {
    /// One with so many consistency checks to spend.
    pub fn new(schema: &'s Schema, fuel: u32) -> Self {
        Self {
            schema,
            next: Cell::new(1),
            fuel: Cell::new(fuel),
            until: None,
            steps: RefCell::default(),
            splits: Cell::new(false),
            depth: Cell::new(0),
            promises: OnceCell::new(),
            compared: RefCell::default(),
            excluded: RefCell::default(),
            simplified: RefCell::default(),
        }
    }

    /// One that also stops at this moment.
    pub fn until(mut self, until: Instant) -> Self {
        self.until = Some(until);
        self
    }

    /// A variable that nothing else uses.
    pub fn fresh(&self) -> Var {
        let var = self.next.get();
        self.next.set(var + 1);
        var
    }

    /// Spends a check of so many facts; `false` when nothing is left, and nothing more is proved.
    pub fn spend(&self, facts: usize) -> bool {
        if self.until.is_some_and(|until| Instant::now() > until) {
            self.fuel.set(0);
        }
        let left = self.fuel.get();
        let price = 1 + u32::try_from(facts / FACTS_OF_A_UNIT).unwrap_or(u32::MAX);
        self.fuel.set(left.saturating_sub(price));
        left > 0
    }

    /// Whether the budget is used up.
    pub fn is_spent(&self) -> bool {
        self.fuel.get() == 0
    }

    /// Notes a step, once.
    pub fn note(&self, step: impl Into<String>) {
        let step = step.into();
        let mut steps = self.steps.borrow_mut();
        if !steps.contains(&step) {
            steps.push(step);
        }
    }

    /// The steps so far.
    pub fn take_steps(&self) -> Vec<String> {
        self.steps.take()
    }

    /// The name of a relation.
    pub fn table(&self, at: usize) -> String {
        self.schema.relations[at].dotted()
    }

    /// The names of its columns.
    pub fn columns(&self, table: usize, columns: &[usize]) -> String {
        let relation = &self.schema.relations[table];
        let names: Vec<&str> = columns.iter().map(|&c| relation.attributes[c].name.as_str()).collect();
        format!("{}({})", relation.dotted(), names.join(", "))
    }

    /// The same query with variables of its own.
    pub fn refresh(&self, query: &Query) -> Query {
        rename(query, &mut || self.fresh())
    }

    /// The same block with variables of its own, in the queries inside it as well.
    pub fn refresh_block(&self, block: &Block) -> Block {
        rename_block(block, &mut || self.fresh())
    }
}

/// The same query with variables numbered as they come, so that two that differ in names alone are equal.
pub fn numbered(query: &Query) -> Query {
    let mut next = Var::MAX / 2;
    rename(query, &mut || {
        next += 1;
        next
    })
}

fn rename(query: &Query, fresh: &mut dyn FnMut() -> Var) -> Query {
    Query { blocks: query.blocks.iter().map(|block| rename_block(block, fresh)).collect() }
}

fn rename_block(block: &Block, fresh: &mut dyn FnMut() -> Var) -> Block {
    let names: BTreeMap<Var, Var> = block.sources.iter().map(|(var, _)| (*var, fresh())).collect();
    let sources = block
        .sources
        .iter()
        .map(|(var, source)| {
            let source = match source {
                Source::Table(_) => source.clone(),
                Source::Distinct(query) => Source::Distinct(Rc::new(rename(query, fresh))),
                Source::Opaque(name, query) => Source::Opaque(name.clone(), Rc::new(rename(query, fresh))),
            };
            (*var, source)
        })
        .collect();
    let mut deep = Rename(fresh);
    let inner = Block {
        sources,
        conditions: block.conditions.iter().map(|c| rebuild::formula(c, &mut deep)).collect(),
        outputs: block.outputs.iter().map(|t| rebuild::term(t, &mut deep)).collect(),
    };
    substitute::rename_block(&inner, &names)
}

struct Rename<'f>(&'f mut dyn FnMut() -> Var);

impl Rebuild for Rename<'_> {
    fn exists(&mut self, query: &Rc<Query>) -> Formula {
        Fact::Exists(Rc::new(rename(query, self.0))).into()
    }

    fn aggregate(&mut self, name: &str, query: &Rc<Query>, data_type: &Type) -> Term {
        Term::Aggregate(name.to_owned(), Rc::new(rename(query, self.0)), data_type.clone())
    }
}
