use sqm_domain::{QueryId, VersionNumber, WorkspaceId};

use super::write::{Draft, Failed};
use super::{Analysis, Change, Content, Written};
use crate::config::Store;
use crate::error::StoreError;

impl Store {
    /// Stores a new query under `id` as version 1. A repeated request gives what the first one gave.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyMismatch`], [`StoreError::TooManyReferences`], [`StoreError::Imported`], and those of
    /// the database.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        content: Content,
        analysis: Analysis,
        change: &Change,
    ) -> Result<Written, StoreError> {
        let draft = Draft {
            workspace,
            id,
            before: None,
            number: VersionNumber::FIRST,
            created: change.at,
            shard: self.shard(workspace, id).await?,
            content,
            analysis,
            change,
        };
        match self.write(draft).await {
            Ok(query) => Ok(Written { query, repeated: false }),
            Err(Failed::Repeated(record)) => self.repeat(workspace, change, &record).await,
            Err(Failed::Origin) => Err(StoreError::Imported),
            Err(Failed::Head) => Err(StoreError::Unexpected(format!("the id {id} is taken"))),
            Err(Failed::Error(StoreError::Busy)) => {
                // Lists are the only place where creations meet.
                if let Err(error) = self.grow_lists(workspace).await {
                    tracing::warn!(%error, "the lists could not be spread further");
                }
                Err(StoreError::Busy)
            }
            Err(Failed::Error(error)) => Err(error),
        }
    }
}
