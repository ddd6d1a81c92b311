//! Columns that shall be equal, as disjoint sets.

use std::collections::BTreeMap;

use crate::prove::term::{Term, Var};

/// A column of a wished row.
pub type Place = (Var, usize);

/// The column that a term is, casts aside.
pub fn place(term: &Term) -> Option<Place> {
    match term {
        Term::Column(var, at, _) => Some((*var, *at)),
        Term::Call(name, arguments, _) if name.starts_with("cast ") => place(arguments.first()?),
        _ => None,
    }
}

/// Columns that shall be equal.
#[derive(Debug, Default)]
pub struct Classes {
    parent: BTreeMap<Place, Place>,
}

impl Classes {
    /// What stands for all that are equal to it.
    pub fn root(&mut self, place: Place) -> Place {
        let mut at = *self.parent.entry(place).or_insert(place);
        while self.parent[&at] != at {
            at = self.parent[&at];
        }
        at
    }

    /// The same, of a column that a fact speaks of.
    pub fn known(&self, place: Place) -> Option<Place> {
        let mut at = *self.parent.get(&place)?;
        while self.parent[&at] != at {
            at = self.parent[&at];
        }
        Some(at)
    }

    /// Makes both equal.
    pub fn unite(&mut self, a: Place, b: Place) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent.insert(a, b);
    }
}
