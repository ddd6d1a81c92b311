use std::collections::{BTreeMap, BTreeSet};

use sqm_domain::{QueryId, SqlText, VersionNumber, WorkspaceId};

use super::record::{Head, Kept, KeptReferences, Record};
use super::{Origin, Page, Query, References, Summary, Terms};
use crate::batch::{Order, Range};
use crate::blob;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{self, Item, doc};
use crate::keys::{self, Facet, Key, Part};
use crate::position::Position;

/// How much of what a query is found by is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum With {
    /// What the head tells.
    Head,
    /// The terms as well.
    Terms,
}

impl Store {
    /// The query as it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a query of another workspace.
    pub async fn query(&self, workspace: &WorkspaceId, id: QueryId) -> Result<Query, StoreError> {
        whole(self.query_once(workspace, id), self.query_once(workspace, id)).await
    }

    async fn query_once(&self, workspace: &WorkspaceId, id: QueryId) -> Result<Query, StoreError> {
        let partition = keys::query(workspace, id);
        let first = format!("x#{:0>10}", 0);
        // The head, and the last chunk of the newest SQL, which usually is its only one.
        let range =
            Range { pk: &partition, first: &first, last: keys::HEAD, order: Order::Backwards, most: 2 };
        let items = self.range(range).await?;
        let (head, rest) = items.split_first().ok_or(StoreError::NotFound)?;
        let record = alive(head)?;
        self.complete(&partition, record, rest).await
    }

    /// The query as it is now, without its text.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn summary(&self, workspace: &WorkspaceId, id: QueryId) -> Result<Summary, StoreError> {
        let head = self.item(&keys::head(&keys::query(workspace, id))).await?;
        Ok(Summary::from(&alive(&head.ok_or(StoreError::NotFound)?)?))
    }

    /// The query at one of its versions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the query or the version does not exist.
    pub async fn version(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        number: VersionNumber,
    ) -> Result<Query, StoreError> {
        whole(self.version_once(workspace, id, number), self.version_once(workspace, id, number)).await
    }

    async fn version_once(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        number: VersionNumber,
    ) -> Result<Query, StoreError> {
        let partition = keys::query(workspace, id);
        let (head, version) = (keys::head(&partition), keys::version(&partition, number));
        let items = self.items(&[head.clone(), version.clone()]).await?;
        // Without its head a version is a remnant of a deletion that is under way.
        alive(items.get(&head).ok_or(StoreError::NotFound)?)?;
        let record = doc(items.get(&version).ok_or(StoreError::NotFound)?)?;
        self.complete(&partition, record, &[]).await
    }

    /// The versions of a query, newest first, at most `limit` (up to [`super::MAX_PAGE`]) of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InvalidPosition`].
    pub async fn versions(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<Summary>, StoreError> {
        let partition = keys::query(workspace, id);
        let list = format!("{partition}#versions");
        let last = match from {
            None => u32::MAX,
            Some(from) => {
                let position: u32 = from.of(&list)?.parse().map_err(|_| StoreError::InvalidPosition)?;
                position.saturating_sub(1)
            }
        };
        self.summary(workspace, id).await?;
        let limit = limit.clamp(1, super::MAX_PAGE);
        let sort_key = |number| keys::version(&partition, number).sk;
        let first = sort_key(VersionNumber::FIRST);
        let Some(last) = VersionNumber::new(last).map(sort_key) else { return Ok(Page::default()) };
        let range =
            Range { pk: &partition, first: &first, last: &last, order: Order::Backwards, most: limit + 1 };
        let items = self.range(range).await?;
        let more = items.len() > limit;
        let records = items.iter().take(limit).map(doc::<Record>).collect::<Result<Vec<_>, _>>()?;
        let next = records.last().filter(|_| more);
        let next = next.map(|record| Position::new(&list, record.version));
        Ok(Page { items: records.iter().map(Summary::from).collect(), next })
    }

    /// A version with its text, out of the item of its record, and where it came from.
    pub(crate) async fn recorded_version(
        &self,
        partition: &str,
        item: &Item,
    ) -> Result<(Query, Option<Origin>), StoreError> {
        let record: Record = doc(item)?;
        let origin = record.origin.clone();
        Ok((self.complete(partition, record, &[]).await?, origin))
    }

    /// The query that came from there, if it is there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_origin(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<Option<QueryId>, StoreError> {
        self.item(&keys::origin(workspace, name)).await?.as_ref().map(doc).transpose()
    }

    /// The record with its text and references; `known` are chunks that were read along with it.
    async fn complete(&self, partition: &str, record: Record, known: &[Item]) -> Result<Query, StoreError> {
        let sql = self.text(partition, Part::Text, &record.sql, known).await?;
        let sql = SqlText::try_from(sql);
        let sql =
            sql.map_err(|error| StoreError::corrupt(&keys::version(partition, record.version), error))?;
        let references = self.kept_references(partition, &record).await?;
        Ok(Query { summary: Summary::from(&record), sql, references, record })
    }

    /// The terms of a record.
    pub(super) async fn kept_terms(&self, partition: &str, record: &Record) -> Result<Terms, StoreError> {
        let Some(kept) = &record.terms else { return Ok(Terms::default()) };
        let text = self.text(partition, Part::Terms, kept, &[]).await?;
        let key = keys::version(partition, kept.version);
        serde_json::from_str(&text).map_err(|error| StoreError::corrupt(&key, error))
    }

    /// What a query is found by in the graph.
    pub(crate) async fn graph_facets(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
    ) -> Result<BTreeSet<Facet>, StoreError> {
        let partition = keys::query(workspace, id);
        let record = alive(&self.item(&keys::head(&partition)).await?.ok_or(StoreError::NotFound)?)?;
        let references = self.kept_references(&partition, &record).await?;
        let mut facets = super::index::facets(&record, &references);
        facets.extend(self.kept_terms(&partition, &record).await?.facets(&references));
        Ok(facets)
    }

    /// Of these queries those that have a facet still.
    pub(crate) async fn having(
        &self,
        workspace: &WorkspaceId,
        ids: &[QueryId],
        facet: &Facet,
    ) -> Result<BTreeMap<QueryId, Summary>, StoreError> {
        let with = match facet {
            Facet::Reads(_) | Facet::Writes(_) => With::Head,
            _ => With::Terms,
        };
        let read = self.with_facets(workspace, ids, with).await?.into_iter();
        let has = read.filter(|(_, facets)| facets.contains(facet));
        Ok(has.map(|(record, _)| (record.id, Summary::from(&record))).collect())
    }

    /// What these queries are found by, those that are there.
    pub(crate) async fn facets_of(
        &self,
        workspace: &WorkspaceId,
        ids: &BTreeSet<QueryId>,
    ) -> Result<BTreeMap<QueryId, BTreeSet<Facet>>, StoreError> {
        let ids: Vec<QueryId> = ids.iter().copied().collect();
        let read = self.with_facets(workspace, &ids, With::Terms).await?.into_iter();
        Ok(read.map(|(record, facets)| (record.id, facets)).collect())
    }

    /// The records of these queries with what they are found by: two batches for ordinary ones.
    async fn with_facets(
        &self,
        workspace: &WorkspaceId,
        ids: &[QueryId],
        with: With,
    ) -> Result<Vec<(Record, BTreeSet<Facet>)>, StoreError> {
        let heads: Vec<Key> = ids.iter().map(|id| keys::head(&keys::query(workspace, *id))).collect();
        let items = self.items(&heads).await?;
        let records = items.values().filter_map(|item| match alive(item) {
            Err(StoreError::NotFound) => None,
            record => Some(record),
        });
        let records = records.collect::<Result<Vec<Record>, _>>()?;
        // The usual terms are one chunk each.
        let chunk = |record: &Record| {
            let kept = record.terms.as_ref().filter(|kept| with == With::Terms && kept.extent.chunks == 1)?;
            Some(kept.chunk(&keys::query(workspace, record.id), Part::Terms, 0))
        };
        let chunks: Vec<Key> = records.iter().filter_map(chunk).collect();
        let mut known = self.items(&chunks).await?;
        let mut read = Vec::with_capacity(records.len());
        for record in records {
            let partition = keys::query(workspace, record.id);
            let references = self.kept_references(&partition, &record).await?;
            let mut facets = super::index::facets(&record, &references);
            if with == With::Terms {
                let terms = match &record.terms {
                    None => Terms::default(),
                    Some(kept) => {
                        let chunk = chunk(&record).and_then(|key| known.remove(&key));
                        let text = self.text(&partition, Part::Terms, kept, chunk.as_slice()).await?;
                        let key = keys::version(&partition, kept.version);
                        serde_json::from_str(&text).map_err(|error| StoreError::corrupt(&key, error))?
                    }
                };
                facets.extend(terms.facets(&references));
            }
            read.push((record, facets));
        }
        Ok(read)
    }

    /// The references of a record, from wherever they are kept.
    pub(super) async fn kept_references(
        &self,
        partition: &str,
        record: &Record,
    ) -> Result<References, StoreError> {
        match &record.references {
            KeptReferences::Inline(references) => Ok(references.clone()),
            KeptReferences::Apart(kept) => {
                let text = self.text(partition, Part::References, kept, &[]).await?;
                let key = keys::version(partition, kept.version);
                serde_json::from_str(&text).map_err(|error| StoreError::corrupt(&key, error))
            }
        }
    }

    /// A text in chunks, of which some may be `known`.
    pub(crate) async fn text(
        &self,
        partition: &str,
        part: Part,
        kept: &Kept,
        known: &[Item],
    ) -> Result<String, StoreError> {
        let count = usize::from(kept.extent.chunks);
        let wanted: Vec<Key> = (0..count).map(|at| kept.chunk(partition, part, at)).collect();
        let known_of = |key: &Key| known.iter().find(|item| Key::of(item) == *key);
        let missing: Vec<Key> = wanted.iter().filter(|key| known_of(key).is_none()).cloned().collect();
        let read = self.items(&missing).await?;
        let mut chunks = Vec::with_capacity(count);
        for key in &wanted {
            let chunk = known_of(key).or_else(|| read.get(key));
            chunks.push(item::blob(chunk.ok_or_else(|| StoreError::corrupt(key, "the chunk is missing"))?)?);
        }
        let head = keys::version(partition, kept.version);
        blob::unpack(&kept.extent, chunks).map_err(|why| StoreError::corrupt(&head, why))
    }
}

/// What is read in several steps, read `again` where a part of it is missing: a deletion that comes in
/// between marks the head first, so that the second time says that there is nothing.
pub(crate) async fn whole<T>(
    once: impl Future<Output = Result<T, StoreError>>,
    again: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match once.await {
        Err(StoreError::Corrupt { .. }) => again.await,
        read => read,
    }
}

/// The record of a head that is not a tombstone.
pub(super) fn alive(head: &Item) -> Result<Record, StoreError> {
    match doc(head)? {
        Head::Alive(record) => Ok(*record),
        Head::Deleted(_) => Err(StoreError::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrupt() -> StoreError {
        StoreError::Corrupt { pk: "p".into(), sk: "s".into(), why: "the chunk is missing".into() }
    }

    #[tokio::test]
    async fn what_is_deleted_while_it_is_read_is_not_found() {
        let deleted = whole::<()>(async { Err(corrupt()) }, async { Err(StoreError::NotFound) }).await;
        assert!(matches!(deleted, Err(StoreError::NotFound)));
        let missing = whole::<()>(async { Err(corrupt()) }, async { Err(corrupt()) }).await;
        assert!(matches!(missing, Err(StoreError::Corrupt { .. })));
        let read = whole(async { Ok(1) }, async { Ok(2) }).await;
        assert!(matches!(read, Ok(1)), "once is enough");
    }
}
