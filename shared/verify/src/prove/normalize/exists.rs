//! EXISTS: repetition does not matter, what concerns other rows goes outwards, and what is not tied
//! together is asked one by one.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Mode;
use crate::prove::build::formula::{all, any};
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::substitute::vars_of_formula;
use crate::prove::term::{Block, Fact, Formula, Query, Var};

/// `EXISTS` of one block.
pub fn simplify(prover: &Prover<'_>, scene: &Scene, block: &Block) -> Formula {
    let mut block = block.clone();
    block.outputs.clear();
    any(super::block(prover, scene, block, Mode::Set).into_iter().map(|block| apart(&block)))
}

fn apart(block: &Block) -> Formula {
    let own: BTreeSet<Var> = block.sources.iter().map(|(var, _)| *var).collect();
    let (mut inside, outside): (Vec<Formula>, Vec<Formula>) =
        block.conditions.iter().cloned().partition(|condition| !vars_of_formula(condition).is_disjoint(&own));
    let mut parts = outside;
    let mut sources = block.sources.clone();
    while let Some((var, _)) = sources.first() {
        let mut component = BTreeSet::from([*var]);
        loop {
            let before = component.len();
            for condition in &inside {
                let vars = vars_of_formula(condition);
                if !vars.is_disjoint(&component) {
                    component.extend(vars.into_iter().filter(|v| own.contains(v)));
                }
            }
            super::semijoin::tie_sources(&sources, &mut component);
            if component.len() == before {
                break;
            }
        }
        let (these, rest): (Vec<_>, Vec<_>) =
            sources.into_iter().partition(|(var, _)| component.contains(var));
        let (conditions, others): (Vec<_>, Vec<_>) =
            inside.into_iter().partition(|condition| !vars_of_formula(condition).is_disjoint(&component));
        sources = rest;
        inside = others;
        let query = Query { blocks: vec![Block { sources: these, conditions, outputs: Vec::new() }] };
        parts.push(Fact::Exists(Rc::new(query)).into());
    }
    all(parts)
}
