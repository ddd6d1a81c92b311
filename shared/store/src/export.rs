//! All that people have put into a workspace, page by page, in the order in which it can be brought in again: catalogs
//! by name, then queries, each with its versions, what ran and what was counted.

use sqm_domain::{CatalogName, QueryId, VersionNumber, WorkspaceId};

use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, doc};
use crate::keys::{self, Key};
use crate::position::Position;
use crate::query::{Page, Query, whole};
use crate::run::{Counters, Outlines, Run};
use crate::{Origin, StoredCatalog};

/// Executions of one part of a page.
const RUNS: usize = 200;
/// Versions that are read at once.
const VERSIONS: usize = 20;
/// About how many bytes an execution takes on a page.
const RUN_BYTES: usize = 250;

/// A part of an export.
#[derive(Debug, Clone, PartialEq)]
pub enum Exported {
    /// A version of a catalog.
    Catalog(Box<StoredCatalog>),
    /// A version of a query, and where it came from.
    Version(Box<Query>, Option<Origin>),
    /// Executions, with the outlines of their plans.
    Runs(QueryId, Vec<Run>, Outlines),
    /// Up to where a database's counters are counted.
    Counters(QueryId, Counters),
}

/// Where an export goes on: behind this.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    Catalog(CatalogName, VersionNumber),
    /// The sort key of the last item of a part of a query.
    Query(QueryId, Part, String),
}

/// What is told of a query, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Versions,
    Runs,
    Counters,
}

impl Part {
    const ALL: [Self; 3] = [Self::Versions, Self::Runs, Self::Counters];

    fn letter(self) -> char {
        match self {
            Self::Versions => 'v',
            Self::Runs => 'e',
            Self::Counters => 'c',
        }
    }
}

/// A page under construction.
struct Sheet {
    items: Vec<Exported>,
    left: usize,
    at: Option<At>,
}

impl Sheet {
    /// Adds a part; `false` where the page is full.
    fn add(&mut self, item: Exported, bytes: usize, at: At) -> bool {
        self.items.push(item);
        self.at = Some(at);
        self.left = self.left.saturating_sub(bytes);
        self.left > 0
    }
}

impl Store {
    /// The next parts of an export, of about `bytes` in all and at least one. What is stored while an export is under
    /// way may be on it or not; what was there before it, is.
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`], and those of the database.
    pub async fn export(
        &self,
        workspace: &WorkspaceId,
        bytes: usize,
        from: Option<&Position>,
    ) -> Result<Page<Exported>, StoreError> {
        let list = format!("{workspace}#export");
        let from = match from {
            None => None,
            Some(from) => Some(At::read(from.of(&list)?).ok_or(StoreError::InvalidPosition)?),
        };
        let mut sheet = Sheet { items: Vec::new(), left: bytes.max(1), at: from.clone() };
        let is_whole = match from {
            Some(At::Query(..)) => self.queries_onto(workspace, &mut sheet).await?,
            _ => {
                self.catalogs_onto(workspace, &mut sheet).await?
                    && self.queries_onto(workspace, &mut sheet).await?
            }
        };
        let next = sheet.at.filter(|_| !is_whole).map(|at| Position::new(&list, at.written()));
        Ok(Page { items: sheet.items, next })
    }

    /// Whether all catalogs are on it.
    async fn catalogs_onto(&self, workspace: &WorkspaceId, sheet: &mut Sheet) -> Result<bool, StoreError> {
        let partition = keys::catalogs(workspace);
        let mut behind = match &sheet.at {
            Some(At::Catalog(name, version)) => {
                let (name, version) = (name.clone(), *version);
                if !self.catalog_onto(workspace, &name, Some(version), sheet).await? {
                    return Ok(false);
                }
                format!("{name} ")
            }
            _ => "!".to_owned(),
        };
        loop {
            let last = char::MAX.to_string();
            let range =
                Range { pk: &partition, first: &behind, last: &last, order: Order::Forwards, most: 100 };
            let names = self.range(range).await?;
            let Some(last) = names.last().map(|item| format!("{} ", Key::of(item).sk)) else {
                return Ok(true);
            };
            for item in &names {
                let key = Key::of(item);
                let name: CatalogName = key.sk.parse().map_err(|why| StoreError::corrupt(&key, why))?;
                if !self.catalog_onto(workspace, &name, None, sheet).await? {
                    return Ok(false);
                }
            }
            behind = last;
        }
    }

    async fn catalog_onto(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
        behind: Option<VersionNumber>,
        sheet: &mut Sheet,
    ) -> Result<bool, StoreError> {
        let versions = match self.catalog_versions(workspace, name).await {
            Ok(versions) => versions,
            Err(StoreError::NotFound) => return Ok(true),
            Err(error) => return Err(error),
        };
        let (first, last) = versions.into_inner();
        let mut number = match behind {
            None => Some(first),
            Some(behind) => behind.next().map(|next| next.max(first)),
        };
        while let Some(version) = number.filter(|number| *number <= last) {
            match self.catalog_version(workspace, name, version).await {
                Ok(stored) => {
                    let bytes = stored.source.len() + 300;
                    let at = At::Catalog(name.clone(), version);
                    if !sheet.add(Exported::Catalog(Box::new(stored)), bytes, at) {
                        return Ok(false);
                    }
                }
                // It was deleted meanwhile.
                Err(StoreError::NotFound) => return Ok(true),
                Err(error) => return Err(error),
            }
            number = version.next();
        }
        Ok(true)
    }

    /// Whether all queries are on it.
    async fn queries_onto(&self, workspace: &WorkspaceId, sheet: &mut Sheet) -> Result<bool, StoreError> {
        let mut before = None;
        if let Some(At::Query(id, part, behind)) = sheet.at.clone() {
            if !self.query_onto(workspace, id, Some((part, behind)), sheet).await? {
                return Ok(false);
            }
            before = Some(id);
        }
        loop {
            let ids = self.ids_before(workspace, before, 50).await?;
            if ids.is_empty() {
                return Ok(true);
            }
            for id in ids {
                before = Some(id);
                if !self.query_onto(workspace, id, None, sheet).await? {
                    return Ok(false);
                }
            }
        }
    }

    async fn query_onto(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        behind: Option<(Part, String)>,
        sheet: &mut Sheet,
    ) -> Result<bool, StoreError> {
        let (mut part, mut behind) = behind.map_or((Part::Versions, None), |(part, sk)| (part, Some(sk)));
        // One that is deleted has a tombstone, or nothing, and is no part of an export.
        if matches!(self.summary(workspace, id).await, Err(StoreError::NotFound)) {
            return Ok(true);
        }
        loop {
            let is_whole = match part {
                Part::Versions => self.versions_onto(workspace, id, behind.take(), sheet).await?,
                Part::Runs => self.runs_onto(workspace, id, behind.take(), sheet).await?,
                Part::Counters => self.counters_onto(workspace, id, behind.take(), sheet).await?,
            };
            if !is_whole {
                return Ok(false);
            }
            match Part::ALL.into_iter().find(|next| *next > part) {
                Some(next) => part = next,
                None => return Ok(true),
            }
        }
    }

    async fn versions_onto(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        mut behind: Option<String>,
        sheet: &mut Sheet,
    ) -> Result<bool, StoreError> {
        let partition = keys::query(workspace, id);
        loop {
            let items = self.items_behind(&partition, keys::VERSIONS, behind.as_deref(), VERSIONS).await?;
            for item in &items {
                let sk = Key::of(item).sk;
                let read = || self.recorded_version(&partition, item);
                let (query, origin) = match whole(read(), read()).await {
                    // The texts of one that is being deleted are gone before its head.
                    Err(StoreError::Corrupt { .. }) if self.summary(workspace, id).await.is_err() => {
                        return Ok(true);
                    }
                    read => read?,
                };
                let bytes = query.sql.as_str().len() + 600;
                let at = At::Query(id, Part::Versions, sk.clone());
                if !sheet.add(Exported::Version(Box::new(query), origin), bytes, at) {
                    return Ok(false);
                }
                behind = Some(sk);
            }
            if items.len() < VERSIONS {
                return Ok(true);
            }
        }
    }

    async fn runs_onto(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        mut behind: Option<String>,
        sheet: &mut Sheet,
    ) -> Result<bool, StoreError> {
        let partition = keys::executions(workspace, id);
        loop {
            let items = self.items_behind(&partition, keys::EXECUTIONS, behind.as_deref(), RUNS).await?;
            let Some(last) = items.last().map(|item| Key::of(item).sk) else { return Ok(true) };
            let runs = items.iter().map(doc::<Run>).collect::<Result<Vec<_>, _>>()?;
            let mut shapes: Vec<_> = runs.iter().filter_map(|run| run.plan.clone()).collect();
            shapes.sort();
            shapes.dedup();
            let outlines = self.outlines(workspace, id, &shapes).await?;
            let told =
                |run: &Run| run.plan.as_ref().and_then(|shape| outlines.get(shape)).map_or(0, String::len);
            let bytes = runs.iter().map(|run| RUN_BYTES + told(run)).sum();
            let at = At::Query(id, Part::Runs, last.clone());
            if !sheet.add(Exported::Runs(id, runs, outlines), bytes, at) {
                return Ok(false);
            }
            behind = Some(last);
        }
    }

    async fn counters_onto(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        mut behind: Option<String>,
        sheet: &mut Sheet,
    ) -> Result<bool, StoreError> {
        let partition = keys::executions(workspace, id);
        loop {
            let items = self.items_behind(&partition, keys::COUNTERS, behind.as_deref(), RUNS).await?;
            if items.is_empty() {
                return Ok(true);
            }
            for item in &items {
                let (sk, counters) = (Key::of(item).sk, doc::<Counters>(item)?);
                let at = At::Query(id, Part::Counters, sk.clone());
                if !sheet.add(Exported::Counters(id, counters), RUN_BYTES, at) {
                    return Ok(false);
                }
                behind = Some(sk);
            }
        }
    }

    /// Items of a partition whose sort keys begin so, behind one of them.
    async fn items_behind(
        &self,
        partition: &str,
        begin: &str,
        behind: Option<&str>,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        // The space is the first character that a sort key here can go on with; none does.
        let first = behind.map_or(begin.to_owned(), |behind| format!("{behind} "));
        // Behind whatever begins so.
        let last = begin.replace('#', "$");
        let range = Range { pk: partition, first: &first, last: &last, order: Order::Forwards, most };
        self.range(range).await
    }
}

impl At {
    fn written(&self) -> String {
        match self {
            Self::Catalog(name, version) => format!("c {version} {name}"),
            Self::Query(id, part, behind) => format!("{} {id} {behind}", part.letter()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (what, rest) = text.split_once(' ')?;
        let (first, second) = rest.split_once(' ')?;
        if let (Ok(version), "c") = (first.parse(), what) {
            return Some(Self::Catalog(second.parse().ok()?, version));
        }
        let part = Part::ALL.into_iter().find(|part| what == part.letter().to_string())?;
        Some(Self::Query(first.parse().ok()?, part, second.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        let id: QueryId = "01940000-0000-7000-8000-000000000000".parse().unwrap();
        let version = VersionNumber::FIRST;
        for at in [
            At::Catalog("team.finance".parse().unwrap(), version),
            At::Query(id, Part::Versions, "v#0000000001".to_owned()),
            At::Query(id, Part::Runs, "e#00".to_owned()),
            At::Query(id, Part::Counters, "c#a b".to_owned()),
        ] {
            assert_eq!(At::read(&at.written()), Some(at));
        }
        assert_eq!(At::read("x"), None);
        assert_eq!(At::read("c x y"), None);
    }
}
