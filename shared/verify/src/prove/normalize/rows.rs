//! Which rows are determined by which terms: through keys, and equal terms.

use std::collections::BTreeSet;

use crate::prove::prover::Prover;
use crate::prove::solve::{Scene, Theory};
use crate::prove::substitute::vars_of_term;
use crate::prove::term::{Block, Source, Term, Type, Var};

/// A block with what its plain conditions say of its terms.
pub struct Rows<'p, 's> {
    prover: &'p Prover<'s>,
    theory: Theory,
    /// The variables of the block.
    pub own: BTreeSet<Var>,
}

impl<'p, 's> Rows<'p, 's> {
    /// `None` where the block is empty. Mentions every key column of every source, so that each has a
    /// class.
    pub fn of(prover: &'p Prover<'s>, scene: &Scene, block: &Block) -> Option<Self> {
        let here = scene.with(block);
        let mut theory = here.theory(prover)?;
        for (var, source) in &block.sources {
            for key in keys(prover, source) {
                for (at, t) in key {
                    theory.classes.intern(&Term::Column(*var, at, t));
                }
            }
        }
        for output in &block.outputs {
            theory.classes.intern(output);
        }
        theory.classes.close(prover, &here.sources);
        Some(Self { prover, theory, own: block.sources.iter().map(|(var, _)| *var).collect() })
    }

    /// A term that is the same and does not mention the variable; literals first, then what is outside.
    pub fn without(&self, term: &Term, var: Var) -> Option<Term> {
        self.same_that(term, |t| !vars_of_term(t).contains(&var))
    }

    /// A term that is the same and mentions no variable of the block.
    pub fn outside(&self, term: &Term) -> Option<Term> {
        self.same_that(term, |t| vars_of_term(t).is_disjoint(&self.own))
    }

    /// Whether two terms are the same.
    pub fn are_same(&self, a: &Term, b: &Term) -> bool {
        a == b
            || matches!((self.theory.classes.known(a), self.theory.classes.known(b)), (Some(x), Some(y)) if x == y)
    }

    fn same_that(&self, term: &Term, fits: impl Fn(&Term) -> bool) -> Option<Term> {
        if fits(term) {
            return Some(term.clone());
        }
        let class = self.theory.classes.known(term)?;
        let rank = |t: &Term| match t {
            Term::Literal(..) => 0,
            Term::Column(..) => 1,
            _ => 2,
        };
        self.theory
            .classes
            .members(class)
            .filter(|t| {
                (t.type_of() == term.type_of() || t.is_null()) && !matches!(t, Term::Aggregate(..)) && fits(t)
            })
            .min_by_key(|t| (rank(t), (*t).clone()))
            .cloned()
    }

    /// Whether the source has at most one row once these terms, and everything outside the block, are
    /// fixed; and if so by which key.
    pub fn is_fixed(
        &self,
        var: Var,
        source: &Source,
        is_known: &dyn Fn(&Term) -> bool,
    ) -> Option<Vec<usize>> {
        keys(self.prover, source).into_iter().find_map(|key| {
            let fixed = key.iter().all(|(at, t)| {
                let column = Term::Column(var, *at, t.clone());
                let Some(class) = self.theory.classes.known(&column) else { return false };
                let null_counts = matches!(source, Source::Distinct(_));
                (null_counts || self.theory.classes.is_not_null(class))
                    && self.theory.classes.members(class).any(is_known)
            });
            fixed.then(|| key.into_iter().map(|(at, _)| at).collect())
        })
    }

    /// Whether these terms fix every row of these sources: rows that differ give different terms.
    pub fn are_fixed_by(&self, sources: &[(Var, Source)], terms: &[Term]) -> bool {
        let mut known: BTreeSet<Var> = BTreeSet::new();
        loop {
            let before = known.len();
            for (var, source) in sources {
                let is_known = |term: &Term| {
                    terms.contains(term)
                        || vars_of_term(term).iter().all(|v| known.contains(v) || !self.own.contains(v))
                };
                if !known.contains(var) && self.is_fixed(*var, source, &is_known).is_some() {
                    known.insert(*var);
                }
            }
            if known.len() == sources.len() {
                return true;
            }
            if known.len() == before {
                return false;
            }
        }
    }
}

/// The keys of a source: of a table those that the catalog declares, of different rows all columns.
fn keys(prover: &Prover<'_>, source: &Source) -> Vec<Vec<(usize, Type)>> {
    match source {
        Source::Table(table) => {
            let relation = &prover.schema.relations[*table];
            let column = |at: usize| {
                let arrow = crate::bind::types::arrow(relation.attributes[at].kind);
                (at, crate::prove::lower::type_of_arrow(&arrow))
            };
            relation
                .keys
                .iter()
                .filter(|key| !key.is_empty())
                .map(|key| key.iter().map(|&at| column(at)).collect())
                .collect()
        }
        Source::Distinct(query) => query
            .blocks
            .first()
            .map(|block| {
                vec![block.outputs.iter().enumerate().map(|(at, t)| (at, t.type_of().clone())).collect()]
            })
            .unwrap_or_default(),
        // Of at most one row, nothing has to be known.
        Source::Opaque(name, _) if crate::prove::lower::keeps_one_row(name) => vec![Vec::new()],
        Source::Opaque(..) => Vec::new(),
    }
}
