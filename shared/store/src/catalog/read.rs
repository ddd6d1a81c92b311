use std::ops::RangeInclusive;

use sqm_domain::{CatalogName, VersionNumber, WorkspaceId};

use super::{CatalogSummary, Record, StoredCatalog, Text};
use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::doc;
use crate::keys::{self, Key, Part};
use crate::position::Position;
use crate::query::{MAX_PAGE, Page, whole};

impl Store {
    /// The catalog as it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn catalog(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
    ) -> Result<StoredCatalog, StoreError> {
        whole(self.catalog_once(workspace, name), self.catalog_once(workspace, name)).await
    }

    async fn catalog_once(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
    ) -> Result<StoredCatalog, StoreError> {
        let partition = keys::catalog(workspace, name);
        let record = self.catalog_head(&partition).await?.filter(|record| !record.deleted);
        self.catalog_text(&partition, record.ok_or(StoreError::NotFound)?).await
    }

    /// The versions that a catalog has, by reading its head alone.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn catalog_versions(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
    ) -> Result<RangeInclusive<VersionNumber>, StoreError> {
        let head = self.catalog_head(&keys::catalog(workspace, name)).await?;
        let head = head.filter(|record| !record.deleted).ok_or(StoreError::NotFound)?;
        Ok(head.first..=head.summary.version)
    }

    /// The catalog at one of its versions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn catalog_version(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
        number: VersionNumber,
    ) -> Result<StoredCatalog, StoreError> {
        let (once, again) = (
            self.catalog_version_once(workspace, name, number),
            self.catalog_version_once(workspace, name, number),
        );
        whole(once, again).await
    }

    async fn catalog_version_once(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
        number: VersionNumber,
    ) -> Result<StoredCatalog, StoreError> {
        let partition = keys::catalog(workspace, name);
        let (head, version) = (keys::head(&partition), keys::version(&partition, number));
        let items = self.items(&[head.clone(), version.clone()]).await?;
        let head: Record = doc(items.get(&head).ok_or(StoreError::NotFound)?)?;
        if head.deleted || number < head.first {
            return Err(StoreError::NotFound);
        }
        let record = doc(items.get(&version).ok_or(StoreError::NotFound)?)?;
        self.catalog_text(&partition, record).await
    }

    /// The catalogs of a workspace by name, at most `limit` (up to [`MAX_PAGE`]).
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`].
    pub async fn catalogs(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<CatalogSummary>, StoreError> {
        let partition = keys::catalogs(workspace);
        // Names sort above `!`; the space after a name is the first place behind it.
        let first = match from {
            None => "!".to_owned(),
            Some(from) => format!("{} ", from.of(&partition)?),
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let last = char::MAX.to_string();
        let range =
            Range { pk: &partition, first: &first, last: &last, order: Order::Forwards, most: limit + 1 };
        let entries: Vec<Key> = self.range(range).await?.iter().map(Key::of).collect();
        let shown = &entries[..entries.len().min(limit)];
        let head = |key: &Key| {
            let name: CatalogName = key.sk.parse().map_err(|why| StoreError::corrupt(key, why))?;
            Ok(keys::head(&keys::catalog(workspace, &name)))
        };
        let heads = shown.iter().map(head).collect::<Result<Vec<_>, StoreError>>()?;
        let items = self.items(&heads).await?;
        let records = heads.iter().filter_map(|key| items.get(key)).map(doc::<Record>);
        let records = records.filter(|record| !matches!(record, Ok(record) if record.deleted));
        let next = shown.last().filter(|_| entries.len() > limit);
        Ok(Page {
            items: records.map(|record| record.map(|record| record.summary)).collect::<Result<_, _>>()?,
            next: next.map(|key| Position::new(&partition, &key.sk)),
        })
    }

    async fn catalog_text(&self, partition: &str, record: Record) -> Result<StoredCatalog, StoreError> {
        let text = self.text(partition, Part::Text, &record.text, &[]).await?;
        let key = keys::version(partition, record.summary.version);
        let text: Text<String, _> =
            serde_json::from_str(&text).map_err(|error| StoreError::corrupt(&key, error))?;
        let sha256 = record.text.extent.sha256;
        Ok(StoredCatalog { summary: record.summary, source: text.source, catalog: text.catalog, sha256 })
    }
}
