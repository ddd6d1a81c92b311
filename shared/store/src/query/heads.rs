//! What an analysis of a stored query depends on, in one read and without any text.

use jiff::Timestamp;
use sqm_domain::{CatalogName, QueryId, VersionNumber, WorkspaceId};

use super::Summary;
use super::read::alive;
use super::record::Record;
use crate::catalog::{self, CatalogState};
use crate::changes::{ListState, Listed};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::doc;
use crate::keys::{self, Key};

/// The states that an analysis of a query rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The query at the version that was asked for.
    pub query: Summary,
    /// The catalog that it names, as that is now; `None` where it names none, or one that is not there.
    pub catalog: Option<CatalogState>,
    /// The state of the lists of queries; `None` where it was not asked for, and while a write may be under way.
    pub lists: Option<ListState>,
}

impl Store {
    /// A query at a version, or as it is now, the catalog that it names, and the state of lists at this time where one is
    /// given: one BatchGetItem where the catalog is the one that is `expected`, and a GetItem more where it is another one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the query or the version does not exist.
    pub async fn query_heads(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        version: Option<VersionNumber>,
        expected: Option<&CatalogName>,
        lists: Option<Timestamp>,
    ) -> Result<Heads, StoreError> {
        let partition = keys::query(workspace, id);
        let head = keys::head(&partition);
        let version = version.map(|number| keys::version(&partition, number));
        let head_of = |name: &CatalogName| keys::head(&keys::catalog(workspace, name));
        let changes = keys::changes(workspace, Listed::Queries);
        let counted = lists.map(|_| changes.clone());
        let wanted = [Some(head.clone()), version.clone(), expected.map(head_of), counted];
        let wanted: Vec<Key> = wanted.into_iter().flatten().collect();
        let items = self.items(&wanted).await?;
        let mut record = alive(items.get(&head).ok_or(StoreError::NotFound)?)?;
        if let Some(version) = &version {
            record = doc::<Record>(items.get(version).ok_or(StoreError::NotFound)?)?;
        }
        let read;
        let catalog = match &record.catalog {
            None => None,
            named if named.as_ref() == expected => named.as_ref().and_then(|name| items.get(&head_of(name))),
            Some(name) => {
                read = self.item(&head_of(name)).await?;
                read.as_ref()
            }
        };
        let catalog = catalog.map(catalog::state).transpose()?.flatten();
        let lists = lists.and_then(|now| ListState::settled(items.get(&changes), now));
        Ok(Heads { query: Summary::from(&record), catalog, lists })
    }
}
