//! How often lists were changed, and what the states of a query and its catalog are, each in one read.

use sqm_domain::{CatalogName, VersionNumber};
use sqm_sql::catalog::Catalog;
use sqm_store::{CatalogWrite, Change, Content, Expected, Heads, ListState, Listed, StoreError};

use crate::setup::{Setup, acme, at, change, content, id};

async fn state(setup: &Setup, listed: Listed, second: i64) -> Option<ListState> {
    setup.store.list_state(&acme(), listed, at(second)).await.unwrap()
}

fn catalog(second: i64) -> CatalogWrite {
    CatalogWrite {
        name: "shop".parse().unwrap(),
        dialect: sqm_domain::Dialect::Postgres,
        source: format!("-- {second}"),
        catalog: Catalog::default(),
        author: "ada".parse().unwrap(),
        at: at(second),
        begun: at(second),
    }
}

#[tokio::test]
async fn every_write_changes_the_state_and_none_is_told_while_one_may_be_under_way() {
    let setup = Setup::start().await;
    let empty = state(&setup, Listed::Queries, 0).await.unwrap();
    assert_eq!((empty.number, empty.at), (0, 0));
    let query = setup.create("SELECT 1").await;
    assert_eq!(state(&setup, Listed::Queries, 64).await, None);
    let one = state(&setup, Listed::Queries, 65).await.unwrap();
    setup.update(&query, "SELECT 2").await;
    let two = state(&setup, Listed::Queries, 66).await.unwrap();
    setup.store.delete(&acme(), query.summary.id, VersionNumber::new(2).unwrap(), at(2)).await.unwrap();
    let three = state(&setup, Listed::Queries, 67).await.unwrap();
    assert_eq!([one.number, two.number, three.number], [1, 2, 3]);
    assert_eq!(state(&setup, Listed::Catalogs, 0).await.unwrap().number, 0, "a list of its own");

    setup.store.put_catalog(&acme(), &catalog(3), Expected::Absent).await.unwrap();
    setup.store.put_catalog(&acme(), &catalog(3), Expected::Whatever).await.unwrap();
    assert_eq!(state(&setup, Listed::Catalogs, 68).await.unwrap().number, 1, "the same again is no write");
    let shop: CatalogName = "shop".parse().unwrap();
    setup.store.delete_catalog(&acme(), &shop, VersionNumber::FIRST, at(4)).await.unwrap();
    assert_eq!(state(&setup, Listed::Catalogs, 69).await.unwrap().number, 2);
    let other = setup.store.list_state(&"other".parse().unwrap(), Listed::Queries, at(0)).await.unwrap();
    assert_eq!(other.unwrap().number, 0, "a workspace's own");
}

#[tokio::test]
async fn the_states_of_a_query_and_its_catalog() {
    let setup = Setup::start().await;
    let shop: CatalogName = "shop".parse().unwrap();
    let first = Content { catalog: Some(shop.clone()), ..content("SELECT 1") };
    let query = setup.create_with(first.clone(), Default::default()).await;
    let id_ = query.summary.id;
    let heads = async |version: Option<u32>, catalog: Option<&CatalogName>| {
        setup.store.query_heads(&acme(), id_, version.and_then(VersionNumber::new), catalog).await
    };
    let missing = heads(None, Some(&shop)).await.unwrap();
    assert_eq!(missing, Heads { query: query.summary.clone(), catalog: None });

    let written = setup.store.put_catalog(&acme(), &catalog(1), Expected::Absent).await.unwrap();
    let without = Content { catalog: None, ..first };
    setup.store.update(&acme(), &query, without, query.analysis(), &change(2)).await.unwrap();
    let now = heads(None, Some(&shop)).await.unwrap();
    assert_eq!((now.query.version.get(), now.query.catalog, now.catalog), (2, None, Some(written.version)));
    assert_eq!(heads(Some(1), None).await.unwrap(), Heads { query: query.summary, catalog: None });
    assert!(matches!(heads(Some(3), None).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.query_heads(&acme(), id(), None, None).await, Err(StoreError::NotFound)));
    assert_eq!(
        setup.store.catalog_versions(&acme(), &shop).await.unwrap(),
        written.version..=written.version
    );
    setup.store.delete_catalog(&acme(), &shop, written.version, at(3)).await.unwrap();
    assert_eq!(heads(None, Some(&shop)).await.unwrap().catalog, None);
    assert!(matches!(setup.store.catalog_versions(&acme(), &shop).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn what_was_made_elsewhere_earlier_counts_as_written_now() {
    let setup = Setup::start().await;
    let (id_, first) = (id(), VersionNumber::FIRST);
    let earlier = Change { at: at(-9_000), ..change(100) };
    let content = content("SELECT 1");
    let found = Default::default();
    setup.store.bring_version(&acme(), (id_, first), at(-9_000), content, found, &earlier).await.unwrap();
    assert_eq!(state(&setup, Listed::Queries, 164).await, None);
    assert_eq!(state(&setup, Listed::Queries, 165).await.unwrap().number, 1);
    let earlier = CatalogWrite { at: at(-9_000), ..catalog(100) };
    setup.store.bring_catalog(&acme(), &earlier, first, at(-9_000)).await.unwrap();
    assert_eq!(state(&setup, Listed::Catalogs, 164).await, None);
    assert_eq!(state(&setup, Listed::Catalogs, 165).await.unwrap().number, 1);
}
