//! CASE in outputs: branches that the conditions decide.

use crate::prove::build::case::case;
use crate::prove::build::formula::not;
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::term::{Block, Term};

/// Settles what the block's conditions settle.
pub fn settle(prover: &Prover<'_>, scene: &Scene, block: &mut Block) {
    if block.outputs.iter().any(has_case) {
        let here = scene.with(block);
        for output in &mut block.outputs {
            *output = settled(prover, &here, output);
        }
    }
    for output in &mut block.outputs {
        if has_product(output) {
            *output = super::aggregate::multiply(prover, output);
        }
    }
}

/// Whether sums are multiplied with each other.
fn has_product(term: &Term) -> bool {
    let Term::Call(name, arguments, _) = term else { return false };
    let sums = arguments.iter().filter(|a| matches!(a, Term::Aggregate(name, ..) if name == "sum")).count();
    (name == "*" && sums > 1) || arguments.iter().any(has_product)
}

fn has_case(term: &Term) -> bool {
    match term {
        Term::Case(..) => true,
        Term::Call(_, arguments, _) => arguments.iter().any(has_case),
        _ => false,
    }
}

/// The term without branches that cannot be taken.
pub fn settled(prover: &Prover<'_>, here: &Scene, term: &Term) -> Term {
    match term {
        Term::Case(arms, otherwise, data_type) => {
            let mut kept = Vec::new();
            let mut here = here.clone();
            for (guard, value) in arms {
                if here.entails(prover, &not(guard)) {
                    continue;
                }
                if here.entails(prover, guard) {
                    let value = settled(prover, &here, value);
                    return case(kept, value, data_type);
                }
                kept.push((guard.clone(), value.clone()));
                here.formulas.push(not(guard));
            }
            case(kept, settled(prover, &here, otherwise), data_type)
        }
        Term::Call(name, arguments, data_type) if arguments.iter().any(has_case) => {
            let arguments = arguments.iter().map(|argument| settled(prover, here, argument)).collect();
            crate::prove::build::call(name, arguments, data_type)
        }
        other => other.clone(),
    }
}
