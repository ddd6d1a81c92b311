//! Connections to databases.

use sqm_domain::{ConnectionName, DatabaseEngine, VersionNumber, WorkspaceId};
use sqm_store::{ConnectionWrite, Expected, StoreError};

use crate::setup::{Setup, acme, at};

fn name(name: &str) -> ConnectionName {
    name.parse().unwrap()
}

fn version(number: u32) -> VersionNumber {
    VersionNumber::new(number).unwrap()
}

fn write(connection: &str, run: bool) -> ConnectionWrite {
    ConnectionWrite {
        name: name(connection),
        engine: DatabaseEngine::Postgres,
        secret: "sqm/acme/shop".parse().unwrap(),
        run,
        author: "ada".parse().unwrap(),
        at: at(0),
    }
}

#[tokio::test]
async fn versions_are_numbered_and_never_come_again() {
    let setup = Setup::start().await;
    let put = async |run, expected| setup.store.put_connection(&acme(), &write("shop", run), expected).await;
    assert_eq!(put(false, Expected::Absent).await.unwrap().version, version(1));
    assert!(matches!(put(true, Expected::Absent).await, Err(StoreError::Exists { .. })));
    assert_eq!(put(false, Expected::Whatever).await.unwrap().version, version(1), "the same again");
    assert_eq!(put(true, Expected::Version(version(1))).await.unwrap().version, version(2));
    let stale = put(false, Expected::Version(version(1))).await;
    assert!(matches!(stale, Err(StoreError::VersionConflict { current }) if current == version(2)));

    let delete = async |number| setup.store.delete_connection(&acme(), &name("shop"), version(number)).await;
    assert!(matches!(delete(1).await, Err(StoreError::VersionConflict { .. })));
    delete(2).await.unwrap();
    assert!(matches!(delete(2).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.connection(&acme(), &name("shop")).await, Err(StoreError::NotFound)));
    assert!(matches!(put(true, Expected::Version(version(2))).await, Err(StoreError::NotFound)));
    assert_eq!(put(false, Expected::Absent).await.unwrap().version, version(3));
}

#[tokio::test]
async fn lists_go_by_name_and_stay_in_their_workspace() {
    let setup = Setup::start().await;
    for name in ["b", "a", "c", "a.b"] {
        setup.store.put_connection(&acme(), &write(name, false), Expected::Whatever).await.unwrap();
    }
    setup.store.delete_connection(&acme(), &name("b"), version(1)).await.unwrap();
    let mut seen = Vec::new();
    let mut from = None;
    loop {
        let page = setup.store.connections(&acme(), 1, from.as_ref()).await.unwrap();
        seen.extend(page.items.iter().map(|connection| connection.name.to_string()));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "a.b", "c"]);
    let other: WorkspaceId = "other".parse().unwrap();
    assert_eq!(setup.store.connections(&other, 9, None).await.unwrap().items, []);
    assert!(matches!(setup.store.connection(&other, &name("a")).await, Err(StoreError::NotFound)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_at_once_lose_nothing() {
    let setup = Setup::start().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..4 {
        let store = setup.store.clone();
        running.spawn(async move {
            let write =
                ConnectionWrite { secret: format!("sqm/acme/{n}").parse().unwrap(), ..write("shop", false) };
            store.put_connection(&acme(), &write, Expected::Whatever).await.unwrap().version.get()
        });
    }
    let mut numbers = running.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
}
