//! Terms by which a query is found: the columns that it reads and writes, what flows from where to where, the words of
//! its text. They are kept apart from the head, which lists read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::References;
use crate::keys::{Direction, Facet, Grain};

/// Most flows of one query that are kept. A script that a machine wrote may have more; what it reads and writes is told
/// all the same.
const MOST_FLOWS: usize = 1_000;

/// Most words of a text.
const MOST_WORDS: usize = 250;

/// Longest name that is followed, in bytes; escapes take three.
const MAX_NAME_BYTES: usize = 300;

/// Most columns of one query by which it is found.
const MOST_COLUMNS: usize = 1_000;

/// From where to where.
type Flows = BTreeMap<String, BTreeSet<String>>;

/// By what a query is found, besides its tables. Columns are named as `table.column`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Columns read.
    pub reads: BTreeSet<String>,
    /// Columns written.
    pub writes: BTreeSet<String>,
    /// From column to column. Those that only decide which rows there are go to `table.*`.
    pub flows: Flows,
    /// From table to table; `None` where every table that is written is made of every one that is read.
    pub tables: Option<Flows>,
    /// The words of the text, with what each tells of it.
    #[serde(default)]
    pub words: BTreeMap<String, u8>,
}

impl Terms {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// No more than is kept, whatever a script holds.
    pub(crate) fn bounded(mut self) -> Self {
        for names in [&mut self.reads, &mut self.writes] {
            *names = std::mem::take(names).into_iter().take(MOST_COLUMNS).collect();
        }
        self.flows = first(self.flows);
        self.tables = self.tables.map(first);
        self.words = self.words.into_iter().take(MOST_WORDS).collect();
        self
    }

    /// The entries by which a query is found in the graph.
    pub(crate) fn facets(&self, references: &References) -> BTreeSet<Facet> {
        let lower = |name: &String| name.to_lowercase();
        let mut facets = BTreeSet::new();
        facets.extend(self.reads.iter().take(MOST_COLUMNS).map(lower).map(Facet::ReadsColumn));
        facets.extend(self.writes.iter().take(MOST_COLUMNS).map(lower).map(Facet::WritesColumn));
        let columns = self.flows.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
        for (from, to) in columns.take(MOST_FLOWS) {
            flow(Grain::Column, (from, to), &mut facets);
        }
        match &self.tables {
            Some(tables) => {
                let flows = tables.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
                flows.take(MOST_FLOWS).for_each(|pair| flow(Grain::Table, pair, &mut facets));
            }
            None => {
                let written = &references.writes;
                let flows = references.reads.iter().flat_map(|from| written.iter().map(move |to| (from, to)));
                flows.take(MOST_FLOWS).for_each(|pair| flow(Grain::Table, pair, &mut facets));
            }
        }
        facets
    }
}

/// The first flows.
fn first(flows: Flows) -> Flows {
    let mut left = MOST_FLOWS;
    let mut kept = Flows::new();
    for (from, all) in flows {
        let all: BTreeSet<String> = all.into_iter().take(left).collect();
        left -= all.len();
        if !all.is_empty() {
            kept.insert(from, all);
        }
    }
    kept
}

/// A flow is looked up from both ends. What goes back to where it came from leads nowhere.
fn flow(grain: Grain, (from, to): (&String, &String), facets: &mut BTreeSet<Facet>) {
    let (from, to) = (from.to_lowercase(), to.to_lowercase());
    // Where it leads stands in a sort key, which DynamoDB takes of at most 1,024 bytes.
    let fits = |name: &str| name.len() <= MAX_NAME_BYTES;
    if from != to && fits(&from) && fits(&to) {
        facets.insert(Facet::Flow(grain, Direction::Downstream, from.clone(), to.clone()));
        facets.insert(Facet::Flow(grain, Direction::Upstream, to, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_flow_is_found_from_both_ends() {
        let references = References { reads: set(&["A", "b"]), writes: set(&["b"]) };
        let flows = Terms::default().facets(&references);
        let flow = |direction, one: &str, other: &str| {
            Facet::Flow(Grain::Table, direction, one.to_owned(), other.to_owned())
        };
        let expected = [flow(Direction::Downstream, "a", "b"), flow(Direction::Upstream, "b", "a")];
        assert_eq!(flows, BTreeSet::from(expected));
        let told = Terms { tables: Some(BTreeMap::new()), ..Terms::default() };
        assert_eq!(told.facets(&references), BTreeSet::new());
    }

    #[test]
    fn they_are_bounded() {
        let many: BTreeSet<String> = (0..6_000).map(|n| format!("t{n}")).collect();
        let flows = Flows::from([("a".to_owned(), many.clone()), ("b".to_owned(), many.clone())]);
        let told = Terms { reads: many.clone(), flows, ..Terms::default() }.bounded();
        assert_eq!(
            (told.reads.len(), told.flows.len(), told.flows["a"].len()),
            (MOST_COLUMNS, 1, MOST_FLOWS)
        );
        let references = References { reads: many.clone(), writes: many };
        assert_eq!(Terms::default().facets(&references).len(), 2 * (MOST_FLOWS - 1));
    }
}
