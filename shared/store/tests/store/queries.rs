//! Versions, and what happens when several write at once.

use sqm_domain::limits::MAX_SCRIPT_BYTES;
use sqm_domain::{Title, VersionNumber, WorkspaceId};
use sqm_store::{Content, Position, StoreError};
use tokio::task::JoinSet;

use crate::setup::{Setup, acme, at, change, content, noise, reading, text};

fn version(number: u32) -> VersionNumber {
    VersionNumber::new(number).unwrap()
}

#[tokio::test]
async fn what_is_stored_comes_back() {
    let setup = Setup::start().await;
    let mut given = content("SELECT a, 'ä€😀' FROM t\r\n");
    given.tags = ["x".parse().unwrap(), "y".parse().unwrap()].into();
    given.catalog = Some("main".parse().unwrap());
    given.description = "two\nlines".parse().unwrap();
    let created = setup.create_with(given.clone(), reading(["t"])).await;
    let read = setup.store.query(&acme(), created.summary.id).await.unwrap();
    assert_eq!(read, created);
    assert_eq!(read.content(), given);
    assert_eq!(read.analysis(), reading(["t"]));
    assert_eq!(setup.store.summary(&acme(), created.summary.id).await.unwrap(), read.summary);
}

#[tokio::test]
async fn versions_stay_as_they_were() {
    let setup = Setup::start().await;
    let first = setup.create("SELECT 1").await;
    let second = setup.update(&first, "SELECT 2").await;
    let retitled = Content { title: "Other".parse().unwrap(), ..second.content() };
    let analysis = second.analysis();
    let third = setup.store.update(&acme(), &second, retitled, analysis, &change(2)).await.unwrap().query;

    let id = first.summary.id;
    for (number, known) in [(1, &first), (2, &second), (3, &third)] {
        assert_eq!(setup.store.version(&acme(), id, version(number)).await.unwrap(), *known);
    }
    assert_eq!(setup.store.query(&acme(), id).await.unwrap(), third);
    assert_eq!(third.sql, second.sql);
    let missing = setup.store.version(&acme(), id, version(4)).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
    // The third has the text of the second and does not store it again.
    let texts = setup.keys().await.into_iter().filter(|key| key.contains(" x#")).count();
    assert_eq!(texts, 2);
}

#[tokio::test]
async fn an_old_text_can_be_the_newest_again() {
    let setup = Setup::start().await;
    let first = setup.create("SELECT 1").await;
    let second = setup.update(&first, "SELECT 2").await;
    let third = setup.update(&second, "SELECT 1").await;
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap(), third);
    assert_eq!(third.sql, first.sql);
}

#[tokio::test]
async fn history_comes_in_pages() {
    let setup = Setup::start().await;
    let mut query = setup.create("SELECT 1").await;
    for n in 2..=7 {
        query = setup.update(&query, &format!("SELECT {n}")).await;
    }
    let id = query.summary.id;
    let mut seen = Vec::new();
    let mut cursor: Option<Position> = None;
    loop {
        let page = setup.store.versions(&acme(), id, 3, cursor.as_ref()).await.unwrap();
        seen.extend(page.items.iter().map(|summary| summary.version.get()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    let other = setup.create("SELECT 1").await.summary.id;
    let page = setup.store.versions(&acme(), id, 3, None).await.unwrap();
    let foreign = setup.store.versions(&acme(), other, 3, page.next.as_ref()).await;
    assert!(matches!(foreign, Err(StoreError::InvalidPosition)));
}

#[tokio::test]
async fn the_same_again_makes_no_version() {
    let setup = Setup::start().await;
    let first = setup.create("SELECT 1").await;
    let same = setup.update(&first, "SELECT 1").await;
    assert_eq!(same, first);
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap(), first);
}

#[tokio::test]
async fn who_comes_late_overwrites_nothing() {
    let setup = Setup::start().await;
    let first = setup.create("SELECT 1").await;
    let second = setup.update(&first, "SELECT 2").await;
    let late = Content { sql: text("SELECT 3"), ..first.content() };
    let lost = setup.store.update(&acme(), &first, late, first.analysis(), &change(2)).await;
    match lost {
        Err(StoreError::VersionConflict { current }) => assert_eq!(current, version(2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap(), second);
}

/// Eight writers, each reading and then writing under the condition that nobody came between: as many
/// versions as successes, numbered without gap or duplicate, each with what its writer wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_make_one_history() {
    let setup = Setup::start().await;
    let id = setup.create("SELECT 0").await.summary.id;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = setup.store.clone();
        writers.spawn(async move {
            let mut written = Vec::new();
            for round in 0..6 {
                let before = store.query(&acme(), id).await.unwrap();
                let title = format!("writer {writer} round {round}").parse::<Title>().unwrap();
                let content = Content { title: title.clone(), ..before.content() };
                match store.update(&acme(), &before, content, before.analysis(), &change(round)).await {
                    Ok(done) => written.push((done.query.summary.version, title)),
                    Err(StoreError::VersionConflict { current }) => assert!(current > before.summary.version),
                    Err(error) => panic!("{error}"),
                }
            }
            written
        });
    }
    let mut written: Vec<(VersionNumber, Title)> = Vec::new();
    while let Some(done) = writers.join_next().await {
        written.extend(done.unwrap());
    }
    written.sort();
    let numbers: Vec<u32> = written.iter().map(|(number, _)| number.get()).collect();
    assert_eq!(numbers, (2..2 + numbers.len() as u32).collect::<Vec<_>>());
    let page = setup.store.versions(&acme(), id, 100, None).await.unwrap();
    let history: Vec<(VersionNumber, Title)> =
        page.items.iter().rev().skip(1).map(|summary| (summary.version, summary.title.clone())).collect();
    assert_eq!(history, written);
}

#[tokio::test]
async fn long_texts_come_back() {
    let setup = Setup::start().await;
    for sql in [noise(MAX_SCRIPT_BYTES), "SELECT 1; ".repeat(100_000)] {
        let created = setup.create(&sql).await;
        let read = setup.store.query(&acme(), created.summary.id).await.unwrap();
        assert!(read.sql.as_str() == sql, "{} bytes", sql.len());
        let longer = setup.update(&read, &noise(MAX_SCRIPT_BYTES - 1)).await;
        assert!(setup.store.query(&acme(), created.summary.id).await.unwrap() == longer);
        assert!(setup.store.version(&acme(), created.summary.id, version(1)).await.unwrap() == created);
    }
}

#[tokio::test]
async fn another_workspace_sees_nothing() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await;
    let other: WorkspaceId = "other".parse().unwrap();
    let id = query.summary.id;
    assert!(matches!(setup.store.query(&other, id).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.version(&other, id, version(1)).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.versions(&other, id, 9, None).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.delete(&other, id, version(1), at(0)).await, Err(StoreError::NotFound)));
    let written = Content { sql: text("SELECT 2"), ..query.content() };
    let update = setup.store.update(&other, &query, written, query.analysis(), &change(1)).await;
    assert!(matches!(update, Err(StoreError::NotFound)), "{update:?}");
    assert_eq!(setup.store.query(&acme(), id).await.unwrap(), query);
}
