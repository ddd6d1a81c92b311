//! Whether two queries give the same: the same bag, or the same set. Blocks are matched source by source;
//! that the conditions and outputs then mean the same is left to the solver, both ways.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::build::compare::same;
use super::build::formula::{all, any};
use super::prover::{Prover, numbered};
use super::solve::Scene;
use super::substitute;
use super::term::{Block, Fact, Formula, Query, Source, Term, Type, Var};

/// Most queries inside queries that are compared.
const MOST_DEPTH: u32 = 5;
/// Most ways in which the sources of two blocks are matched.
const MOST_WAYS: usize = 48;

/// Whether both give the same bag wherever the scene holds.
pub fn same_bag(prover: &Prover<'_>, scene: &Scene, one: &Query, two: &Query) -> bool {
    if one.blocks.len() != two.blocks.len() {
        return false;
    }
    let mut rest: Vec<&Block> = two.blocks.iter().collect();
    one.blocks.iter().all(|block| {
        match rest.iter().position(|other| same_block(prover, scene, block, other)) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        }
    })
}

/// Whether both give the same set wherever the scene holds.
pub fn same_set(prover: &Prover<'_>, scene: &Scene, one: &Query, two: &Query) -> bool {
    contains(prover, scene, one, two) && contains(prover, scene, two, one)
}

/// Whether every row of `part` is one of `whole`.
fn contains(prover: &Prover<'_>, scene: &Scene, whole: &Query, part: &Query) -> bool {
    part.blocks.iter().all(|block| {
        let found = any(whole.blocks.iter().map(|other| {
            let mut other = prover.refresh_block(other);
            let outputs = std::mem::take(&mut other.outputs);
            other.conditions.extend(outputs.iter().zip(&block.outputs).map(|(a, b)| same(a, b)));
            if other.sources.is_empty() {
                return all(other.conditions);
            }
            Fact::Exists(Rc::new(Query { blocks: vec![other] })).into()
        }));
        scene.with(block).entails(prover, &found)
    })
}

/// Whether two sources give the same rows, column by column.
pub fn same_source(prover: &Prover<'_>, one: &Source, two: &Source) -> bool {
    match (one, two) {
        (Source::Table(a), Source::Table(b)) => a == b,
        (Source::Distinct(a), Source::Distinct(b)) => {
            numbered(a) == numbered(b) || nested(prover, || same_set(prover, &Scene::default(), a, b))
        }
        (Source::Opaque(name, a), Source::Opaque(other, b)) => {
            name == other
                && (numbered(a) == numbered(b)
                    || nested(prover, || same_bag(prover, &Scene::default(), a, b)))
        }
        _ => false,
    }
}

/// Whether two aggregates are the same value wherever the scene holds, which says of the rows that their
/// outer columns are of nothing but which columns are not NULL.
pub fn same_aggregate(prover: &Prover<'_>, mut scene: Scene, one: &Term, two: &Term) -> bool {
    let (Term::Aggregate(name, a, t), Term::Aggregate(other, b, u)) = (one, two) else { return false };
    if name != other || t != u {
        return false;
    }
    let (a, b) = (numbered(a), numbered(b));
    if a == b {
        return true;
    }
    let mut free = BTreeSet::new();
    substitute::free_in_query(&a, &mut free);
    substitute::free_in_query(&b, &mut free);
    scene.sources.retain(|(var, source)| free.contains(var) && !matches!(source, Source::Opaque(..)));
    // What is known of the outer rows changes while a query is made simpler.
    let mut hasher = DefaultHasher::new();
    (&scene.sources, &scene.formulas).hash(&mut hasher);
    let key = (
        Term::Aggregate(name.clone(), Rc::new(a.clone()), t.clone()),
        Term::Aggregate(name.clone(), Rc::new(b.clone()), t.clone()),
        hasher.finish(),
    );
    if let Some(known) = prover.compared.borrow().get(&key) {
        return *known;
    }
    let same = nested(prover, || {
        let (a, b) = (prover.refresh(&a), prover.refresh(&b));
        if super::build::ignores_repetition(name) {
            same_set(prover, &scene, &a, &b)
        } else {
            same_bag(prover, &scene, &a, &b)
        }
    });
    prover.compared.borrow_mut().insert(key, same);
    same
}

fn nested(prover: &Prover<'_>, compare: impl FnOnce() -> bool) -> bool {
    let depth = prover.depth.get();
    if depth >= MOST_DEPTH {
        return false;
    }
    prover.depth.set(depth + 1);
    let same = compare();
    prover.depth.set(depth);
    same
}

/// Whether two blocks give the same bag.
pub fn same_block(prover: &Prover<'_>, scene: &Scene, one: &Block, two: &Block) -> bool {
    if one.sources.len() != two.sources.len() || one.outputs.len() != two.outputs.len() {
        return false;
    }
    let two = &prover.refresh_block(two);
    matchings(prover, one, two).iter().any(|matching| is_same_under(prover, scene, one, two, matching))
}

/// A source's row in the other block, and which of its columns each column is.
type Match = (Var, Var, Vec<usize>);

fn is_same_under(prover: &Prover<'_>, scene: &Scene, one: &Block, two: &Block, matching: &[Match]) -> bool {
    let other = translated(two, matching);
    let forward = scene.with(one);
    let outputs = one.outputs.iter().zip(&other.outputs).map(|(a, b)| same(a, b));
    let goals: Vec<Formula> = other.conditions.iter().cloned().chain(outputs).collect();
    if !goals.iter().all(|goal| forward.entails(prover, goal)) {
        return false;
    }
    let mut backward = scene.clone();
    backward.sources.extend(one.sources.iter().cloned());
    backward.formulas.extend(other.conditions);
    one.conditions.iter().all(|goal| backward.entails(prover, goal))
}

/// The block in the variables of the one that it is matched with.
pub fn translated(block: &Block, matching: &[Match]) -> Block {
    substitute::block(block, &|var, at, t: &Type| {
        let (_, new, columns) = matching.iter().find(|(own, ..)| *own == var)?;
        Some(Term::Column(*new, *columns.get(at)?, t.clone()))
    })
}

/// Ways in which the sources of `two` can be those of `one`, the likeliest first.
pub fn matchings(prover: &Prover<'_>, one: &Block, two: &Block) -> Vec<Vec<Match>> {
    let mut ways: Vec<Vec<Match>> = vec![Vec::new()];
    for (var, source) in &two.sources {
        let mut fitting: Vec<(usize, Match)> = Vec::new();
        for (other, of) in &one.sources {
            for columns in column_orders(prover, source, of, &hints(one, two, *other, *var)) {
                let likely = hints(one, two, *other, *var).len();
                fitting.push((likely, (*var, *other, columns)));
            }
        }
        fitting.sort_by_key(|(likely, _)| std::cmp::Reverse(*likely));
        ways = ways
            .into_iter()
            .flat_map(|way| {
                fitting
                    .iter()
                    .filter(|(_, (_, other, _))| way.iter().all(|(_, taken, _)| taken != other))
                    .map(|(_, found)| {
                        let mut way = way.clone();
                        way.push(found.clone());
                        way
                    })
                    .collect::<Vec<_>>()
            })
            .take(MOST_WAYS)
            .collect();
    }
    ways
}

/// Columns that stand in the same output: of `two`'s row and of `one`'s.
fn hints(one: &Block, two: &Block, of_one: Var, of_two: Var) -> Vec<(usize, usize)> {
    one.outputs
        .iter()
        .zip(&two.outputs)
        .filter_map(|pair| match pair {
            (Term::Column(a, at, _), Term::Column(b, other, _)) if *a == of_one && *b == of_two => {
                Some((*other, *at))
            }
            _ => None,
        })
        .collect()
}

/// For each column of `from` the column of `to` that it is, where both sources are the same rows.
fn column_orders(
    prover: &Prover<'_>,
    from: &Source,
    to: &Source,
    hints: &[(usize, usize)],
) -> Vec<Vec<usize>> {
    match (from, to) {
        (Source::Table(a), Source::Table(b)) if a == b => {
            vec![(0..prover.schema.relations[*a].attributes.len()).collect()]
        }
        (Source::Opaque(..), Source::Opaque(_, query)) if same_source(prover, from, to) => {
            // Behind the query's columns may stand those that the operation adds.
            vec![(0..query.blocks.first().map_or(0, |b| b.outputs.len()) + 64).collect()]
        }
        (Source::Distinct(a), Source::Distinct(b)) => {
            let width = |query: &Query| query.blocks.first().map_or(0, |block| block.outputs.len());
            if width(a) != width(b) {
                return Vec::new();
            }
            orders(width(a), hints)
                .into_iter()
                .filter(|order| {
                    let reordered = reordered(b, order);
                    same_source(
                        prover,
                        &Source::Distinct(Rc::clone(a)),
                        &Source::Distinct(Rc::new(reordered)),
                    )
                })
                .take(2)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn reordered(query: &Query, order: &[usize]) -> Query {
    let mut query = query.clone();
    for block in &mut query.blocks {
        block.outputs = order.iter().map(|&at| block.outputs[at].clone()).collect();
    }
    query
}

/// Orders of so many columns that keep the hints; only a few where there are many.
fn orders(width: usize, hints: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for at in 0..width {
        found = found
            .into_iter()
            .flat_map(|order| {
                let hinted = hints.iter().find(|(from, _)| *from == at).map(|(_, to)| *to);
                (0..width)
                    .filter(|to| !order.contains(to) && hinted.is_none_or(|hint| hint == *to))
                    .map(|to| {
                        let mut order = order.clone();
                        order.push(to);
                        order
                    })
                    .collect::<Vec<_>>()
            })
            .take(24)
            .collect();
    }
    found
}
