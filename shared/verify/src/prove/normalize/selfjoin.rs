//! Two rows of one table that agree on a key are one row.

use crate::prove::prover::Prover;
use crate::prove::solve::Scene;
use crate::prove::substitute;
use crate::prove::term::{Block, Source, Term, Type};

/// Makes one of them wherever the block's conditions equate a key.
pub fn collapse(prover: &Prover<'_>, scene: &Scene, block: &mut Block) {
    'again: loop {
        for (at, (a, source)) in block.sources.iter().enumerate() {
            let Source::Table(table) = source else { continue };
            for (b, other) in &block.sources[at + 1..] {
                if other != source {
                    continue;
                }
                let Some(theory) = scene.with(block).theory(prover) else { return };
                for key in prover.schema.relations[*table].keys.iter().filter(|key| !key.is_empty()) {
                    let agree = key.iter().all(|&column| {
                        let classes = (theory.classes.column(*a, column), theory.classes.column(*b, column));
                        matches!(classes, (Some(x), Some(y)) if x == y && theory.classes.is_not_null(x))
                    });
                    if agree {
                        prover.note(format!(
                            "two rows that agree on the key {} are one row",
                            prover.columns(*table, key)
                        ));
                        let (a, b) = (*a, *b);
                        block.sources.retain(|(var, _)| *var != b);
                        *block = substitute::block(block, &|v, at, t: &Type| {
                            (v == b).then(|| Term::Column(a, at, t.clone()))
                        });
                        super::flatten(block);
                        continue 'again;
                    }
                }
            }
        }
        return;
    }
}
