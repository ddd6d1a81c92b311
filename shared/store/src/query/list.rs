//! Lists: entries of all shards merged, the newest or the most complex first; the heads decide what is shown.

use std::collections::BTreeSet;

use sqm_domain::{Dialect, QueryId, Subject, Tag, WorkspaceId};
use tokio::task::JoinSet;

use super::record::{Head, KeptReferences, Record};
use super::{Fingerprint, References, Summary};
use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::doc;
use crate::keys::{self, Facet, Key};
use crate::position::Position;
use crate::shards;

/// Most items of a page: one BatchGetItem.
pub const MAX_PAGE: usize = 100;

/// Most heads that one page may look at. A filter of several parts that hardly anything passes then
/// gives a short page, even an empty one, with a position to go on from.
const MAX_LOOKED_AT: usize = 1_000;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; possibly less than was asked for even where there is more.
    pub items: Vec<T>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Position>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What was created last.
    #[default]
    Newest,
    /// What there is most to; of the same score, what was created last. Without those that have no score.
    Complexity,
}

/// Which queries to list: those that have all of this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// With this tag.
    pub tag: Option<Tag>,
    /// Of this owner.
    pub owner: Option<Subject>,
    /// In this dialect.
    pub dialect: Option<Dialect>,
    /// Reading this table, in any case.
    pub reads: Option<String>,
    /// Writing this table, in any case.
    pub writes: Option<String>,
    /// Of this form.
    pub fingerprint: Option<Fingerprint>,
    /// With a finding of this code.
    pub finding: Option<String>,
    /// Reading this column, as `table.column`, in any case.
    pub reads_column: Option<String>,
    /// Writing this column, likewise.
    pub writes_column: Option<String>,
    /// Needing analysis, where this is the engine.
    pub stale: Option<String>,
    /// In which order.
    pub sort: Sort,
}

/// What a head has to have.
pub(super) struct Wanted {
    pub facets: Vec<Facet>,
    /// The lists of standings of which it has to be in one.
    pub standings: Option<BTreeSet<String>>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Its sort key: what entries are in the order of.
    sk: String,
    id: QueryId,
    /// The score under which it stands there.
    score: Option<u32>,
}

impl Entry {
    fn of(sk: &str) -> Option<Self> {
        let (score, id) = match sk.split_once('#') {
            Some((score, id)) => (Some(score.parse().ok()?), id),
            None => (None, sk),
        };
        Some(Self { sk: sk.to_owned(), id: id.parse().ok()?, score })
    }

    /// Whether the head still has what the entry says. One that another score was written for shows up there.
    fn is_current(&self, record: &Record) -> bool {
        self.score.is_none() || self.score == record.complexity
    }
}

impl Filter {
    /// Every facet that is asked for, the one that fewest queries should have first.
    pub(super) fn facets(&self) -> Vec<Facet> {
        let mut facets = Vec::new();
        facets.extend(self.fingerprint.as_ref().map(|form| Facet::Fingerprint(form.as_str().to_owned())));
        facets.extend(self.writes_column.as_ref().map(|column| Facet::WritesColumn(column.to_lowercase())));
        facets.extend(self.reads_column.as_ref().map(|column| Facet::ReadsColumn(column.to_lowercase())));
        facets.extend(self.writes.as_ref().map(|table| Facet::Writes(table.to_lowercase())));
        facets.extend(self.finding.as_ref().map(|code| Facet::Finding(code.clone())));
        facets.extend(self.reads.as_ref().map(|table| Facet::Reads(table.to_lowercase())));
        facets.extend(self.tag.as_ref().map(|tag| Facet::Tag(tag.to_string())));
        facets.extend(self.owner.as_ref().map(|owner| Facet::Owner(owner.to_string())));
        facets.extend(self.dialect.map(|dialect| Facet::Dialect(dialect.name())));
        facets
    }
}

impl Store {
    /// Queries of a workspace in the order that the filter asks for, at most `limit` (up to [`MAX_PAGE`]).
    ///
    /// Following the pages to the end shows each query exactly once that is there, and passes the
    /// filter, all the while; in the order of complexity, one whose score changes meanwhile may come twice or
    /// not at all.
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`] for one of another workspace or filter.
    pub async fn list(
        &self,
        workspace: &WorkspaceId,
        filter: &Filter,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<Summary>, StoreError> {
        let facets = filter.facets();
        let mut list = format!("{workspace}#queries#{facets:?}");
        let driver = match filter.sort {
            Sort::Newest => facets.first().unwrap_or(&Facet::All),
            // The score of an entry is no part of its partition.
            Sort::Complexity => &Facet::Complexity(0),
        };
        if filter.sort == Sort::Complexity {
            list += "#complexity";
        }
        let wanted = self.wanted(workspace, filter, facets.clone()).await?;
        if wanted.standings.is_some() {
            list += "#stale";
        }
        let mut before = match from {
            None => None,
            Some(from) => Some(Entry::of(from.of(&list)?).ok_or(StoreError::InvalidPosition)?),
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let mut page = Page::default();
        let mut looked_at = 0;
        loop {
            let candidates = self.candidates(workspace, driver, before.as_ref(), limit + 1).await?;
            let more = candidates.len() > limit;
            let candidates = &candidates[..candidates.len().min(limit)];
            let records = self.heads(workspace, candidates).await?;
            looked_at += candidates.len();
            for (at, (entry, record)) in candidates.iter().zip(records).enumerate() {
                before = Some(entry.clone());
                let Some(record) = record.filter(|record| entry.is_current(record)) else { continue };
                // One that is being deleted has lost its references first.
                let passes = self.passes(workspace, &record, &wanted).await;
                if matches!(passes, Err(StoreError::Corrupt { .. }))
                    && self.summary(workspace, entry.id).await.is_err()
                {
                    continue;
                }
                if passes? {
                    page.items.push(Summary::from(&record));
                }
                if page.items.len() == limit && (more || at + 1 < candidates.len()) {
                    page.next = Some(Position::new(&list, &entry.sk));
                    return Ok(page);
                }
            }
            if !more {
                return Ok(page);
            }
            if looked_at >= MAX_LOOKED_AT {
                page.next = before.map(|entry| Position::new(&list, entry.sk));
                return Ok(page);
            }
        }
    }

    /// All queries with the tables that they name, those that were created before `before` from the newest on, at most
    /// `most` (up to [`MAX_PAGE`]); and where to go on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn walk(
        &self,
        workspace: &WorkspaceId,
        most: usize,
        before: Option<QueryId>,
    ) -> Result<(Vec<(Summary, References)>, Option<QueryId>), StoreError> {
        let most = most.clamp(1, MAX_PAGE);
        let ids = self.ids_before(workspace, before, most).await?;
        let entries: Vec<Entry> =
            ids.iter().map(|id| Entry { sk: id.to_string(), id: *id, score: None }).collect();
        let mut walked = Vec::with_capacity(ids.len());
        for record in self.heads(workspace, &entries).await?.into_iter().flatten() {
            match self.kept_references(&keys::query(workspace, record.id), &record).await {
                Ok(references) => walked.push((Summary::from(&record), references)),
                // It is being deleted.
                Err(StoreError::Corrupt { .. }) if self.summary(workspace, record.id).await.is_err() => {}
                Err(error) => return Err(error),
            }
        }
        Ok((walked, ids.last().copied().filter(|_| ids.len() == most)))
    }

    /// The ids of queries that were created before one of them, the newest first.
    pub(crate) async fn ids_before(
        &self,
        workspace: &WorkspaceId,
        before: Option<QueryId>,
        most: usize,
    ) -> Result<Vec<QueryId>, StoreError> {
        self.ids_of(workspace, &Facet::All, before, most).await
    }

    /// The same of those in the list of a facet.
    pub(crate) async fn ids_of(
        &self,
        workspace: &WorkspaceId,
        facet: &Facet,
        before: Option<QueryId>,
        most: usize,
    ) -> Result<Vec<QueryId>, StoreError> {
        let before = before.map(|id| Entry { sk: id.to_string(), id, score: None });
        let entries = self.candidates(workspace, facet, before.as_ref(), most).await?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }

    /// The last entries of a list before `before`, from all shards.
    async fn candidates(
        &self,
        workspace: &WorkspaceId,
        facet: &Facet,
        before: Option<&Entry>,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut reading = JoinSet::new();
        let mut read = |shard: u16| {
            let (store, partition) = (self.clone(), keys::list(workspace, facet, shard));
            let before = before.map(|entry| entry.sk.clone());
            reading.spawn(async move { store.entries(&partition, before.as_deref(), most).await });
        };
        // The usual shards are read while their number is asked for.
        (0..shards::FIRST).for_each(&mut read);
        (shards::FIRST..self.shards(workspace).await?).for_each(&mut read);
        let mut newest = BTreeSet::new();
        while let Some(read) = reading.join_next().await {
            newest.extend(read.map_err(|error| StoreError::Unexpected(error.to_string()))??);
        }
        Ok(newest.into_iter().rev().take(most).collect())
    }

    async fn entries(
        &self,
        partition: &str,
        before: Option<&str>,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let last = before.unwrap_or("~");
        // One more, since the position itself may be among them.
        let range = Range { pk: partition, first: "!", last, order: Order::Backwards, most: most + 1 };
        let items = self.range(range).await?;
        let entry =
            |key: Key| Entry::of(&key.sk).ok_or_else(|| StoreError::corrupt(&key, "no entry of a list"));
        let entries = items.iter().map(|item| entry(Key::of(item))).collect::<Result<Vec<_>, _>>()?;
        Ok(entries.into_iter().filter(|entry| before.is_none_or(|before| *entry.sk < *before)).collect())
    }

    /// The records of these queries, in their order; `None` where there is no such query any more.
    async fn heads(
        &self,
        workspace: &WorkspaceId,
        entries: &[Entry],
    ) -> Result<Vec<Option<Record>>, StoreError> {
        let head = |entry: &Entry| keys::head(&keys::query(workspace, entry.id));
        let keys: Vec<Key> = entries.iter().map(head).collect();
        let items = self.items(&keys).await?;
        let record = |key| match items.get(key).map(doc) {
            None => Ok(None),
            Some(Ok(Head::Alive(record))) => Ok(Some(*record)),
            Some(Ok(Head::Deleted(_))) => Ok(None),
            Some(Err(error)) => Err(error),
        };
        keys.iter().map(record).collect()
    }

    /// What the heads are held against.
    pub(super) async fn wanted(
        &self,
        workspace: &WorkspaceId,
        filter: &Filter,
        facets: Vec<Facet>,
    ) -> Result<Wanted, StoreError> {
        let standings = match &filter.stale {
            None => None,
            Some(engine) => Some(self.stale_names(workspace, engine).await?),
        };
        Ok(Wanted { facets, standings })
    }

    pub(super) async fn passes(
        &self,
        workspace: &WorkspaceId,
        record: &Record,
        Wanted { facets, standings }: &Wanted,
    ) -> Result<bool, StoreError> {
        let stands = |names: &BTreeSet<String>| {
            record.standing.as_ref().is_some_and(|standing| names.contains(&standing.list()))
        };
        if !standings.as_ref().is_none_or(stands) {
            return Ok(false);
        }
        let partition = keys::query(workspace, record.id);
        let columns =
            facets.iter().any(|facet| matches!(facet, Facet::ReadsColumn(_) | Facet::WritesColumn(_)));
        let tables =
            columns || facets.iter().any(|facet| matches!(facet, Facet::Reads(_) | Facet::Writes(_)));
        let references = match &record.references {
            KeptReferences::Apart(_) if !tables => Default::default(),
            _ => self.kept_references(&partition, record).await?,
        };
        let mut has = super::index::facets(record, &references);
        if columns {
            has.extend(self.kept_terms(&partition, record).await?.facets(&references));
        }
        Ok(facets.iter().all(|facet| has.contains(facet)))
    }
}
