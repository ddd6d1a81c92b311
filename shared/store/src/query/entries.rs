//! The entries of a query in the lists, as far as they change: those that go into the transaction with its head, those
//! before it, and those after it.

use std::collections::{BTreeMap, BTreeSet};

use sqm_domain::WorkspaceId;

use super::index::{Delta, facets};
use super::record::Record;
use super::{References, Terms, words};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, VERSION, number};
use crate::keys::{self, Facet, Key};
use crate::transaction::{Guard, Transaction};

/// In which lists a query stands, and with which words.
#[derive(Debug, Default)]
pub(super) struct Listing {
    facets: BTreeSet<Facet>,
    words: BTreeMap<String, u8>,
}

/// What does not happen in the transaction itself.
#[derive(Debug)]
pub(super) struct Around {
    ahead: Vec<Item>,
    after: Vec<Key>,
    /// Of the version, and of what was found out about it: an entry that bears a later one stays.
    mark: String,
}

impl Listing {
    /// That of a record.
    pub(super) fn of(record: &Record, references: &References, terms: &Terms) -> Self {
        Self { facets: all_facets(record, references, terms), words: words::of(record, &terms.words) }
    }
}

/// Every entry of a version but its words.
pub(super) fn all_facets(record: &Record, references: &References, terms: &Terms) -> BTreeSet<Facet> {
    let mut all = facets(record, references);
    all.extend(terms.facets(references));
    all
}

impl Store {
    /// Adds the entries that change to a transaction, as many as it has room for.
    pub(super) fn stage(
        &self,
        transaction: &mut Transaction,
        workspace: &WorkspaceId,
        record: &Record,
        [old, new]: [&Listing; 2],
    ) -> Result<Around, StoreError> {
        let mark = record.mark();
        let entry = |facet: &Facet| keys::entry(workspace, facet, record.shard, record.id);
        let marked = |facet: &Facet| entry(facet).with([(VERSION, number(&mark))]);
        let word =
            |(word, weight): (&str, u8)| keys::word_entry(workspace, (word, weight), record.shard, record.id);
        let mut delta = Delta::between(&old.facets, &new.facets);
        let surplus = delta.overflow(transaction.room());
        for facet in &delta.put {
            transaction.put(self, marked(facet), Guard::Free)?;
        }
        for facet in &delta.remove {
            transaction.delete(self, &entry(facet))?;
        }
        let mut ahead: Vec<Item> = surplus.put.iter().map(marked).collect();
        let come = new.words.iter().filter(|(name, told)| old.words.get(*name) != Some(*told));
        ahead.extend(come.map(|(name, told)| word((name, *told)).with([(VERSION, number(&mark))])));
        let mut after: Vec<Key> = surplus.remove.iter().map(entry).collect();
        let gone = old.words.iter().filter(|(name, told)| new.words.get(*name) != Some(*told));
        after.extend(gone.map(|(name, told)| word((name, *told))));
        Ok(Around { ahead, after, mark })
    }

    /// Writes what has to be there before the transaction commits.
    pub(super) async fn put_ahead(&self, around: &mut Around) -> Result<(), StoreError> {
        self.put_all(std::mem::take(&mut around.ahead)).await
    }

    /// Removes what is no longer wanted, once the transaction has committed.
    pub(super) async fn remove_after(&self, around: Around, record: &Record) {
        if let Err(error) = self.delete_older(around.after, &around.mark).await {
            // The head is written; an entry too many is skipped by whoever reads it.
            tracing::warn!(%error, query.id = %record.id, "list entries stay behind");
        }
    }
}
