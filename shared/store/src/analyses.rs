//! Analyses by a hash of what they are made from. What is under one is never changed; it is gone after its time, and where
//! it does not read back it is removed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{AnalysisId, WorkspaceId};

use crate::blob::{self, Extent};
use crate::config::Store;
use crate::error::{StoreError, held};
use crate::item::{self, doc, is_alive, number};
use crate::keys::{self, EXPIRES, Key, PK};

/// An analysis as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnalysis {
    /// The scopes that whoever made it had to have, by name: nobody sees it without them.
    pub needs: Vec<String>,
    /// The document, in JSON.
    pub document: Arc<str>,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// What the first item says beside the first chunk.
#[derive(Serialize, Deserialize)]
struct Record {
    needs: Vec<String>,
    extent: Extent,
    until: Timestamp,
}

impl Store {
    /// The analysis under this id, if it is kept.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it does not read back: there is none any more then.
    pub async fn analysis(
        &self,
        workspace: &WorkspaceId,
        id: AnalysisId,
        now: Timestamp,
    ) -> Result<Option<StoredAnalysis>, StoreError> {
        let partition = keys::analysis(workspace, id);
        let head = keys::head(&partition);
        let item = self.item(&head).await?;
        let Some(item) = item.filter(|item| is_alive(item, now)) else { return Ok(None) };
        match self.analysis_of(&partition, &head, &item).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                self.delete_all(&[head]).await?;
                Err(error)
            }
            read => read.map(Some),
        }
    }

    async fn analysis_of(
        &self,
        partition: &str,
        head: &Key,
        item: &item::Item,
    ) -> Result<StoredAnalysis, StoreError> {
        let Record { needs, extent, until } = doc(item)?;
        let further: Vec<Key> =
            (1..usize::from(extent.chunks)).map(|at| keys::analysis_chunk(partition, at)).collect();
        let read = self.items(&further).await?;
        let mut chunks = vec![item::blob(item)?];
        for key in &further {
            let chunk = read.get(key).ok_or_else(|| StoreError::corrupt(key, "the chunk is missing"))?;
            chunks.push(item::blob(chunk)?);
        }
        let document = blob::unpack(&extent, chunks).map_err(|why| StoreError::corrupt(head, why))?;
        Ok(StoredAnalysis { needs, document: document.into(), until })
    }

    /// Keeps an analysis under this id. Where there is one already, that one stays.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], and those of the database.
    pub async fn keep_analysis(
        &self,
        workspace: &WorkspaceId,
        id: AnalysisId,
        analysis: &StoredAnalysis,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (extent, mut chunks) = blob::pack(&analysis.document)?;
        let partition = keys::analysis(workspace, id);
        let expires = number(analysis.until.as_second());
        let further = chunks.split_off(chunks.len().min(1)).into_iter().enumerate().map(|(at, chunk)| {
            let mut item = keys::analysis_chunk(&partition, at + 1).with_blob(chunk);
            item.insert(EXPIRES.to_owned(), expires.clone());
            item
        });
        // First, so that whoever finds the head finds the rest.
        self.put_all(further.collect()).await?;
        let record = Record { needs: analysis.needs.clone(), extent, until: analysis.until };
        let mut head = keys::head(&partition).with_doc(&record)?;
        let first = chunks.pop().unwrap_or_default();
        head.extend(keys::head(&partition).with_blob(first));
        head.insert(EXPIRES.to_owned(), expires);
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(head))
            .condition_expression("attribute_not_exists(#p) OR #e < :now")
            .expression_attribute_names("#p", PK)
            .expression_attribute_names("#e", EXPIRES)
            .expression_attribute_values(":now", number(now.as_second()));
        held(request.send().await)?;
        Ok(())
    }
}
