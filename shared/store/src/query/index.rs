//! In which lists a query stands.

use std::collections::BTreeSet;

use super::References;
use super::record::Record;
use crate::keys::Facet;

/// Every facet of a query.
pub(crate) fn facets(record: &Record, references: &References) -> BTreeSet<Facet> {
    let mut facets = BTreeSet::from([
        Facet::All,
        Facet::Owner(record.owner.to_string()),
        Facet::Dialect(record.dialect.name()),
    ]);
    facets.extend(record.standing.as_ref().map(|standing| Facet::Standing(standing.list())));
    facets.extend(record.findings.iter().flatten().map(|(code, _)| Facet::Finding(code.clone())));
    facets.extend(record.complexity.map(Facet::Complexity));
    facets.extend(record.fingerprint.as_ref().map(|form| Facet::Fingerprint(form.as_str().to_owned())));
    facets.extend(record.tags.iter().map(|tag| Facet::Tag(tag.to_string())));
    // A table in two spellings is one facet, as it is one key.
    facets.extend(references.reads.iter().map(|table| Facet::Reads(table.to_lowercase())));
    facets.extend(references.writes.iter().map(|table| Facet::Writes(table.to_lowercase())));
    facets
}

/// The entries to write and to remove when a query's facets change.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Delta {
    pub put: Vec<Facet>,
    pub remove: Vec<Facet>,
}

impl Delta {
    pub(crate) fn between(old: &BTreeSet<Facet>, new: &BTreeSet<Facet>) -> Self {
        Self { put: new.difference(old).cloned().collect(), remove: old.difference(new).cloned().collect() }
    }

    /// Splits off what does not fit into a transaction that takes `room` more writes. What has to be
    /// written goes in first: an entry too many does no harm, one that is missing does.
    pub(crate) fn overflow(&mut self, room: usize) -> Self {
        let put = self.put.split_off(self.put.len().min(room));
        let room = room - self.put.len();
        let remove = self.remove.split_off(self.remove.len().min(room));
        Self { put, remove }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> BTreeSet<Facet> {
        names.iter().map(|name| Facet::Tag((*name).to_owned())).collect()
    }

    #[test]
    fn only_differences_are_written() {
        let delta = Delta::between(&tags(&["a", "b"]), &tags(&["b", "c"]));
        let tag = |name: &str| vec![Facet::Tag(name.to_owned())];
        assert_eq!(delta, Delta { put: tag("c"), remove: tag("a") });
    }

    #[test]
    fn nothing_is_lost_when_room_is_scarce() {
        let all = Delta::between(&tags(&["a", "b", "c"]), &tags(&["x", "y", "z"]));
        for room in 0..8 {
            let mut within = Delta::between(&tags(&["a", "b", "c"]), &tags(&["x", "y", "z"]));
            let over = within.overflow(room);
            assert!(within.put.len() + within.remove.len() <= room);
            assert_eq!([&within.put[..], &over.put].concat(), all.put);
            assert_eq!([&within.remove[..], &over.remove].concat(), all.remove);
        }
    }
}
