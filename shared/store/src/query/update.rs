use sqm_domain::{Subject, WorkspaceId};

use super::write::{Draft, Failed};
use super::{Analysis, Change, Content, Query, Written};
use crate::config::Store;
use crate::error::StoreError;
use crate::idempotency::Idempotency;
use crate::item::Item;

/// Attempts of a version that meets the batch analysis of the one before.
const ATTEMPTS: usize = 4;

impl Store {
    /// Stores the version after `before`, if that is still the newest. Content that is the same makes no
    /// version.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`] where another writer came first: nothing is overwritten.
    /// [`StoreError::NotFound`] where the query is gone. Those of [`Store::create`].
    pub async fn update(
        &self,
        workspace: &WorkspaceId,
        before: &Query,
        content: Content,
        analysis: Analysis,
        change: &Change,
    ) -> Result<Written, StoreError> {
        let summary = &before.summary;
        let is_told = change.origin.as_ref().is_none_or(|origin| before.origin() == Some(origin));
        if content == before.content() && analysis.is_like(&before.analysis()) && is_told {
            return Ok(Written { query: before.clone(), repeated: false });
        }
        let number = summary.version.next();
        let number = number.ok_or_else(|| StoreError::Unexpected("no version is left".to_owned()))?;
        let (mut before, mut analysis) = (before.clone(), analysis);
        for _ in 0..ATTEMPTS {
            let draft = Draft {
                workspace,
                id: before.summary.id,
                before: Some(&before),
                number,
                created: before.summary.created,
                shard: before.record.shard,
                content: content.clone(),
                analysis: analysis.clone(),
                change,
            };
            match self.write(draft).await {
                Ok(query) => return Ok(Written { query, repeated: false }),
                Err(Failed::Repeated(record)) => return self.repeat(workspace, change, &record).await,
                Err(Failed::Origin) => return Err(StoreError::Imported),
                Err(Failed::Error(error)) => return Err(error),
                Err(Failed::Head) => {}
            }
            let now = self.query(workspace, before.summary.id).await?;
            if now.summary.version != before.summary.version {
                return Err(StoreError::VersionConflict { current: now.summary.version });
            }
            // It is the same version, about which something was found out meanwhile.
            if before.is_of(&content) && analysis.is_like(&before.analysis()) {
                analysis = now.analysis();
            }
            before = now;
        }
        Err(StoreError::Busy)
    }

    /// What an earlier, equal request came to, if there was one.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyMismatch`] where the key was used for another request,
    /// [`StoreError::NotFound`] where the query has been deleted since.
    pub async fn repeated(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        idempotency: &Idempotency,
        now: jiff::Timestamp,
    ) -> Result<Option<Written>, StoreError> {
        match self.answered(workspace, subject, idempotency, now).await? {
            None => Ok(None),
            Some(answered) => {
                let query = self.version(workspace, answered.id, answered.version).await?;
                Ok(Some(Written { query, repeated: true }))
            }
        }
    }

    /// What the request with this record came to.
    pub(super) async fn repeat(
        &self,
        workspace: &WorkspaceId,
        change: &Change,
        record: &Item,
    ) -> Result<Written, StoreError> {
        let idempotency = change.idempotency.as_ref();
        let idempotency = idempotency.ok_or_else(|| StoreError::Unexpected("no key was given".to_owned()))?;
        let answered = idempotency.answered(record)?;
        let query = self.version(workspace, answered.id, answered.version).await?;
        Ok(Written { query, repeated: true })
    }
}
