//! Sources that add no columns. Where such a source has at most one row for the others (a key is fixed),
//! or repetition does not matter, joining it is asking whether there is a row: EXISTS.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::Mode;
use super::rows::Rows;
use crate::prove::build::compare::same;
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::substitute::{self, free_in_source, vars_of_formula, vars_of_term};
use crate::prove::term::{Block, Fact, Formula, Query, Source, Term, Type, Var};

/// Makes conditions of such sources.
pub fn unused(prover: &Prover<'_>, scene: &Scene, block: &mut Block, mode: Mode) {
    while unused_row(prover, scene, block, mode) {}
    if mode == Mode::Set && !block.outputs.is_empty() {
        let needed = outputs_vars(block);
        while let Some(var) = block.sources.iter().map(|(var, _)| *var).find(|var| !needed.contains(var)) {
            move_component(block, var, &needed);
        }
    }
}

/// The rows that the outputs are made of, and those on which sources of these depend.
fn outputs_vars(block: &Block) -> BTreeSet<Var> {
    let mut needed: BTreeSet<Var> = block.outputs.iter().flat_map(vars_of_term).collect();
    loop {
        let before = needed.len();
        for (var, source) in &block.sources {
            if needed.contains(var) {
                free_in_source(source, &mut needed);
            }
        }
        if needed.len() == before {
            return needed;
        }
    }
}

/// Adds the rows of the block that sources of this component depend on, and whose sources depend on it.
pub fn tie_sources(sources: &[(Var, Source)], component: &mut BTreeSet<Var>) {
    for (var, source) in sources {
        let mut mentioned = BTreeSet::new();
        free_in_source(source, &mut mentioned);
        mentioned.retain(|other| sources.iter().any(|(own, _)| own == other));
        if component.contains(var) {
            component.extend(mentioned);
        } else if !mentioned.is_disjoint(component) {
            component.insert(*var);
        }
    }
}

/// Moves the last source, in the order of the schema, that adds nothing but whether it has a row. Whatever
/// the block says of it elsewhere, it then says of terms that are the same.
fn unused_row(prover: &Prover<'_>, scene: &Scene, block: &mut Block, mode: Mode) -> bool {
    if block.sources.len() < 2 && !(mode == Mode::Bag && block.sources.len() == 1) {
        return false;
    }
    let Some(rows) = Rows::of(prover, scene, block) else { return false };
    let mut order: Vec<(Var, Source)> = block.sources.clone();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(b.0.cmp(&a.0)));
    for (var, source) in order {
        let is_known = |term: &Term| !vars_of_term(term).contains(&var);
        let Some(key) = rows.is_fixed(var, &source, &is_known) else { continue };
        if block.sources.iter().any(|(other, s)| {
            let mut found = BTreeSet::new();
            free_in_source(s, &mut found);
            *other != var && found.contains(&var)
        }) {
            continue;
        }
        let outputs: Vec<Term> = block.outputs.iter().map(|output| without(&rows, output, var)).collect();
        if outputs.iter().any(|output| vars_of_term(output).contains(&var)) {
            continue;
        }
        let name = match &source {
            Source::Table(table) => format!(
                "{}, at most one row of which has the key {}",
                prover.table(*table),
                prover.columns(*table, &key)
            ),
            _ => "a source of different rows, all of whose columns are fixed".to_owned(),
        };
        prover.note(format!("joining {name}, only asks whether there is one"));
        move_out(&rows, block, var);
        return true;
    }
    false
}

/// The term with the columns of a variable replaced by what is the same.
fn without(rows: &Rows<'_, '_>, term: &Term, var: Var) -> Term {
    substitute::term(term, &|v, at, t: &Type| {
        if v != var {
            return None;
        }
        rows.without(&Term::Column(v, at, t.clone()), var)
    })
}

/// Moves one source into an EXISTS. Its columns that are the same as something else are asked for there,
/// and elsewhere become that; conditions that still mention it go with it.
fn move_out(rows: &Rows<'_, '_>, block: &mut Block, var: Var) {
    let Some(at) = block.sources.iter().position(|(own, _)| *own == var) else { return };
    let source = block.sources.remove(at);
    let asked: RefCell<Vec<Formula>> = RefCell::default();
    *block = substitute::block(block, &|v, at, t: &Type| {
        if v != var {
            return None;
        }
        let column = Term::Column(v, at, t.clone());
        let term = rows.without(&column, var)?;
        let same = same(&column, &term);
        let mut asked = asked.borrow_mut();
        if !asked.contains(&same) {
            asked.push(same);
        }
        Some(term)
    });
    let (mut inside, outside) = split(block, &BTreeSet::from([var]));
    inside.extend(asked.into_inner());
    block.conditions = outside;
    let query =
        Query { blocks: vec![Block { sources: vec![source], conditions: inside, outputs: Vec::new() }] };
    block.conditions.push(Fact::Exists(Rc::new(query)).into());
}

/// Moves a source and all that are tied to it by conditions, the needed ones excepted.
fn move_component(block: &mut Block, var: Var, needed: &BTreeSet<Var>) {
    let own: BTreeSet<Var> = block.sources.iter().map(|(var, _)| *var).collect();
    let mut component = BTreeSet::from([var]);
    loop {
        let before = component.len();
        for condition in &block.conditions {
            let vars = vars_of_formula(condition);
            if !vars.is_disjoint(&component) {
                component.extend(vars.into_iter().filter(|v| own.contains(v) && !needed.contains(v)));
            }
        }
        tie_sources(&block.sources, &mut component);
        component.retain(|v| !needed.contains(v));
        if component.len() == before {
            break;
        }
    }
    let (sources, rest) =
        std::mem::take(&mut block.sources).into_iter().partition(|(var, _)| component.contains(var));
    block.sources = rest;
    let (inside, outside) = split(block, &component);
    block.conditions = outside;
    let query = Query { blocks: vec![Block { sources, conditions: inside, outputs: Vec::new() }] };
    block.conditions.push(Fact::Exists(Rc::new(query)).into());
}

fn split(block: &mut Block, vars: &BTreeSet<Var>) -> (Vec<Formula>, Vec<Formula>) {
    std::mem::take(&mut block.conditions)
        .into_iter()
        .partition(|condition| !vars_of_formula(condition).is_disjoint(vars))
}
