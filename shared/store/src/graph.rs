//! What a table or a column leads to, and what leads to it, through the queries that make one of the other.
//!
//! A flow is an entry in a list like any other: its partition is what it starts from, its sort key where it leads. Where
//! a thousand queries do the same, the first of them tells, and the rest is skipped.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sqm_domain::{QueryId, WorkspaceId};
use tokio::task::JoinSet;

use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::Item;
use crate::keys::{self, Direction, Facet, Grain, Key};
use crate::position::Position;
use crate::query::{Page, Query, Summary};

/// Names that are looked at at once.
const ABREAST: usize = 8;

/// Most entries that are looked at for one way, where those that it had before are stale.
const MOST_STALE: usize = 25;

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// How many steps away; 0 is the start.
    pub depth: u8,
    /// The table, or the column as `table.column`, in lower case.
    pub name: String,
    /// What it was reached from.
    pub from: Option<String>,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Tables or columns.
    pub grain: Grain,
    /// Which way.
    pub direction: Direction,
    /// How many steps.
    pub depth: u8,
    /// How many names at most.
    pub most: usize,
}

/// A way to find queries: by a table or a column that they read or write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Reading this table.
    Reads(String),
    /// Writing this table.
    Writes(String),
    /// Reading this column.
    ReadsColumn(String),
    /// Writing this column.
    WritesColumn(String),
}

impl Found {
    fn facet(&self) -> Facet {
        match self {
            Self::Reads(name) => Facet::Reads(name.to_lowercase()),
            Self::Writes(name) => Facet::Writes(name.to_lowercase()),
            Self::ReadsColumn(name) => Facet::ReadsColumn(name.to_lowercase()),
            Self::WritesColumn(name) => Facet::WritesColumn(name.to_lowercase()),
        }
    }
}

impl Store {
    /// Everything that is reached from these names, each once and by the shortest way, in the order of depth and name;
    /// and whether that is all. Cycles end where they began.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn reach(
        &self,
        workspace: &WorkspaceId,
        starts: &[String],
        reach: Reach,
    ) -> Result<(Vec<Reached>, bool), StoreError> {
        let mut reached: Vec<Reached> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut level: BTreeMap<String, Option<String>> =
            starts.iter().map(|name| (name.to_lowercase(), None)).collect();
        let mut is_all = true;
        for depth in 0..=reach.depth {
            level.retain(|name, _| !known.contains(name));
            if reached.len() + level.len() > reach.most {
                is_all = false;
            }
            let left = reach.most - reached.len();
            let found = level.into_iter().take(left).map(|(name, from)| Reached { depth, name, from });
            let found: Vec<Reached> = found.collect();
            known.extend(found.iter().map(|it| it.name.clone()));
            level = BTreeMap::new();
            if found.is_empty() || reached.len() + found.len() >= reach.most {
                reached.extend(found);
                break;
            }
            if depth < reach.depth {
                for part in found.chunks(ABREAST) {
                    let mut looking = JoinSet::new();
                    for it in part {
                        let (store, workspace, name) = (self.clone(), workspace.clone(), it.name.clone());
                        looking.spawn(async move {
                            let next = store.next(&workspace, reach, &name).await;
                            next.map(|next| (name, next))
                        });
                    }
                    while let Some(looked) = looking.join_next().await {
                        let (name, next) =
                            looked.map_err(|error| StoreError::Unexpected(error.to_string()))??;
                        for to in next {
                            // Of several ways of one length the first by name is told.
                            let from = level.entry(to).or_insert_with(|| Some(name.clone()));
                            if from.as_ref().is_some_and(|from| *from > name) {
                                *from = Some(name.clone());
                            }
                        }
                    }
                }
            }
            reached.extend(found);
        }
        Ok((reached, is_all))
    }

    /// Where a name leads in one step.
    async fn next(
        &self,
        workspace: &WorkspaceId,
        reach: Reach,
        name: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut looking = JoinSet::new();
        for shard in 0..self.shards(workspace).await? {
            let (store, workspace, name) = (self.clone(), workspace.clone(), name.to_owned());
            looking.spawn(async move { store.ways(&workspace, reach, &name, shard).await });
        }
        let mut ways: BTreeMap<String, Vec<(Key, QueryId)>> = BTreeMap::new();
        while let Some(found) = looking.join_next().await {
            for (to, key, id) in found.map_err(|error| StoreError::Unexpected(error.to_string()))?? {
                ways.entry(to).or_default().push((key, id));
            }
        }
        // The first query that is said to make one of the other nearly always does.
        let ids: BTreeSet<QueryId> = ways.values().filter_map(|found| Some(found.first()?.1)).collect();
        let known = self.facets_of(workspace, &ids).await?;
        let mut next = BTreeSet::new();
        for (to, found) in ways {
            let flow = Facet::Flow(reach.grain, reach.direction, name.to_owned(), to.clone());
            let first = found.first().and_then(|(_, id)| known.get(id));
            if first.is_some_and(|facets| facets.contains(&flow))
                || self.any_has(workspace, &found, &flow).await?
            {
                next.insert(to);
            }
        }
        Ok(next)
    }

    /// The first entry of each way on one shard: those of other queries that do the same are skipped.
    async fn ways(
        &self,
        workspace: &WorkspaceId,
        reach: Reach,
        name: &str,
        shard: u16,
    ) -> Result<Vec<(String, Key, QueryId)>, StoreError> {
        let any = Facet::Flow(reach.grain, reach.direction, name.to_owned(), String::new());
        let partition = keys::list(workspace, &any, shard);
        let last = char::MAX.to_string();
        let mut ways = Vec::new();
        let mut first = "!".to_owned();
        while ways.len() < reach.most {
            let range = Range { pk: &partition, first: &first, last: &last, order: Order::Forwards, most: 1 };
            let Some(item) = self.range(range).await?.pop() else { break };
            let (key, to, id) = way(&item)?;
            // The ids of others end before this.
            first = format!("{}~", &key.sk[..key.sk.len() - id.to_string().len()]);
            ways.push((to, key, id));
        }
        Ok(ways)
    }

    /// Whether one of the queries whose entries follow these does it still, of a few of each.
    async fn any_has(
        &self,
        workspace: &WorkspaceId,
        entries: &[(Key, QueryId)],
        flow: &Facet,
    ) -> Result<bool, StoreError> {
        for (key, id) in entries {
            let end = format!("{}~", &key.sk[..key.sk.len() - id.to_string().len()]);
            let range =
                Range { pk: &key.pk, first: &key.sk, last: &end, order: Order::Forwards, most: MOST_STALE };
            for item in self.range(range).await? {
                if self.has(workspace, way(&item)?.2, flow).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a query has this facet still.
    async fn has(&self, workspace: &WorkspaceId, id: QueryId, facet: &Facet) -> Result<bool, StoreError> {
        match self.graph_facets(workspace, id).await {
            Ok(facets) => Ok(facets.contains(facet)),
            Err(StoreError::NotFound) => Ok(false),
            // It is being deleted, or is not.
            Err(StoreError::Corrupt { .. }) if self.summary(workspace, id).await.is_err() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Queries that are found by one of these ways after the other, each list the newest first; `limit` at most (up to
    /// [`crate::MAX_PAGE`]), with the number of the way by which each was found. A query that several ways lead to
    /// comes once for each.
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`] for one of other ways.
    pub async fn found(
        &self,
        workspace: &WorkspaceId,
        ways: &[Found],
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<(usize, Summary)>, StoreError> {
        let limit = limit.clamp(1, crate::MAX_PAGE);
        // A way that is new since the last page is a way like any other: the position names the way by what it is.
        let list = format!("{workspace}#found");
        let mut at = 0;
        let mut before = None;
        if let Some(from) = from {
            let (way, id) = from.of(&list)?.split_once(' ').ok_or(StoreError::InvalidPosition)?;
            at = ways
                .iter()
                .position(|found| hash(&found.facet()) == way)
                .ok_or(StoreError::InvalidPosition)?;
            before = Some(id.parse::<QueryId>().map_err(|_| StoreError::InvalidPosition)?);
        }
        let mut page = Page::default();
        while let Some(way) = ways.get(at) {
            let facet = way.facet();
            let ids = self.ids_of(workspace, &facet, before, limit + 1).await?;
            let shown: Vec<QueryId> = ids.iter().copied().take(limit).collect();
            let mut having = self.having(workspace, &shown, &facet).await?;
            for id in &shown {
                before = Some(*id);
                if let Some(summary) = having.remove(id) {
                    page.items.push((at, summary));
                }
                if page.items.len() == limit {
                    page.next = Some(Position::new(&list, format!("{} {id}", hash(&facet))));
                    return Ok(page);
                }
            }
            if ids.len() <= limit {
                (at, before) = (at + 1, None);
            }
        }
        Ok(page)
    }

    /// The texts of these queries, those that are there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn texts(
        &self,
        workspace: &WorkspaceId,
        ids: &BTreeSet<QueryId>,
    ) -> Result<BTreeMap<QueryId, Query>, StoreError> {
        let mut found = BTreeMap::new();
        let ids: Vec<QueryId> = ids.iter().copied().collect();
        for part in ids.chunks(ABREAST * 2) {
            let mut reading = JoinSet::new();
            for id in part {
                let (store, workspace, id) = (self.clone(), workspace.clone(), *id);
                reading.spawn(async move { (id, store.query(&workspace, id).await) });
            }
            while let Some(read) = reading.join_next().await {
                let (id, query) = read.map_err(|error| StoreError::Unexpected(error.to_string()))?;
                match query {
                    Ok(query) => drop(found.insert(id, query)),
                    Err(StoreError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }
}

/// Where an entry leads, and by which query.
fn way(item: &Item) -> Result<(Key, String, QueryId), StoreError> {
    let key = Key::of(item);
    let entry = key.sk.rsplit_once('#');
    let entry = entry.and_then(|(to, id)| Some((keys::unescaped(to), id.parse::<QueryId>().ok()?)));
    let (to, id) = entry.ok_or_else(|| StoreError::corrupt(&key, "no flow"))?;
    Ok((key, to, id))
}

/// The name of a way in a position.
fn hash(facet: &Facet) -> String {
    format!("{:x}", Sha256::digest(format!("{facet:?}")))[..24].to_owned()
}
