//! Aggregates: constants, and aggregates of aggregates.

use std::rc::Rc;

use super::Mode;
use crate::prove::build::case::case;
use crate::prove::build::formula::{all, any};
use crate::prove::build::{ignores_repetition, skips_null};
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::term::{Block, Fact, Formula, Literal, Query, Term, Type};

/// Most rounds of joining aggregates of aggregates.
const MOST_ROUNDS: usize = 4;

/// An aggregate made simpler.
pub fn simplify(prover: &Prover<'_>, scene: &Scene, name: &str, query: &Query, data_type: &Type) -> Term {
    let mode = if ignores_repetition(name) { Mode::Set } else { Mode::Bag };
    let mut query = super::query(prover, scene, query, mode);
    for _ in 0..MOST_ROUNDS {
        if !join(prover, name, &mut query) {
            break;
        }
        query = super::query(prover, scene, &query, mode);
    }
    if query.blocks.is_empty() && (skips_null(name) || name == "single_value") {
        return Term::Literal(Literal::Null, data_type.clone());
    }
    if let Some(term) = constant(name, &query, data_type) {
        return term;
    }
    if name == "single_value"
        && let [block] = query.blocks.as_slice()
        && block.sources.is_empty()
    {
        let guard = all(block.conditions.iter().cloned());
        return case(vec![(guard, block.outputs[0].clone())], Term::null(), data_type);
    }
    Term::Aggregate(name.to_owned(), Rc::new(query), data_type.clone())
}

/// The least of equal values is that value, if there is a row.
fn constant(name: &str, query: &Query, data_type: &Type) -> Option<Term> {
    if !matches!(name, "min" | "max") {
        return None;
    }
    let first = query.blocks.first()?.outputs.first()?;
    if !matches!(first, Term::Literal(..))
        || query.blocks.iter().any(|block| block.outputs.first() != Some(first))
    {
        return None;
    }
    Some(case(vec![(exists(query), first.clone())], Term::null(), data_type))
}

fn exists(query: &Query) -> Formula {
    any(query.blocks.iter().map(|block| {
        if block.sources.is_empty() {
            return all(block.conditions.iter().cloned());
        }
        let block = Block { outputs: Vec::new(), ..block.clone() };
        Fact::Exists(Rc::new(Query { blocks: vec![block] })).into()
    }))
}

/// A sum of sums is the sum over all rows of both, a least of leasts the least of all; NULL, of no row,
/// adds nothing either way. A product of sums is the sum of products over every pair of rows.
fn join(prover: &Prover<'_>, name: &str, query: &mut Query) -> bool {
    if !matches!(name, "sum" | "min" | "max" | "bool_and" | "bool_or") {
        return false;
    }
    let mut joined = false;
    let mut blocks = Vec::new();
    for block in std::mem::take(&mut query.blocks) {
        match parts(name, &block) {
            Some((factors, inner)) => {
                joined = true;
                for under in &inner.blocks {
                    let under = prover.refresh_block(under);
                    let mut both = block.clone();
                    both.sources.extend(under.sources);
                    both.conditions.extend(under.conditions);
                    let Some(value) = under.outputs.first().cloned() else { continue };
                    both.outputs = vec![factors.iter().fold(value, |sofar, factor| {
                        let t = block.outputs[0].type_of();
                        crate::prove::build::call("*", vec![sofar, factor.clone()], t)
                    })];
                    blocks.push(both);
                }
            }
            None => blocks.push(block),
        }
    }
    if joined {
        prover.note(format!("{name} of {name}s is {name} over all their rows"));
    }
    query.blocks = blocks;
    joined
}

/// An aggregate in the output, and what it is multiplied with.
fn parts(name: &str, block: &Block) -> Option<(Vec<Term>, Rc<Query>)> {
    match block.outputs.first()? {
        Term::Aggregate(inner, query, _) if inner == name => Some((Vec::new(), Rc::clone(query))),
        Term::Call(times, factors, t) if times == "*" && name == "sum" && t.is_exact() => {
            let at =
                factors.iter().position(|f| matches!(f, Term::Aggregate(inner, _, _) if inner == "sum"))?;
            let mut factors = factors.clone();
            let Term::Aggregate(_, query, _) = factors.remove(at) else { return None };
            Some((factors, query))
        }
        _ => None,
    }
}
