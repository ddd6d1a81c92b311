//! Sources of different rows: conditions and constants go into them, and where the rows under them are
//! different anyway, or repetition does not matter, the DISTINCT goes.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::rows::Rows;
use super::{Mode, Step};
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::substitute::{self, vars_of_formula};
use crate::prove::term::{Block, Formula, Query, Source, Term, Type, Var};

/// Applies the rules to each source of different rows.
pub fn simplify(prover: &Prover<'_>, scene: &Scene, block: &mut Block, mode: Mode) -> Step {
    let mut changed = false;
    for at in 0..block.sources.len() {
        let (var, Source::Distinct(query)) = block.sources[at].clone() else { continue };
        match query.blocks.as_slice() {
            [] => return Step::Gone,
            [under] if mode == Mode::Set || are_different(prover, scene, under) => {
                if mode == Mode::Bag {
                    prover.note("DISTINCT or GROUP BY is dropped where a key, or a GROUP BY below it, makes the rows different already");
                }
                inline(prover, block, at, under);
                return Step::Split(vec![std::mem::take(block)]);
            }
            [_] => {}
            several if mode == Mode::Set => {
                let parts = several.iter().map(|under| {
                    let mut part = prover.refresh_block(block);
                    inline(prover, &mut part, at, under);
                    part
                });
                return Step::Split(parts.collect());
            }
            _ => {}
        }
        changed |= push(prover, block, var, at);
        changed |= drop_columns(prover, scene, block, var, at);
    }
    if changed { Step::Changed } else { Step::Same }
}

/// Whether the rows of a block differ from each other: its outputs fix every row of its sources.
fn are_different(prover: &Prover<'_>, scene: &Scene, block: &Block) -> bool {
    block.sources.is_empty()
        || Rows::of(prover, scene, block)
            .is_some_and(|rows| rows.are_fixed_by(&block.sources, &block.outputs))
}

/// Puts what is under a source in its place.
fn inline(prover: &Prover<'_>, block: &mut Block, at: usize, under: &Block) {
    let under = prover.refresh_block(under);
    let (var, _) = block.sources.remove(at);
    *block = replaced(block, var, &under.outputs);
    block.sources.extend(under.sources);
    block.conditions.extend(under.conditions);
}

/// The block with terms for the columns of a variable.
pub fn replaced(block: &Block, var: Var, terms: &[Term]) -> Block {
    substitute::block(block, &|v, at, _: &Type| if v == var { terms.get(at).cloned() } else { None })
}

/// Conditions on one source of different rows and nothing else of the block hold below as well: which
/// rows there are is decided by their columns alone.
fn push(prover: &Prover<'_>, block: &mut Block, var: Var, at: usize) -> bool {
    let own: BTreeSet<Var> = block.sources.iter().map(|(var, _)| *var).collect();
    let (inside, outside): (Vec<Formula>, Vec<Formula>) =
        block.conditions.iter().cloned().partition(|condition| {
            let vars = vars_of_formula(condition);
            vars.contains(&var) && vars.iter().all(|v| *v == var || !own.contains(v))
        });
    if inside.is_empty() {
        return false;
    }
    let Source::Distinct(query) = &block.sources[at].1 else { return false };
    let mut under = prover.refresh(query);
    for part in &mut under.blocks {
        for condition in &inside {
            let outputs = &part.outputs;
            let below = substitute::formula(condition, &|v, at, _: &Type| {
                if v == var { outputs.get(at).cloned() } else { None }
            });
            part.conditions.push(below);
        }
    }
    prover.note("a condition on the keys of groups, or on the columns of different rows, goes below");
    block.conditions = outside;
    block.sources[at].1 = Source::Distinct(Rc::new(under));
    true
}

/// Columns that are constant, fixed from outside, or computed from the others make no rows different.
fn drop_columns(prover: &Prover<'_>, scene: &Scene, block: &mut Block, var: Var, at: usize) -> bool {
    let Source::Distinct(query) = block.sources[at].1.clone() else { return false };
    let width = query.blocks[0].outputs.len();
    let Some((column, term)) =
        (0..width).rev().find_map(|column| Some((column, dependent(prover, scene, &query, var, column)?)))
    else {
        return false;
    };
    prover.note("a grouping key that is constant, or computed from the other keys, is dropped");
    let mut under: Query = (*query).clone();
    for part in &mut under.blocks {
        part.outputs.remove(column);
    }
    let types: Vec<Type> = query.blocks[0].outputs.iter().map(|t| t.type_of().clone()).collect();
    // `term` is written in the old columns of the source.
    let moved = |at: usize| if at > column { at - 1 } else { at };
    let shift = |t: &Term| {
        substitute::term(t, &|v, at, t: &Type| (v == var).then(|| Term::Column(var, moved(at), t.clone())))
    };
    let terms: Vec<Term> = (0..width)
        .map(|at| if at == column { shift(&term) } else { Term::Column(var, moved(at), types[at].clone()) })
        .collect();
    *block = replaced(block, var, &terms);
    block.sources[at].1 = Source::Distinct(Rc::new(under));
    true
}

/// The column as a term over the other columns of the source, or over nothing of it.
fn dependent(prover: &Prover<'_>, scene: &Scene, query: &Query, var: Var, column: usize) -> Option<Term> {
    if let [block] = query.blocks.as_slice() {
        let rows = Rows::of(prover, scene, block)?;
        if let Some(term) = rows.outside(&block.outputs[column]) {
            return Some(term);
        }
        return expressed(&rows, block, &block.outputs[column], var, column, false);
    }
    let first = &query.blocks.first()?.outputs[column];
    (matches!(first, Term::Literal(..)) && query.blocks.iter().all(|b| b.outputs[column] == *first))
        .then(|| first.clone())
}

/// A term over the other outputs of the block, written as columns of the source.
fn expressed(
    rows: &Rows<'_, '_>,
    block: &Block,
    term: &Term,
    var: Var,
    column: usize,
    inside: bool,
) -> Option<Term> {
    for (at, other) in block.outputs.iter().enumerate() {
        let earlier_wins = inside || at < column || !block.outputs[..column].contains(other);
        if at != column && earlier_wins && rows.are_same(term, other) && other.type_of() == term.type_of() {
            return Some(Term::Column(var, at, other.type_of().clone()));
        }
    }
    match term {
        Term::Literal(..) => Some(term.clone()),
        Term::Call(name, arguments, data_type) => {
            let arguments = arguments
                .iter()
                .map(|argument| expressed(rows, block, argument, var, column, true))
                .collect::<Option<Vec<_>>>()?;
            Some(crate::prove::build::call(name, arguments, data_type))
        }
        _ => None,
    }
}
