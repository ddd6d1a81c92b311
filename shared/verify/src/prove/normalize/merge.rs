//! Parts of a union that read the same rows under conditions that exclude each other are one part, whose
//! outputs are chosen by CASE. Two halves of an outer join whose right side turned out unused become the
//! left side again.

use crate::prove::build::case::case;
use crate::prove::build::formula::{all, any};
use crate::prove::equal::{matchings, translated};
use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::term::{Block, Formula, Term};

/// Takes out two blocks that can be one and gives that one.
pub fn merge(prover: &Prover<'_>, scene: &Scene, blocks: &mut Vec<Block>) -> Option<Block> {
    for a in 0..blocks.len() {
        for b in a + 1..blocks.len() {
            if let Some(merged) = merged(prover, scene, &blocks[a], &blocks[b]) {
                blocks.remove(b);
                blocks.remove(a);
                return Some(merged);
            }
        }
    }
    None
}

fn merged(prover: &Prover<'_>, scene: &Scene, one: &Block, two: &Block) -> Option<Block> {
    if one.sources.len() != two.sources.len()
        || one.sources.is_empty()
        || one.outputs.len() != two.outputs.len()
        || !one.outputs.iter().zip(&two.outputs).all(|(a, b)| has_one_type(a, b))
    {
        return None;
    }
    let two = &prover.refresh_block(two);
    let splits = prover.splits.get();
    for matching in matchings(prover, one, two).iter().take(4) {
        let other = translated(two, matching);
        // What was split is not put together again.
        if splits && one.outputs != other.outputs {
            continue;
        }
        let (common, first): (Vec<Formula>, Vec<Formula>) =
            one.conditions.iter().cloned().partition(|c| other.conditions.contains(c));
        let second: Vec<Formula> = other.conditions.iter().filter(|c| !common.contains(c)).cloned().collect();
        let mut both = scene.with(one);
        both.formulas.extend(second.iter().cloned());
        if !both.is_impossible(prover) {
            continue;
        }
        prover
            .note("two parts of a union over the same rows whose conditions exclude each other are one part");
        let first = all(first);
        let outputs = one
            .outputs
            .iter()
            .zip(&other.outputs)
            .map(|(a, b)| {
                if a == b {
                    a.clone()
                } else {
                    let of = if a.is_null() { b.type_of() } else { a.type_of() };
                    case(vec![(first.clone(), a.clone())], b.clone(), of)
                }
            })
            .collect();
        let mut conditions = common;
        conditions.push(any([first, all(second)]));
        return Some(Block { sources: one.sources.clone(), conditions, outputs });
    }
    None
}

/// Whether a CASE of both has a type.
fn has_one_type(a: &Term, b: &Term) -> bool {
    a.type_of() == b.type_of() || a.is_null() || b.is_null()
}
