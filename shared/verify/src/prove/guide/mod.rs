//! What rows would make a query return something: read off the algebra, for the generator. Nothing here is
//! a proof; a wish that comes out wrong costs a database, no more.

mod asked;
mod classes;
mod gather;
mod inside;
mod invert;
mod linear;
mod solve;
mod stretch;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use datafusion::logical_expr::LogicalPlan;
use rand::rngs::StdRng;

use super::lower::{Lower, Resolve};
use super::prover::Prover;
use super::term::{Block, Fact, Formula, Literal, Query, Source, Term};
use crate::database::Schema;
use crate::value::Value;
pub use values::value;

/// A row that is wished for: a relation, and values for some of its attributes.
pub type WishedRow = (usize, BTreeMap<usize, Value>);

/// What queries say of the attributes of relations.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    /// The values with which they compare them.
    pub values: Vec<(usize, usize, Value)>,
    /// Values that their functions make something else of.
    pub made: Vec<(usize, usize, Value)>,
    /// Those of which they ask whether they are NULL, and that may be.
    pub nulls: BTreeSet<(usize, usize)>,
}

/// The two queries of a pair as wishes.
pub struct Guide<'s> {
    prover: Prover<'s>,
    queries: Vec<Query>,
}

impl<'s> Guide<'s> {
    /// Reads both plans; one that is not understood gives no wishes.
    pub fn new(plans: [&LogicalPlan; 2], schema: &'s Schema, resolve: Resolve<'_>) -> Self {
        let prover = Prover::new(schema, u32::MAX);
        let queries = plans
            .into_iter()
            .filter_map(|plan| Lower::new(&prover, resolve).root(plan).ok())
            .map(|root| root.query)
            .filter(|query| !query.blocks.is_empty())
            .collect();
        Self { prover, queries }
    }

    /// Whether there is anything to go by.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// Rows that may make one of the queries return a row.
    pub fn wish(&self, which: usize, rng: &mut StdRng) -> Vec<WishedRow> {
        let Some(query) = self.queries.get(which % self.queries.len().max(1)) else { return Vec::new() };
        let wishes = gather::gather(&self.prover, query, rng);
        solve::solve(self.prover.schema, &wishes, rng)
    }

    /// Whether somewhere a text stands where a number is needed: any other text would be an error there.
    pub fn compares_texts_with_numbers(&self) -> bool {
        self.queries.iter().any(|query| query.blocks.iter().any(block_mixes))
    }

    /// What the queries say of attributes.
    pub fn mentions(&self) -> Mentions {
        let mut found = Mentions::default();
        for query in &self.queries {
            self.mentions_of(query, &BTreeMap::new(), &mut found);
        }
        found
    }

    fn mentions_of(&self, query: &Query, outer: &BTreeMap<u32, usize>, found: &mut Mentions) {
        for block in &query.blocks {
            let mut tables = outer.clone();
            for (var, source) in &block.sources {
                match source {
                    Source::Table(table) => {
                        tables.insert(*var, *table);
                    }
                    Source::Distinct(query) | Source::Opaque(_, query) => {
                        self.mentions_of(query, outer, found)
                    }
                }
            }
            self.mentions_in(block, &tables, found);
        }
    }

    fn mentions_in(&self, block: &Block, tables: &BTreeMap<u32, usize>, found: &mut Mentions) {
        let mut facts = Vec::new();
        let mut inside = Vec::new();
        block.conditions.iter().for_each(|c| gather::facts_of(c, &mut facts, &mut inside));
        block.outputs.iter().for_each(|t| gather::queries_of(t, &mut facts, &mut inside));
        let mut beside = Vec::new();
        block.outputs.iter().for_each(|output| inside::of_term(output, &mut beside));
        for fact in &facts {
            inside::of_fact(&gather::compared(fact), &mut beside);
        }
        for ((var, at), literal) in beside {
            let Some(table) = tables.get(&var) else { continue };
            let kind = self.prover.schema.relations[*table].attributes[at].kind;
            found.made.extend(values::value(&literal, kind).map(|value| (*table, at, value)));
        }
        for fact in facts {
            let fact = gather::compared(&fact);
            let (a, b) = match &fact {
                Fact::Equal(a, b)
                | Fact::Unequal(a, b)
                | Fact::Less(a, b)
                | Fact::AtMost(a, b)
                | Fact::Same(a, b) => (a, b),
                Fact::Null(a) | Fact::NotNull(a) => {
                    if let Some((var, at)) = classes::place(a)
                        && let Some(table) = tables.get(&var)
                        && self.prover.schema.relations[*table].attributes[at].nullable
                    {
                        found.nulls.insert((*table, at));
                    }
                    continue;
                }
                _ => continue,
            };
            for (term, literal) in [(a, b), (b, a)] {
                if let Term::Literal(literal, _) = literal
                    && let Some(wanted) = invert::inverted(term, literal)
                    && let (var, at) = wanted.place
                    && let Some(table) = tables.get(&var)
                {
                    let kind = self.prover.schema.relations[*table].attributes[at].kind;
                    let behind = wanted.stretch.and_then(|s| s.to.checked_mul(1000)).map(Literal::Timestamp);
                    let values = [Some(wanted.literal), behind].into_iter().flatten();
                    let values = values.filter_map(|l| values::value(&l, kind)).map(|v| (*table, at, v));
                    found.values.extend(values);
                }
            }
        }
        for query in inside {
            self.mentions_of(&query, tables, found);
        }
    }
}

/// Whether the formula says nothing.
fn is_trivial(formula: &Formula) -> bool {
    matches!(formula, Formula::True | Formula::False)
}

fn block_mixes(block: &Block) -> bool {
    let mut facts = Vec::new();
    let mut inside = Vec::new();
    block.conditions.iter().for_each(|c| gather::facts_of(c, &mut facts, &mut inside));
    block.outputs.iter().for_each(|t| gather::queries_of(t, &mut facts, &mut inside));
    let sources = block.sources.iter().filter_map(|(_, source)| match source {
        Source::Distinct(query) | Source::Opaque(_, query) => Some(query),
        Source::Table(_) => None,
    });
    let mixed = |term: &Term| gather::mixes(term);
    block.outputs.iter().any(mixed)
        || facts.iter().any(|fact| match fact {
            Fact::Holds(a) | Fact::Fails(a) | Fact::Null(a) | Fact::NotNull(a) => gather::mixes(a),
            Fact::Equal(a, b)
            | Fact::Unequal(a, b)
            | Fact::Less(a, b)
            | Fact::AtMost(a, b)
            | Fact::Same(a, b)
            | Fact::Distinct(a, b) => gather::mixes(a) || gather::mixes(b),
            Fact::Exists(_) | Fact::Empty(_) => false,
        })
        || inside.iter().chain(sources).any(|query| query.blocks.iter().any(block_mixes))
}
