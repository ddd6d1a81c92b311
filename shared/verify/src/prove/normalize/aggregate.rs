//! Aggregates: constants, and aggregates of aggregates.

use std::rc::Rc;

use super::Mode;
use super::rows::Rows;
use crate::prove::build::case::{branches, case};
use crate::prove::build::compare::not_null;
use crate::prove::build::formula::{all, any};
use crate::prove::build::number::{Number, widened};
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
        if !split(prover, name, &mut query) && !join(prover, name, &mut query) {
            break;
        }
        query = super::query(prover, scene, &query, mode);
    }
    if name == "sum"
        && let Some(term) = without_zeros(prover, &query, data_type)
    {
        return term;
    }
    if query.blocks.is_empty() && (skips_null(name) || name == "single_value") {
        return Term::Literal(Literal::Null, data_type.clone());
    }
    if let Some(term) = constant(name, &query, data_type) {
        return term;
    }
    if let Some(term) = of_one_row(name, &query, data_type) {
        return term;
    }
    if let Some(greatest) = greatest_of_one(prover, scene, name, &query, data_type) {
        return greatest;
    }
    Term::Aggregate(name.to_owned(), Rc::new(query), data_type.clone())
}

/// Of at most one row the sum, the least and the greatest is its value. Condition: the value's type is the
/// aggregate's, or both are exact numbers.
fn of_one_row(name: &str, query: &Query, data_type: &Type) -> Option<Term> {
    let [block] = query.blocks.as_slice() else { return None };
    let value = block.outputs.first()?;
    if !block.sources.is_empty() || !matches!(name, "single_value" | "sum" | "min" | "max") {
        return None;
    }
    let of = value.type_of();
    if of != data_type && !value.is_null() && !(of.is_exact() && data_type.is_exact()) {
        return None;
    }
    let value = if value.is_null() { value.clone() } else { widened(value.clone(), data_type) };
    let guard = all(block.conditions.iter().cloned());
    Some(case(vec![(guard, value)], Term::null(), data_type))
}

/// Of at most one row the sum, the least and the single value are the greatest. Condition: keys fix every row
/// that the query reads, and the value has the aggregate's type.
fn greatest_of_one(
    prover: &Prover<'_>,
    scene: &Scene,
    name: &str,
    query: &Query,
    data_type: &Type,
) -> Option<Term> {
    let [block] = query.blocks.as_slice() else { return None };
    let value = block.outputs.first()?;
    if !matches!(name, "single_value" | "sum" | "min") || value.type_of() != data_type {
        return None;
    }
    if !Rows::of(prover, scene, block)?.are_fixed_by(&block.sources, &[]) {
        return None;
    }
    prover.note("of at most one row every aggregate is its value");
    let mut block = block.clone();
    block.conditions.push(not_null(value));
    super::flatten(&mut block);
    Some(Term::Aggregate("max".into(), Rc::new(Query { blocks: vec![block] }), data_type.clone()))
}

/// A CASE over counts or sums in the output makes a part of each branch: rows that take that branch. Condition:
/// the aggregate skips NULL and is that of all its parts together.
fn split(prover: &Prover<'_>, name: &str, query: &mut Query) -> bool {
    let splits = |block: &Block| {
        match block.outputs.first() {
        Some(Term::Case(arms, ..)) if prover.splits.get() => arms.len() <= 3,
        Some(Term::Case(arms, otherwise, _)) => {
            arms.len() <= 3
                && arms.iter().map(|(_, value)| value).chain([&**otherwise]).any(|value| {
                    matches!(value, Term::Aggregate(..))
                        || matches!(value, Term::Call(_, parts, _) if parts.iter().any(|p| matches!(p, Term::Aggregate(..))))
                })
        }
        _ => false,
    }
    };
    if !matches!(name, "sum" | "min" | "max") || query.blocks.len() > 4 || !query.blocks.iter().any(splits) {
        return false;
    }
    let mut blocks = Vec::new();
    for block in std::mem::take(&mut query.blocks) {
        let Some(Term::Case(arms, otherwise, _)) = block.outputs.first().filter(|_| splits(&block)) else {
            blocks.push(block);
            continue;
        };
        for (guard, value) in branches(arms, otherwise) {
            if value.is_null() {
                continue;
            }
            let mut part = block.clone();
            part.conditions.push(guard);
            part.outputs = vec![value];
            blocks.push(prover.refresh_block(&part));
        }
    }
    prover.note(format!("{name} over a CASE is {name} over the rows of each branch"));
    query.blocks = blocks;
    true
}

/// Zeros add nothing to a sum but that there is one: the sum of the other rows, or else zero where there is
/// a row of zero. Condition: exact numbers.
fn without_zeros(prover: &Prover<'_>, query: &Query, data_type: &Type) -> Option<Term> {
    let is_zero = |block: &Block| match block.outputs.first() {
        Some(Term::Literal(literal, _)) => Number::of(literal).is_some_and(Number::is_zero),
        _ => false,
    };
    let (zeros, rest): (Vec<Block>, Vec<Block>) = query.blocks.iter().cloned().partition(is_zero);
    if zeros.is_empty() || !data_type.is_exact() {
        return None;
    }
    prover.note("zeros add nothing to a sum but that there is one");
    let (zeros, rest) = (Query { blocks: zeros }, Query { blocks: rest });
    let zero = Number::ZERO.term(data_type);
    let mut arms = Vec::new();
    if !rest.blocks.is_empty() {
        let some = exists(&prover.refresh(&rest));
        arms.push((some, Term::Aggregate("sum".into(), Rc::new(rest), data_type.clone())));
    }
    arms.push((exists(&zeros), zero));
    Some(case(arms, Term::null(), data_type))
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

/// A product of sums is the sum of the products of every pair of their rows: NULL where either has none.
/// Condition: exact numbers.
pub fn multiply(prover: &Prover<'_>, term: &Term) -> Term {
    let Term::Call(name, arguments, data_type) = term else { return term.clone() };
    let arguments: Vec<Term> = arguments.iter().map(|argument| multiply(prover, argument)).collect();
    if name != "*" || !data_type.is_exact() {
        return crate::prove::build::call(name, arguments, data_type);
    }
    let mut rest = Vec::new();
    let mut product: Option<Rc<Query>> = None;
    for factor in arguments {
        match (&factor, product.take()) {
            (Term::Aggregate(sum, query, t), None) if sum == "sum" && t.is_exact() => {
                product = Some(Rc::clone(query));
            }
            (Term::Aggregate(sum, query, t), Some(sofar))
                if sum == "sum" && t.is_exact() && query.blocks.len() * sofar.blocks.len() <= 4 =>
            {
                prover.note("a product of sums is the sum of products over every pair of rows");
                product = Some(Rc::new(pairs(prover, &sofar, query, data_type)));
            }
            (_, sofar) => {
                product = sofar;
                rest.push(factor);
            }
        }
    }
    let sum = product.map(|query| Term::Aggregate("sum".into(), query, data_type.clone()));
    let mut factors = rest.into_iter().chain(sum);
    let first = factors.next().unwrap_or_else(|| Term::int(1));
    factors.fold(first, |sofar, factor| crate::prove::build::call("*", vec![sofar, factor], data_type))
}

fn pairs(prover: &Prover<'_>, one: &Query, two: &Query, data_type: &Type) -> Query {
    let mut blocks = Vec::new();
    for a in &one.blocks {
        for b in &two.blocks {
            let (a, b) = (prover.refresh_block(a), prover.refresh_block(b));
            let (Some(x), Some(y)) = (a.outputs.first(), b.outputs.first()) else { continue };
            blocks.push(Block {
                outputs: vec![crate::prove::build::call("*", vec![x.clone(), y.clone()], data_type)],
                sources: a.sources.into_iter().chain(b.sources).collect(),
                conditions: a.conditions.into_iter().chain(b.conditions).collect(),
            });
        }
    }
    Query { blocks }
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
