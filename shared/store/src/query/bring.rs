//! Versions that were made elsewhere, or earlier, brought in as they are: with their numbers, times and authors.

use jiff::Timestamp;
use sqm_domain::{QueryId, VersionNumber, WorkspaceId};

use super::write::{Draft, Failed};
use super::{Analysis, Change, Content, Query};
use crate::config::Store;
use crate::error::StoreError;

/// What came of bringing in a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// It is there now.
    New,
    /// It was there already, just so.
    Known,
}

impl Store {
    /// Stores a version of a query as it was made: number, times and author are those of `created` and `change`.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where another one has its number, [`StoreError::Gap`] where one before it is missing,
    /// and those of the database.
    pub async fn bring_version(
        &self,
        workspace: &WorkspaceId,
        (id, number): (QueryId, VersionNumber),
        created: Timestamp,
        content: Content,
        analysis: Analysis,
        change: &Change,
    ) -> Result<Brought, StoreError> {
        let before = match self.query(workspace, id).await {
            Ok(query) => Some(query),
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let current = before.as_ref().map(|query| query.summary.version);
        if current.is_some_and(|current| current >= number) {
            let there = self.version(workspace, id, number).await?;
            let same = there.content() == content && is_of(&there, change);
            let exists = StoreError::Exists { current: there.summary.version };
            return if same { Ok(Brought::Known) } else { Err(exists) };
        }
        let expected = match current {
            None => Some(VersionNumber::FIRST),
            Some(current) => current.next(),
        };
        match expected {
            Some(expected) if expected == number => {}
            Some(expected) => return Err(StoreError::Gap { expected }),
            None => return Err(StoreError::Unexpected("no version is left".to_owned())),
        }
        let shard = match &before {
            Some(before) => before.record.shard,
            None => self.shard(workspace, id).await?,
        };
        let before = before.as_ref();
        let draft = Draft { workspace, id, before, number, created, shard, content, analysis, change };
        match self.write(draft).await {
            Ok(_) => Ok(Brought::New),
            // Somebody brings in the same: whoever comes again sees it.
            Err(Failed::Head | Failed::Repeated(_) | Failed::Origin) => Err(StoreError::Busy),
            Err(Failed::Error(error)) => Err(error),
        }
    }
}

fn is_of(there: &Query, change: &Change) -> bool {
    let summary = &there.summary;
    (&summary.author, &summary.message, summary.updated) == (&change.author, &change.message, change.at)
}
