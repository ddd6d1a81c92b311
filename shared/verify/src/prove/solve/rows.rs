//! "There is no row such that": applied to the rows at hand.

use std::rc::Rc;

use super::{MOST_SOURCES, Search};
use crate::prove::build::compare::{Comparison, compare, null};
use crate::prove::build::formula::{all, any, not};
use crate::prove::equal::same_source;
use crate::prove::substitute;
use crate::prove::term::{Block, Fact, Query, Source, Term, Type, Var};

/// Most ways in which the rows of one block are looked for among those at hand.
const MOST_WAYS: usize = 40;

impl Search<'_, '_> {
    /// For each choice of rows at hand, not all conditions of an empty query's block hold.
    pub fn apply_empties(&mut self) {
        self.follow_foreign_keys();
        for (number, query) in self.empties.clone().iter().enumerate() {
            for (at, block) in query.blocks.iter().enumerate() {
                for choice in self.choices(block) {
                    if !self.applied.insert((number, at, choice.clone())) {
                        continue;
                    }
                    let vars: Vec<(Var, Var)> =
                        block.sources.iter().map(|(var, _)| *var).zip(choice.iter().copied()).collect();
                    let replace = |var: Var, at: usize, t: &Type| {
                        let (_, new) = vars.iter().find(|(own, _)| *own == var)?;
                        Some(Term::Column(*new, at, t.clone()))
                    };
                    let conditions = all(block.conditions.iter().map(|c| substitute::formula(c, &replace)));
                    self.open.push(not(&conditions));
                }
            }
        }
    }

    fn choices(&self, block: &Block) -> Vec<Vec<Var>> {
        let mut ways: Vec<Vec<Var>> = vec![Vec::new()];
        for (_, source) in &block.sources {
            let fitting: Vec<Var> = self
                .sources
                .iter()
                .filter(|(_, other)| same_source(self.prover, source, other))
                .map(|(var, _)| *var)
                .collect();
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    fitting.iter().map(move |var| {
                        let mut way = way.clone();
                        way.push(*var);
                        way
                    })
                })
                .take(MOST_WAYS)
                .collect();
        }
        ways
    }

    /// Brings the rows to which foreign keys refer, for tables of which some query is said to be empty.
    fn follow_foreign_keys(&mut self) {
        let wanted: Vec<usize> = self
            .empties
            .iter()
            .flat_map(|query| &query.blocks)
            .flat_map(|block| &block.sources)
            .filter_map(|(_, source)| if let Source::Table(table) = source { Some(*table) } else { None })
            .collect();
        for at in 0..self.sources.len() {
            let (var, Source::Table(table)) = self.sources[at].clone() else { continue };
            let relation = &self.prover.schema.relations[table];
            for (number, reference) in relation.references.iter().enumerate() {
                if !wanted.contains(&reference.relation)
                    || self.sources.len() >= MOST_SOURCES
                    || !self.followed.insert((var, number))
                {
                    continue;
                }
                let parent = self.prover.fresh();
                let column = |var: Var, table: usize, at: usize| {
                    let kind = self.prover.schema.relations[table].attributes[at].kind;
                    Term::Column(
                        var,
                        at,
                        crate::prove::lower::type_of_arrow(&crate::bind::types::arrow(kind)),
                    )
                };
                let pairs: Vec<(Term, Term)> = reference
                    .columns
                    .iter()
                    .zip(&reference.referred)
                    .map(|(&from, &to)| (column(var, table, from), column(parent, reference.relation, to)))
                    .collect();
                let block = Block {
                    sources: vec![(parent, Source::Table(reference.relation))],
                    conditions: pairs.iter().map(|(from, to)| compare(Comparison::Equal, from, to)).collect(),
                    outputs: Vec::new(),
                };
                let refers = Fact::Exists(Rc::new(Query { blocks: vec![block] })).into();
                let refers_to_nothing = any(pairs.iter().map(|(from, _)| null(from)));
                self.open.push(any([refers_to_nothing, refers]));
            }
        }
    }
}
