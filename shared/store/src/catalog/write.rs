use jiff::Timestamp;
use sqm_domain::{CatalogName, VersionNumber, WorkspaceId};

use super::{CatalogSummary, CatalogWrite, Expected, Record, Text};
use crate::batch::{Order, Range};
use crate::blob;
use crate::changes::Listed;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{VERSION, doc, number};
use crate::keys::{self, Key, Part};
use crate::query::{Brought, Kept};
use crate::transaction::{Guard, Refused, Transaction};

/// Attempts of a write that expects nothing and meets others.
const ATTEMPTS: usize = 8;

impl Store {
    /// Stores a catalog as the version after the newest, if what is there is as expected. One that is
    /// the same as before makes no version.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::Exists`], [`StoreError::NotFound`] where a version
    /// is expected and there is none, [`StoreError::TooLarge`].
    pub async fn put_catalog(
        &self,
        workspace: &WorkspaceId,
        write: &CatalogWrite,
        expected: Expected,
    ) -> Result<CatalogSummary, StoreError> {
        let text = serde_json::to_string(&Text { source: &write.source, catalog: &write.catalog });
        let text = text.map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let (extent, chunks) = blob::pack(&text)?;
        let partition = keys::catalog(workspace, &write.name);
        for _ in 0..ATTEMPTS {
            let before = self.catalog_head(&partition).await?;
            let alive = before.as_ref().filter(|before| !before.deleted);
            match (expected, alive.map(|alive| alive.summary.version)) {
                (Expected::Absent, Some(current)) => return Err(StoreError::Exists { current }),
                (Expected::Version(_), None) => return Err(StoreError::NotFound),
                (Expected::Version(wanted), Some(current)) if wanted != current => {
                    return Err(StoreError::VersionConflict { current });
                }
                _ => {}
            }
            if let Some(alive) = alive
                && alive.text.extent == extent
                && alive.summary.dialect == write.dialect
            {
                return Ok(alive.summary.clone());
            }
            let record = next(before.as_ref(), write, &extent)?;
            let current = before.map(|before| before.summary.version);
            let transaction = self.catalog_transaction(workspace, &record, &chunks, current)?;
            let counted = self.count_change(workspace, Listed::Catalogs, write.begun).await?;
            let committed = transaction.commit(self).await;
            if let Err(Refused::Error(error)) = committed {
                return Err(error);
            }
            self.end_change(counted).await;
            if committed.is_ok() {
                return Ok(record.summary);
            }
            // Somebody came first: look again.
        }
        Err(StoreError::Busy)
    }

    /// Stores a version of a catalog as it was made: number, times and author are those of `write` and `created`.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where another one has its number, [`StoreError::Gap`] where one before it is missing,
    /// and those of the database.
    pub async fn bring_catalog(
        &self,
        workspace: &WorkspaceId,
        write: &CatalogWrite,
        version: VersionNumber,
        created: Timestamp,
    ) -> Result<Brought, StoreError> {
        let text = serde_json::to_string(&Text { source: &write.source, catalog: &write.catalog });
        let text = text.map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let (extent, chunks) = blob::pack(&text)?;
        let partition = keys::catalog(workspace, &write.name);
        let before = self.catalog_head(&partition).await?;
        let current = before.as_ref().map(|before| before.summary.version);
        let alive = before.as_ref().filter(|before| !before.deleted);
        if let Some(newest) = alive.map(|alive| alive.summary.version)
            && newest >= version
        {
            let there = self.catalog_version(workspace, &write.name, version).await?;
            let CatalogSummary { dialect, updated, author, .. } = &there.summary;
            let is_same = there.source == write.source
                && (dialect, updated, author) == (&write.dialect, &write.at, &write.author);
            return if is_same { Ok(Brought::Known) } else { Err(StoreError::Exists { current: newest }) };
        }
        // A catalog begins with any number, since those of a deleted one do not come again.
        let expected = match alive {
            Some(alive) => alive.summary.version.next(),
            None => current.map_or(Some(version), |current| current.next().map(|next| next.max(version))),
        };
        match expected {
            Some(expected) if expected == version => {}
            Some(expected) => return Err(StoreError::Gap { expected }),
            None => return Err(StoreError::Unexpected("no version is left".to_owned())),
        }
        let mut record = next(before.as_ref(), write, &extent)?;
        record.summary.version = version;
        record.text.version = version;
        if alive.is_none() {
            (record.first, record.summary.created) = (version, created);
        }
        let transaction = self.catalog_transaction(workspace, &record, &chunks, current)?;
        let counted = self.count_change(workspace, Listed::Catalogs, write.begun).await?;
        let committed = transaction.commit(self).await;
        if let Err(Refused::Error(error)) = committed {
            return Err(error);
        }
        self.end_change(counted).await;
        committed.map(|()| Brought::New).map_err(|_| StoreError::Busy)
    }

    fn catalog_transaction(
        &self,
        workspace: &WorkspaceId,
        record: &Record,
        chunks: &[Vec<u8>],
        current: Option<VersionNumber>,
    ) -> Result<Transaction, StoreError> {
        let CatalogSummary { name, version, .. } = &record.summary;
        let partition = keys::catalog(workspace, name);
        let mut transaction = Transaction::default();
        let mut head = keys::head(&partition).with_doc(record)?;
        head.insert(VERSION.to_owned(), number(version));
        let guard = current.map_or(Guard::Absent, |current| Guard::Version(current.get()));
        transaction.put(self, head, guard)?;
        transaction.put(self, keys::version(&partition, *version).with_doc(record)?, Guard::Free)?;
        for (at, chunk) in chunks.iter().enumerate() {
            let key = record.text.chunk(&partition, Part::Text, at);
            transaction.put(self, key.with_blob(chunk.clone()), Guard::Free)?;
        }
        transaction.put(self, keys::catalog_entry(workspace, name).item(), Guard::Free)?;
        Ok(transaction)
    }

    /// Removes a catalog with all its versions, if `expected` is the newest. Queries that name it keep
    /// the name. Where that is interrupted, the caller gets an error, and the same call again goes on. `at` is when
    /// the request has begun.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::NotFound`].
    pub async fn delete_catalog(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
        expected: VersionNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let partition = keys::catalog(workspace, name);
        let head = keys::head(&partition);
        let mut record = self.catalog_head(&partition).await?.ok_or(StoreError::NotFound)?;
        let current = record.summary.version;
        if !record.deleted {
            if current != expected {
                return Err(StoreError::VersionConflict { current });
            }
            record.deleted = true;
            let mut tombstone = head.with_doc(&record)?;
            tombstone.insert(VERSION.to_owned(), number(current));
            let mut transaction = Transaction::default();
            transaction.put(self, tombstone, Guard::Version(current.get()))?;
            transaction.delete(self, &keys::catalog_entry(workspace, name))?;
            let counted = self.count_change(workspace, Listed::Catalogs, at).await?;
            let committed = transaction.commit(self).await;
            if let Err(Refused::Error(error)) = committed {
                return Err(error);
            }
            self.end_change(counted).await;
            match committed {
                Ok(()) => {}
                Err(_) => {
                    let now = self.catalog_head(&partition).await?.filter(|now| !now.deleted);
                    let current = now.ok_or(StoreError::NotFound)?.summary.version;
                    return Err(StoreError::VersionConflict { current });
                }
            }
        } else if current != expected {
            return Err(StoreError::NotFound);
        }
        self.purge_catalog(&partition, current).await
    }

    /// Removes the versions up to `last`.
    async fn purge_catalog(&self, partition: &str, last: VersionNumber) -> Result<(), StoreError> {
        let text = keys::chunk(partition, Part::Text, (last, 0), 99).sk;
        for (first, last) in [(keys::VERSIONS, keys::version(partition, last).sk), ("x#", text)] {
            loop {
                let range = Range { pk: partition, first, last: &last, order: Order::Forwards, most: 200 };
                let keys: Vec<Key> = self.range(range).await?.iter().map(Key::of).collect();
                if keys.is_empty() {
                    break;
                }
                self.delete_all(&keys).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn catalog_head(&self, partition: &str) -> Result<Option<Record>, StoreError> {
        self.item(&keys::head(partition)).await?.as_ref().map(doc).transpose()
    }
}

fn next(before: Option<&Record>, write: &CatalogWrite, extent: &blob::Extent) -> Result<Record, StoreError> {
    let version = match before {
        None => VersionNumber::FIRST,
        Some(before) => {
            let next = before.summary.version.next();
            next.ok_or_else(|| StoreError::Unexpected("no version is left".to_owned()))?
        }
    };
    let alive = before.filter(|before| !before.deleted);
    Ok(Record {
        summary: CatalogSummary {
            name: write.name.clone(),
            version,
            dialect: write.dialect,
            tables: write.catalog.tables().len(),
            created: alive.map_or(write.at, |alive| alive.summary.created),
            updated: write.at,
            author: write.author.clone(),
        },
        text: Kept { version, extent: extent.clone(), refresh: 0 },
        first: alive.map_or(version, |alive| alive.first),
        deleted: false,
    })
}
