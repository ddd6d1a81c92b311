//! What an analysis of a stored query depends on, in one read and without any text.

use sqm_domain::{CatalogName, QueryId, VersionNumber, WorkspaceId};

use super::Summary;
use super::read::alive;
use super::record::Record;
use crate::catalog;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::doc;
use crate::keys::{self, Key};

/// The states that an analysis of a query rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The query at the version that was asked for.
    pub query: Summary,
    /// The newest version of the catalog that was asked for; `None` where there is none of that name.
    pub catalog: Option<VersionNumber>,
}

impl Store {
    /// A query at a version, or as it is now, and which version a catalog has: one BatchGetItem. Whether it is the
    /// catalog that the query names is for the caller to see.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the query or the version does not exist.
    pub async fn query_heads(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        version: Option<VersionNumber>,
        catalog: Option<&CatalogName>,
    ) -> Result<Heads, StoreError> {
        let partition = keys::query(workspace, id);
        let head = keys::head(&partition);
        let version = version.map(|number| keys::version(&partition, number));
        let catalog = catalog.map(|name| keys::head(&keys::catalog(workspace, name)));
        let wanted: Vec<Key> =
            [Some(head.clone()), version.clone(), catalog.clone()].into_iter().flatten().collect();
        let items = self.items(&wanted).await?;
        let mut record = alive(items.get(&head).ok_or(StoreError::NotFound)?)?;
        if let Some(version) = &version {
            record = doc::<Record>(items.get(version).ok_or(StoreError::NotFound)?)?;
        }
        let catalog = catalog.and_then(|key| items.get(&key)).map(catalog::newest).transpose()?.flatten();
        Ok(Heads { query: Summary::from(&record), catalog })
    }
}
