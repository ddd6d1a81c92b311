//! Queries that need analysis, found without looking at those that need none: what was never analysed, what failed, and
//! the lists of engines and catalogs that are no longer those of now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sqm_domain::{CatalogName, QueryId, VersionNumber, WorkspaceId};

use super::record::Head;
use super::standing::{AnalysedBy, FAILED, NEW};
use crate::batch::{Order, Range};
use crate::catalog::{self, CatalogState};
use crate::config::Store;
use crate::error::{StoreError, held};
use crate::item::doc;
use crate::keys::{self, Facet, Key};
use crate::registry::AT;

/// For how long nobody must have written into a list before it is forgotten: far longer than a process goes by what it
/// remembers to be registered.
const FORGET: SignedDuration = SignedDuration::from_hours(1);

/// Most lists of one workspace: an engine is replaced now and then, a catalog some times a day.
const MOST_LISTS: usize = 10_000;

/// A list of queries that need analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleList {
    name: String,
    /// When it was last registered; none of those that are always there.
    registered: Option<Timestamp>,
}

impl Store {
    /// The lists of what is stale where this is the engine.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stale_lists(
        &self,
        workspace: &WorkspaceId,
        engine: &str,
    ) -> Result<Vec<StaleList>, StoreError> {
        let pk = keys::standings(workspace);
        let last = char::MAX.to_string();
        let range = Range { pk: &pk, first: "!", last: &last, order: Order::Forwards, most: MOST_LISTS };
        let items = self.range(range).await?;
        let mut known = Vec::new();
        for item in &items {
            let at = item.get(AT).and_then(|at| at.as_s().ok()).and_then(|at| at.parse::<Timestamp>().ok());
            known.push((doc::<AnalysedBy>(item)?, at.unwrap_or(Timestamp::MIN)));
        }
        let names = known.iter().filter_map(|(by, _)| Some(by.catalog.as_ref()?.0.clone()));
        let current = self.current_catalogs(workspace, names.collect()).await?;
        let mut stale: Vec<StaleList> =
            [NEW, FAILED].map(|name| StaleList { name: name.to_owned(), registered: None }).into();
        for (by, at) in known {
            let is_current = by.engine == engine
                && by.catalog.as_ref().is_none_or(|(name, version)| current.get(name) == version.as_ref());
            if !is_current {
                stale.push(StaleList { name: by.list(), registered: Some(at) });
            }
        }
        Ok(stale)
    }

    /// The names of these lists.
    pub(super) async fn stale_names(
        &self,
        workspace: &WorkspaceId,
        engine: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        Ok(self.stale_lists(workspace, engine).await?.into_iter().map(|list| list.name).collect())
    }

    /// The newest versions of catalogs, those that are there.
    async fn current_catalogs(
        &self,
        workspace: &WorkspaceId,
        names: BTreeSet<CatalogName>,
    ) -> Result<BTreeMap<CatalogName, VersionNumber>, StoreError> {
        let head = |name: &CatalogName| keys::head(&keys::catalog(workspace, name));
        let heads: Vec<Key> = names.iter().map(head).collect();
        let items = self.items(&heads).await?;
        let mut current = BTreeMap::new();
        for name in names {
            if let Some(item) = items.get(&head(&name))
                && let Some(CatalogState { version, .. }) = catalog::state(item)?
            {
                current.insert(name, version);
            }
        }
        Ok(current)
    }

    /// The queries of a stale list that were created before `before`, the newest first, of at most `most` entries; and
    /// where to go on. Entries of queries that stand elsewhere are removed on the way.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stale(
        &self,
        workspace: &WorkspaceId,
        list: &StaleList,
        most: usize,
        before: Option<QueryId>,
    ) -> Result<(Vec<QueryId>, Option<QueryId>), StoreError> {
        let facet = Facet::Standing(list.name.clone());
        let most = most.clamp(1, super::MAX_PAGE);
        let ids = self.ids_of(workspace, &facet, before, most).await?;
        let heads: Vec<Key> = ids.iter().map(|id| keys::head(&keys::query(workspace, *id))).collect();
        let items = self.items(&heads).await?;
        let (mut stale, mut strays) = (Vec::new(), Vec::new());
        for (id, head) in ids.iter().zip(&heads) {
            match items.get(head).map(doc).transpose()? {
                Some(Head::Alive(record)) => {
                    let stands = record.standing.as_ref().map(super::Standing::list);
                    match stands.is_some_and(|name| name == list.name) {
                        true => stale.push(*id),
                        false => {
                            strays.push((keys::entry(workspace, &facet, record.shard, *id), record.mark()))
                        }
                    }
                }
                // Its deletion takes the entry with it.
                Some(Head::Deleted(_)) | None => {}
            }
        }
        self.remove_stray(strays).await?;
        let next = ids.last().copied().filter(|_| ids.len() == most);
        Ok((stale, next))
    }

    /// Forgets a list that was found empty, unless somebody may still write into it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_stale(
        &self,
        workspace: &WorkspaceId,
        list: &StaleList,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(at) = list.registered.filter(|at| at.saturating_add(FORGET).is_ok_and(|end| end < now))
        else {
            return Ok(());
        };
        let request = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(keys::standing(workspace, &list.name).item()))
            .condition_expression("#a = :a")
            .expression_attribute_names("#a", AT)
            .expression_attribute_values(":a", aws_sdk_dynamodb::types::AttributeValue::S(at.to_string()));
        held(request.send().await).map(drop)
    }
}
