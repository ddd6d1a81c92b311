//! What rows keep by CHECK constraints, said of the rows at hand.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::prove::prover::ANY_ROW;
use crate::prove::substitute;
use crate::prove::term::{Source, Term};

use super::{Search, Theory};

impl Search<'_, '_> {
    /// Whether the formulas cannot hold together since rows keep CHECK constraints. Notes those that it takes.
    pub fn is_impossible_by_promises(&self) -> bool {
        let Some(promises) = self.prover.promises.get() else { return false };
        let all =
            promises.iter().enumerate().flat_map(|(table, own)| (0..own.len()).map(move |at| (table, at)));
        let Some(mut needed) = self.suffice(all.collect()) else { return false };
        for one in needed.clone() {
            let rest: BTreeSet<_> = needed.iter().copied().filter(|other| *other != one).collect();
            if rest.len() < needed.len()
                && let Some(fewer) = self.suffice(rest)
            {
                needed = fewer;
            }
        }
        for (table, number) in needed {
            let text = &promises[table][number].text;
            self.prover.note(format!("no row of {} breaks CHECK ({text})", self.prover.table(table)));
        }
        true
    }

    /// Those of the constraints that were said of some row, where the formulas cannot hold together with them.
    fn suffice(&self, promises: BTreeSet<(usize, usize)>) -> Option<BTreeSet<(usize, usize)>> {
        if promises.is_empty() || self.prover.is_spent() {
            return None;
        }
        let mut search = self.clone();
        search.promises = Rc::new(promises);
        search.kept = Rc::default();
        search.is_impossible(0).then(|| search.kept.take())
    }

    /// Adds the constraints about columns of which something is known, or may be.
    pub fn keep_promises(&mut self, theory: &Theory) {
        let Some(promises) = self.prover.promises.get().filter(|_| !self.promises.is_empty()) else { return };
        for at in 0..self.sources.len() {
            let (var, Source::Table(table)) = self.sources[at] else { continue };
            for (number, promise) in promises[table].iter().enumerate() {
                let is_known = |column: &usize| theory.classes.column(var, *column).is_some();
                let is_asked = |clause: &Vec<_>| {
                    clause.iter().any(|part| substitute::vars_of_formula(part).contains(&var))
                };
                let matters = promise.columns.iter().any(is_known) || self.clauses.iter().any(is_asked);
                if !matters
                    || !self.promises.contains(&(table, number))
                    || !self.promised.insert((var, number))
                {
                    continue;
                }
                self.open.push(substitute::formula(&promise.formula, &|of, column, data_type| {
                    (of == ANY_ROW).then(|| Term::Column(var, column, data_type.clone()))
                }));
                self.kept.borrow_mut().insert((table, number));
            }
        }
    }
}
