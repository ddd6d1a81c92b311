//! What needs analysis, and jobs that count each task once.

use std::collections::BTreeSet;

use sqm_domain::{CatalogName, JobId, QueryId};
use sqm_sql::catalog::Catalog;
use sqm_store::{
    AnalysedBy, Analysis, Anew, CatalogWrite, Content, Expected, Failure, Finished, Progress, Query,
    References, StoreError, Terms,
};

use crate::setup::{Setup, acme, at, change, content, id, reading};

fn job(n: u64) -> JobId {
    JobId::from_parts(1_800_000_000_000 + n, [7; 10])
}

fn by(engine: &str) -> AnalysedBy {
    AnalysedBy { engine: engine.to_owned(), catalog: None }
}

fn anew(query: &Query, engine: &str) -> Anew {
    Anew { analysis: query.analysis(), findings: BTreeSet::new(), by: by(engine) }
}

async fn stale(setup: &Setup, engine: &str) -> BTreeSet<QueryId> {
    let mut all = BTreeSet::new();
    for list in setup.store.stale_lists(&acme(), engine).await.unwrap() {
        let mut before = None;
        loop {
            let (ids, next) = setup.store.stale(&acme(), &list, 3, before).await.unwrap();
            all.extend(ids);
            before = next;
            if before.is_none() {
                break;
            }
        }
    }
    all
}

fn ids<const N: usize>(queries: [&Query; N]) -> BTreeSet<QueryId> {
    queries.iter().map(|query| query.summary.id).collect()
}

#[tokio::test]
async fn what_was_written_and_what_another_engine_analysed_is_stale() {
    let setup = Setup::start().await;
    let mut queries = Vec::new();
    for n in 0..8 {
        queries.push(setup.create(&format!("SELECT {n}")).await);
    }
    let all: BTreeSet<QueryId> = queries.iter().map(|query| query.summary.id).collect();
    assert_eq!(stale(&setup, "1").await, all);
    for query in &queries {
        setup.store.refresh(&acme(), query, anew(query, "1"), at(1)).await.unwrap();
    }
    assert_eq!(stale(&setup, "1").await, BTreeSet::new());
    assert_eq!(stale(&setup, "2").await, all);

    let one = setup.store.query(&acme(), queries[0].summary.id).await.unwrap();
    let renamed = Content { title: "Another".parse().unwrap(), ..one.content() };
    setup.store.update(&acme(), &one, renamed, one.analysis(), &change(2)).await.unwrap();
    assert_eq!(stale(&setup, "1").await, BTreeSet::new(), "a title is no reason");
    let one = setup.store.query(&acme(), one.summary.id).await.unwrap();
    let one = setup.update(&one, "SELECT 42").await;
    assert_eq!(stale(&setup, "1").await, ids([&one]));
    setup.store.delete(&acme(), one.summary.id, one.summary.version, at(3)).await.unwrap();
    assert_eq!(stale(&setup, "1").await, BTreeSet::new());
    assert_eq!(setup.store.workspaces(10, None).await.unwrap(), [acme()]);
    assert_eq!(setup.store.workspaces(10, Some(&acme())).await.unwrap(), []);
}

#[tokio::test]
async fn a_catalog_that_changes_makes_its_queries_stale_without_a_write_to_them() {
    let setup = Setup::start().await;
    let name: CatalogName = "shop".parse().unwrap();
    let put = async |ddl: &str, second| {
        let write = CatalogWrite {
            name: name.clone(),
            dialect: sqm_domain::Dialect::Postgres,
            source: ddl.to_owned(),
            catalog: Catalog::from_ddl(ddl, sqm_domain::Dialect::Postgres).unwrap().0,
            author: "ada".parse().unwrap(),
            at: at(second),
            begun: at(second),
        };
        setup.store.put_catalog(&acme(), &write, Expected::Whatever).await.unwrap().version
    };
    let version = put("CREATE TABLE t (a INT)", 0).await;
    let named = Content { catalog: Some(name.clone()), ..content("SELECT a FROM t") };
    let with = setup.create_with(named, reading(["t"])).await;
    let without = setup.create("SELECT 1").await;
    let by_catalog = AnalysedBy { engine: "1".to_owned(), catalog: Some((name.clone(), Some(version))) };
    let found = Anew { by: by_catalog, ..anew(&with, "1") };
    setup.store.refresh(&acme(), &with, found, at(1)).await.unwrap();
    setup.store.refresh(&acme(), &without, anew(&without, "1"), at(1)).await.unwrap();
    assert_eq!(stale(&setup, "1").await, BTreeSet::new());
    put("CREATE TABLE t (a INT, b INT)", 2).await;
    assert_eq!(stale(&setup, "1").await, ids([&with]));
    setup.store.delete_catalog(&acme(), &name, version.next().unwrap(), at(3)).await.unwrap();
    assert_eq!(stale(&setup, "1").await, ids([&with]));

    // A list that nobody writes into any more is forgotten once it is empty.
    let gone = AnalysedBy { engine: "1".to_owned(), catalog: Some((name.clone(), None)) };
    let with = setup.store.query(&acme(), with.summary.id).await.unwrap();
    setup.store.refresh(&acme(), &with, Anew { by: gone, ..anew(&with, "1") }, at(4)).await.unwrap();
    let lists = setup.store.stale_lists(&acme(), "1").await.unwrap();
    assert_eq!(lists.len(), 3);
    for (second, left) in [(600, 3), (7_200, 2)] {
        for list in &lists {
            setup.store.forget_stale(&acme(), list, at(second)).await.unwrap();
        }
        assert_eq!(setup.store.stale_lists(&acme(), "1").await.unwrap().len(), left);
    }
}

#[tokio::test]
async fn what_is_found_out_anew_is_found_by_and_makes_no_version() {
    let setup = Setup::start().await;
    let query = setup.create_with(content("SELECT a FROM t"), reading(["t"])).await;
    let terms = |name: &str| Terms { reads: [format!("{name}.a")].into(), ..Terms::default() };
    let mut shown = query.clone();
    for (round, table) in ["s.t", "r.t", "q.t"].iter().enumerate() {
        let analysis = Analysis {
            references: References { reads: [(*table).to_owned()].into(), ..References::default() },
            terms: Some(terms(table)),
            ..query.analysis()
        };
        let found = Anew { analysis, findings: ["SQM001".to_owned()].into(), by: by("1") };
        setup.store.refresh(&acme(), &shown, found.clone(), at(9)).await.unwrap();
        let raced = setup.store.refresh(&acme(), &shown, found, at(9)).await;
        assert!(matches!(raced, Err(StoreError::Busy)), "{raced:?}");
        shown = setup.store.query(&acme(), query.summary.id).await.unwrap();
        assert_eq!(
            (shown.summary.version, shown.summary.revision),
            (query.summary.version, 1 + round as u32)
        );
        assert_eq!(shown.summary.findings.as_ref().unwrap()["SQM001"], at(9));
        let reading = async |name: &str| {
            let filter = sqm_store::Filter { reads: Some(name.to_owned()), ..Default::default() };
            setup.store.list(&acme(), &filter, 10, None).await.unwrap().items.len()
        };
        assert_eq!((reading(table).await, reading("t").await), (1, 0));
        let found = [sqm_store::Found::ReadsColumn(format!("{table}.a"))];
        assert_eq!(setup.store.found(&acme(), &found, 10, None).await.unwrap().items.len(), 1);
    }
    let written = setup.store.version(&acme(), query.summary.id, query.summary.version).await.unwrap();
    assert_eq!(written.references, query.references, "a version stays what it is");

    // A writer who has read the query before that writes the next version all the same.
    let renamed = Content { title: "Another".parse().unwrap(), ..query.content() };
    let next = setup.store.update(&acme(), &query, renamed, query.analysis(), &change(10)).await.unwrap();
    assert_eq!(next.query.references, shown.references);
    assert_eq!((next.query.summary.version.get(), next.query.summary.revision), (2, 0));
    assert_eq!(stale(&setup, "1").await, BTreeSet::new());
    setup.store.delete(&acme(), query.summary.id, next.query.summary.version, at(11)).await.unwrap();
    let left: Vec<String> = setup.keys().await.into_iter().filter(|key| key.contains("#l#")).collect();
    assert_eq!(left, [""; 0], "no entry stays behind");
}

#[tokio::test]
async fn what_fails_is_tried_again_and_not_for_ever() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await;
    let fail = async || setup.store.refresh_failed(&acme(), query.summary.id, &by("1"), at(1)).await.unwrap();
    for expected in [1, 1, 0] {
        fail().await;
        assert_eq!(stale(&setup, "1").await.len(), expected);
    }
    assert_eq!(stale(&setup, "2").await.len(), 1, "another engine may do it");
    let now = setup.store.query(&acme(), query.summary.id).await.unwrap();
    setup.store.refresh(&acme(), &now, anew(&now, "1"), at(2)).await.unwrap();
    fail().await;
    assert_eq!(stale(&setup, "1").await.len(), 0, "a late failure takes nothing back");
}

#[tokio::test]
async fn a_task_counts_once() {
    let setup = Setup::start().await;
    let store = &setup.store;
    let queries: Vec<QueryId> = (0..205).map(|_| id()).collect();
    store.open_job(&acme(), job(0), at(0)).await.unwrap();
    let open = store.plan_tasks(&acme(), job(0), &queries[..150], at(0)).await.unwrap();
    assert_eq!(open.len(), 150);
    // Two who plan at once, what is planned already among it.
    let plan = async |queries: &[QueryId]| store.plan_tasks(&acme(), job(0), queries, at(0)).await;
    let (one, two) = tokio::join!(plan(&queries[100..]), plan(&queries));
    assert_eq!((one.unwrap().len(), two.unwrap().len()), (105, 205));
    let progress = async || store.progress(&acme(), job(0)).await.unwrap();
    assert_eq!(progress().await, Progress { total: 205, at: Some(at(0)), ..Progress::default() });

    let finish = async |query, finished: Finished| {
        store.finish_task(&acme(), job(0), query, &finished, at(5)).await.unwrap()
    };
    let failed = || Finished::Failed("too_expensive".to_owned());
    assert!(finish(queries[0], Finished::Done).await);
    assert!(!finish(queries[0], Finished::Done).await, "delivered twice");
    assert!(!finish(queries[0], failed()).await, "done is done");
    assert!(finish(queries[1], failed()).await);
    assert!(!finish(queries[1], failed()).await);
    assert!(finish(queries[2], failed()).await);
    assert!(!finish(id(), Finished::Done).await, "nobody has planned it");
    let failures = store.failures(&acme(), job(0), 1, None).await.unwrap();
    assert_eq!(failures.items, [Failure { query: queries[1], why: "too_expensive".to_owned() }]);
    let rest = store.failures(&acme(), job(0), 5, failures.next.as_ref()).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    assert!(finish(queries[1], Finished::Done).await, "what was tried again is done");
    assert!(!finish(queries[1], Finished::Done).await);
    let now = progress().await;
    assert_eq!((now.total, now.done, now.failed, now.left()), (205, 2, 1, 202));
    assert_eq!(store.failures(&acme(), job(0), 5, None).await.unwrap().items.len(), 1);

    assert_eq!(store.give_up_tasks(&acme(), job(0), "lost", at(9)).await.unwrap(), 202);
    assert_eq!(progress().await.left(), 0);
    assert_eq!(store.plan_tasks(&acme(), job(0), &queries, at(9)).await.unwrap(), []);
}

#[tokio::test]
async fn many_who_finish_at_once_lose_nothing() {
    let setup = Setup::start().await;
    let queries: Vec<QueryId> = (0..60).map(|_| id()).collect();
    setup.store.open_job(&acme(), job(0), at(0)).await.unwrap();
    setup.store.plan_tasks(&acme(), job(0), &queries, at(0)).await.unwrap();
    let mut working = tokio::task::JoinSet::new();
    for query in queries.iter().chain(&queries).copied() {
        let store = setup.store.clone();
        working.spawn(async move {
            store.finish_task(&acme(), job(0), query, &Finished::Done, at(1)).await.unwrap()
        });
    }
    let counted = working.join_all().await.into_iter().filter(|counted| *counted).count();
    let progress = setup.store.progress(&acme(), job(0)).await.unwrap();
    assert_eq!((counted, progress.done, progress.left()), (60, 60, 0));
}

#[tokio::test]
async fn jobs_are_listed_from_the_newest_on() {
    let setup = Setup::start().await;
    for n in 0..5 {
        setup.store.open_job(&acme(), job(n), at(0)).await.unwrap();
    }
    let again = setup.store.open_job(&acme(), job(4), at(60)).await.unwrap();
    assert_eq!((again.opened, again.is_planned), (at(0), false));
    setup.store.seal_job(&acme(), job(4)).await.unwrap();
    let first = setup.store.jobs(&acme(), 3, None).await.unwrap();
    assert_eq!(first.items.iter().map(|job| job.id).collect::<Vec<_>>(), [job(4), job(3), job(2)]);
    assert!(first.items[0].is_planned && !first.items[1].is_planned);
    let rest = setup.store.jobs(&acme(), 3, first.next.as_ref()).await.unwrap();
    assert_eq!(rest.items.iter().map(|job| job.id).collect::<Vec<_>>(), [job(1), job(0)]);
    assert_eq!(rest.next, None);
    let other = "other".parse().unwrap();
    assert!(matches!(setup.store.job(&other, job(0)).await, Err(StoreError::NotFound)));
}
