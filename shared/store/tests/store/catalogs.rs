//! Catalogs and their versions.

use sqm_domain::{CatalogName, Dialect, VersionNumber, WorkspaceId};
use sqm_sql::catalog::{Catalog, Table};
use sqm_store::{CatalogWrite, Expected, StoreError};

use crate::setup::{Setup, acme, at, noise};

fn name(name: &str) -> CatalogName {
    name.parse().unwrap()
}

fn version(number: u32) -> VersionNumber {
    VersionNumber::new(number).unwrap()
}

fn write(catalog: &str, tables: &[&str]) -> CatalogWrite {
    let table = |name: &&str| Table { name: vec![(*name).to_owned()], ..Table::default() };
    CatalogWrite {
        name: name(catalog),
        dialect: Dialect::Postgres,
        source: format!("-- {tables:?}"),
        catalog: Catalog::from(tables.iter().map(table).collect::<Vec<_>>()),
        author: "ada".parse().unwrap(),
        at: at(0),
        begun: at(0),
    }
}

#[tokio::test]
async fn versions_are_numbered_and_stay() {
    let setup = Setup::start().await;
    let put = async |write: &CatalogWrite, expected| setup.store.put_catalog(&acme(), write, expected).await;
    let (one, two) = (write("main", &["a"]), write("main", &["a", "b"]));
    assert_eq!(put(&one, Expected::Absent).await.unwrap().version, version(1));
    assert!(matches!(put(&two, Expected::Absent).await, Err(StoreError::Exists { .. })));
    assert_eq!(put(&one, Expected::Whatever).await.unwrap().version, version(1), "the same again");
    assert_eq!(put(&two, Expected::Version(version(1))).await.unwrap().version, version(2));
    let stale = put(&one, Expected::Version(version(1))).await;
    assert!(matches!(stale, Err(StoreError::VersionConflict { current }) if current == version(2)));
    let missing = put(&write("other", &[]), Expected::Version(version(1))).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));

    let newest = setup.store.catalog(&acme(), &name("main")).await.unwrap();
    assert_eq!((newest.catalog, newest.source), (two.catalog, two.source));
    assert_eq!(newest.summary.tables, 2);
    let first = setup.store.catalog_version(&acme(), &name("main"), version(1)).await.unwrap();
    assert_eq!((first.catalog, first.source), (one.catalog, one.source));
    let none = setup.store.catalog_version(&acme(), &name("main"), version(3)).await;
    assert!(matches!(none, Err(StoreError::NotFound)));
    let other: WorkspaceId = "other".parse().unwrap();
    assert!(matches!(setup.store.catalog(&other, &name("main")).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn lists_go_by_name() {
    let setup = Setup::start().await;
    for name in ["b", "a", "ä", "a.b", "B", "a-b"] {
        setup.store.put_catalog(&acme(), &write(name, &[]), Expected::Whatever).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = setup.store.catalogs(&acme(), 2, cursor.as_ref()).await.unwrap();
        seen.extend(page.items.iter().map(|summary| summary.name.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["B", "a", "a-b", "a.b", "b", "ä"]);
}

#[tokio::test]
async fn numbers_never_come_again() {
    let setup = Setup::start().await;
    let put = async |tables: &[&str]| {
        let write = write("main", tables);
        setup.store.put_catalog(&acme(), &write, Expected::Whatever).await.unwrap().version
    };
    put(&["a"]).await;
    assert_eq!(put(&["b"]).await, version(2));
    let delete =
        async |number| setup.store.delete_catalog(&acme(), &name("main"), version(number), at(0)).await;
    assert!(matches!(delete(1).await, Err(StoreError::VersionConflict { .. })));
    delete(2).await.unwrap();
    assert!(matches!(setup.store.catalog(&acme(), &name("main")).await, Err(StoreError::NotFound)));
    assert_eq!(setup.store.catalogs(&acme(), 9, None).await.unwrap().items, []);
    assert_eq!(setup.keys().await.len(), 1, "only the tombstone is left");

    assert_eq!(put(&["c"]).await, version(3));
    let old = setup.store.catalog_version(&acme(), &name("main"), version(2)).await;
    assert!(matches!(old, Err(StoreError::NotFound)));
    assert!(setup.store.catalog(&acme(), &name("main")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_at_once_lose_nothing() {
    let setup = Setup::start().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..4 {
        let store = setup.store.clone();
        running.spawn(async move {
            let write = write("main", &[format!("t{n}").as_str()]);
            store.put_catalog(&acme(), &write, Expected::Whatever).await.unwrap().version.get()
        });
    }
    let mut numbers = running.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_long_declaration_comes_back() {
    let setup = Setup::start().await;
    let long = CatalogWrite { source: noise(1 << 20), ..write("main", &["t"]) };
    setup.store.put_catalog(&acme(), &long, Expected::Whatever).await.unwrap();
    let read = setup.store.catalog(&acme(), &name("main")).await.unwrap();
    assert!(read.source == long.source);
    let longer = CatalogWrite { source: noise(8 << 20), ..write("main", &["t"]) };
    let refused = setup.store.put_catalog(&acme(), &longer, Expected::Whatever).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
}
