use std::collections::BTreeSet;

use jiff::Timestamp;
use sqm_domain::{QueryId, VersionNumber, WorkspaceId};

use super::entries::all_facets;
use super::index::Delta;
use super::read::{alive, whole};
use super::record::{Head, Tombstone};
use super::words;
use crate::batch::{Order, Range};
use crate::changes::Listed;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::doc;
use crate::keys::{self, Facet, Key};
use crate::transaction::{Refused, Transaction};

/// Items whose removal is under way at once.
const BATCH: usize = 200;

/// Attempts of a deletion that meets the batch analysis of the query.
const ATTEMPTS: usize = 4;

impl Store {
    /// The version that a deletion has to expect: the newest, also of a query whose deletion was
    /// interrupted; and how often what is told of it has changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn deletable(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
    ) -> Result<(VersionNumber, u32), StoreError> {
        let item = self.item(&keys::head(&keys::query(workspace, id))).await?;
        Ok(match doc(&item.ok_or(StoreError::NotFound)?)? {
            Head::Alive(record) => (record.version, record.revision),
            Head::Deleted(tombstone) => (tombstone.deleted, 0),
        })
    }

    /// Removes a query, if `expected` is its newest version, with all its versions: nothing of it can be
    /// read afterwards. `at` is when the request has begun.
    ///
    /// First the head becomes a tombstone, from when on the query does not exist for anybody; then all
    /// other items go, the tombstone last. Where that is interrupted, the caller gets an error, and the
    /// same call again goes on with it.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::NotFound`].
    pub async fn delete(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        expected: VersionNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let once = || self.delete_once(workspace, id, expected, at);
        for _ in 0..ATTEMPTS {
            match whole(once(), once()).await {
                // Something was found out about this version meanwhile.
                Err(StoreError::VersionConflict { current }) if current == expected => {}
                done => return done,
            }
        }
        Err(StoreError::Busy)
    }

    async fn delete_once(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        expected: VersionNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let partition = keys::query(workspace, id);
        let head = keys::head(&partition);
        let item = self.item(&head).await?.ok_or(StoreError::NotFound)?;
        match doc(&item)? {
            Head::Deleted(tombstone) if tombstone.deleted == expected => {}
            Head::Deleted(_) => return Err(StoreError::NotFound),
            Head::Alive(record) if record.version != expected => {
                return Err(StoreError::VersionConflict { current: record.version });
            }
            Head::Alive(record) => {
                let references = self.kept_references(&partition, &record).await?;
                let terms = self.kept_terms(&partition, &record).await?;
                let mut delta = Delta::between(&all_facets(&record, &references, &terms), &BTreeSet::new());
                let mut transaction = Transaction::default();
                let tombstone = head.with_doc(&Tombstone { deleted: expected })?;
                transaction.put(self, tombstone, record.guard())?;
                if let Some(origin) = &record.origin {
                    transaction.delete(self, &keys::origin(workspace, &origin.name))?;
                }
                let surplus = delta.overflow(transaction.room());
                let entry = |facet: &Facet| keys::entry(workspace, facet, record.shard, id);
                for facet in &delta.remove {
                    transaction.delete(self, &entry(facet))?;
                }
                let counted = self.count_change(workspace, Listed::Queries, at).await?;
                match transaction.commit(self).await {
                    Ok(()) => {}
                    Err(Refused::Guard(..)) => {
                        self.end_change(counted).await;
                        return Err(self.lost(&head).await?);
                    }
                    Err(Refused::Error(error)) => return Err(error),
                }
                let words = words::of(&record, &terms.words);
                let words = words.iter().map(|(word, told)| (word.as_str(), *told));
                let words = words.map(|word| keys::word_entry(workspace, word, record.shard, id));
                let left: Vec<Key> = surplus.remove.iter().map(entry).chain(words).collect();
                self.delete_all(&left).await?;
                self.end_change(counted).await;
            }
        }
        self.empty(&keys::executions(workspace, id)).await?;
        self.empty(&partition).await?;
        self.delete_all(&[keys::head(&partition)]).await
    }

    /// Removes every item of a partition but the head.
    async fn empty(&self, partition: &str) -> Result<(), StoreError> {
        loop {
            let range = Range { pk: partition, first: "!", last: "}", order: Order::Forwards, most: BATCH };
            let keys: Vec<Key> = self.range(range).await?.iter().map(Key::of).collect();
            if keys.is_empty() {
                return Ok(());
            }
            self.delete_all(&keys).await?;
        }
    }

    /// What to say to who was too late.
    async fn lost(&self, head: &Key) -> Result<StoreError, StoreError> {
        let item = self.item(head).await?.ok_or(StoreError::NotFound)?;
        Ok(StoreError::VersionConflict { current: alive(&item)?.version })
    }
}
