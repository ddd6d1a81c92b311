//! A set of stored queries as one workload: which there are, how much each weighs, and the indexes that would serve
//! all of them together.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqm_domain::{CatalogName, Dialect, QueryId, WorkspaceId};
use sqm_http::{Basis, Problem, compute};
use sqm_optimization::BUDGET;
use sqm_sql::indexes::{Advice, advise_all};
use sqm_store::{Filter, Position, Query, Store, StoreError};
use tokio::task::JoinSet;

/// Most queries of one workload: a page of a list.
pub(crate) const MOST: usize = sqm_store::MAX_PAGE;

/// Most bytes of SQL of one workload. What is beyond is named in the notes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many texts are fetched at once.
const AT_ONCE: usize = 16;

/// How much a query weighs that nobody says anything about.
const WEIGHT: f64 = 1.0;

/// Which queries.
pub(crate) enum Which {
    /// These.
    Named(Vec<QueryId>),
    /// Those of a list, so many from a position on.
    Listed(Box<Filter>, usize, Option<Position>),
}

/// How often each query runs, or how long in all.
pub(crate) struct Weights(BTreeMap<QueryId, f64>);

/// Queries of one dialect and catalog, with the indexes that would serve them.
pub(crate) struct Group {
    pub dialect: Dialect,
    pub basis: Basis,
    /// Each with its weight; indexes name them by their position.
    pub queries: Vec<(Query, f64)>,
    pub advice: Advice,
}

/// What queries that are looked at together have in common: the name of their dialect, and their catalog.
type Together = (&'static str, Option<CatalogName>);

/// What was found.
pub(crate) struct Found {
    pub groups: Vec<Group>,
    /// Where the list goes on.
    pub next: Option<Position>,
    pub notes: Vec<String>,
}

impl Weights {
    /// Takes what a request says.
    ///
    /// # Errors
    /// A weight that is no number from 0 on.
    pub(crate) fn new(given: BTreeMap<QueryId, f64>) -> Result<Self, Problem> {
        match given.iter().find(|(_, weight)| !weight.is_finite() || **weight < 0.0) {
            Some((id, _)) => Err(Problem::field(format!("weights.{id}"), "expected a number from 0 on")),
            None => Ok(Self(given)),
        }
    }

    fn of(&self, id: QueryId) -> f64 {
        self.0.get(&id).copied().unwrap_or(WEIGHT)
    }
}

/// The indexes that would serve these queries, those of one dialect and one catalog together.
pub(crate) async fn advise(
    store: &Store,
    workspace: &WorkspaceId,
    which: Which,
    weights: &Weights,
) -> Result<Found, Problem> {
    let is_named = matches!(which, Which::Named(_));
    let (ids, next) = match which {
        Which::Named(ids) => (ids, None),
        Which::Listed(filter, limit, from) => {
            let page = store.list(workspace, &filter, limit, from.as_ref()).await?;
            (page.items.into_iter().map(|summary| summary.id).collect(), page.next)
        }
    };
    let mut notes = Vec::new();
    let mut groups: BTreeMap<Together, Vec<(Query, f64)>> = BTreeMap::new();
    let mut bytes = 0;
    for (at, found) in fetched(store, workspace, &ids).await?.into_iter().enumerate() {
        let Some(query) = found else {
            if is_named {
                return Err(Problem::field(format!("queries[{at}]"), "there is no such query"));
            }
            continue; // It was deleted since the list was read.
        };
        bytes += query.sql.as_str().len();
        if bytes > MOST_BYTES {
            notes.push(format!(
                "{} was not looked at: the texts together are longer than {MOST_BYTES} bytes",
                query.summary.id
            ));
            continue;
        }
        let weight = weights.of(query.summary.id);
        let key = (query.summary.dialect.name(), query.summary.catalog.clone());
        groups.entry(key).or_default().push((query, weight));
    }
    let mut found = Found { groups: Vec::new(), next, notes };
    for ((_, catalog), queries) in groups {
        found.groups.push(group(store, workspace, catalog.as_ref(), queries).await?);
    }
    Ok(found)
}

async fn group(
    store: &Store,
    workspace: &WorkspaceId,
    catalog: Option<&CatalogName>,
    queries: Vec<(Query, f64)>,
) -> Result<Group, Problem> {
    let (catalog, basis) = Basis::of_query(store, workspace, catalog).await?;
    let dialect = queries.first().map_or(Dialect::Generic, |(query, _)| query.summary.dialect);
    let queries = Arc::new(queries);
    let texts = Arc::clone(&queries);
    let advice = compute(BUDGET, move || {
        let texts: Vec<(&str, f64)> =
            texts.iter().map(|(query, weight)| (query.sql.as_str(), *weight)).collect();
        advise_all(&texts, dialect, &catalog)
    })
    .await?;
    let queries = Arc::try_unwrap(queries).unwrap_or_else(|shared| shared.as_ref().clone());
    Ok(Group { dialect, basis, queries, advice })
}

/// The queries of these ids in their order; `None` for one that is not there.
async fn fetched(
    store: &Store,
    workspace: &WorkspaceId,
    ids: &[QueryId],
) -> Result<Vec<Option<Query>>, Problem> {
    let mut found: Vec<Option<Query>> = vec![None; ids.len()];
    let mut left = ids.iter().copied().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((at, id)) = left.next()
        {
            let (store, workspace) = (store.clone(), workspace.clone());
            running.spawn(async move { (at, store.query(&workspace, id).await) });
        }
        let Some(done) = running.join_next().await else { return Ok(found) };
        match done {
            Ok((at, Ok(query))) => found[at] = Some(query),
            Ok((_, Err(StoreError::NotFound))) => {}
            Ok((_, Err(error))) => return Err(error.into()),
            Err(_) => return Err(StoreError::Unavailable("a task broke off".to_owned()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_numbers_from_0_on() {
        let id: QueryId = "0198c5a0-0000-7000-8000-000000000000".parse().unwrap();
        let of = |weight: f64| Weights::new(BTreeMap::from([(id, weight)]));
        assert_eq!(of(0.0).ok().map(|weights| weights.of(id)), Some(0.0));
        for wrong in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Weights::new(BTreeMap::new()).unwrap().of(id), WEIGHT);
    }
}
