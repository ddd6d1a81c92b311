//! How often lists were changed, and what the states of a query and its catalog are, each in one read.

use aws_sdk_dynamodb::types::AttributeValue;
use sqm_domain::{CatalogName, VersionNumber};
use sqm_sql::catalog::Catalog;
use sqm_store::{
    CatalogState, CatalogWrite, Change, Content, Expected, Heads, ListState, Listed, StoreError,
};

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
async fn every_write_changes_the_state() {
    let setup = Setup::start().await;
    let empty = state(&setup, Listed::Queries, 0).await.unwrap();
    assert_eq!((empty.number, empty.at), (0, 0));
    let query = setup.create("SELECT 1").await;
    let one = state(&setup, Listed::Queries, 0).await.unwrap();
    setup.update(&query, "SELECT 2").await;
    let two = state(&setup, Listed::Queries, 1).await.unwrap();
    let refused =
        setup.store.update(&acme(), &query, content("SELECT 3"), query.analysis(), &change(2)).await;
    assert!(matches!(refused, Err(StoreError::VersionConflict { .. })));
    let three = state(&setup, Listed::Queries, 2).await.unwrap();
    setup.store.delete(&acme(), query.summary.id, VersionNumber::new(2).unwrap(), at(2)).await.unwrap();
    let four = state(&setup, Listed::Queries, 2).await.unwrap();
    assert_eq!([one.number, two.number, three.number, four.number], [1, 2, 3, 4]);
    assert_eq!(state(&setup, Listed::Catalogs, 0).await.unwrap().number, 0, "a list of its own");

    setup.store.put_catalog(&acme(), &catalog(3), Expected::Absent).await.unwrap();
    setup.store.put_catalog(&acme(), &catalog(3), Expected::Whatever).await.unwrap();
    assert_eq!(state(&setup, Listed::Catalogs, 3).await.unwrap().number, 1, "the same again is no write");
    let shop: CatalogName = "shop".parse().unwrap();
    setup.store.delete_catalog(&acme(), &shop, VersionNumber::FIRST, at(4)).await.unwrap();
    assert_eq!(state(&setup, Listed::Catalogs, 4).await.unwrap().number, 2);
    let other = setup.store.list_state(&"other".parse().unwrap(), Listed::Queries, at(0)).await.unwrap();
    assert_eq!(other.unwrap().number, 0, "a workspace's own");
}

#[tokio::test]
async fn none_is_told_while_a_write_may_be_under_way_and_one_that_was_cut_off_ends_by_itself() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await;
    // As somebody leaves it who is ended in the middle.
    let mark = AttributeValue::Ss(vec![format!("{}.x", at(10).as_second())]);
    let cut_off = setup.raw().update_item().table_name("sqm");
    let cut_off = cut_off.key("pk", AttributeValue::S("acme#g".to_owned()));
    let cut_off = cut_off.key("sk", AttributeValue::S("queries".to_owned()));
    let cut_off = cut_off.update_expression("ADD under_way :mark").expression_attribute_values(":mark", mark);
    cut_off.send().await.unwrap();
    assert_eq!(state(&setup, Listed::Queries, 74).await, None);
    assert_eq!(state(&setup, Listed::Queries, 75).await.unwrap().number, 1);
    let changed = |second| Change { begun: at(second), ..change(second) };
    let text = content("SELECT 2");
    let second = setup.store.update(&acme(), &query, text, query.analysis(), &changed(20)).await.unwrap();
    assert_eq!(state(&setup, Listed::Queries, 74).await, None, "it is not another one's to end yet");
    let text = content("SELECT 3");
    setup.store.update(&acme(), &second.query, text, query.analysis(), &changed(80)).await.unwrap();
    assert_eq!(state(&setup, Listed::Queries, 60).await.unwrap().number, 3, "the next one has removed it");
}

async fn state_of_lists(setup: &Setup) -> Option<ListState> {
    let now = state(setup, Listed::Queries, 1).await;
    assert!(now.is_some());
    now
}

#[tokio::test]
async fn the_states_of_a_query_and_its_catalog() {
    let setup = Setup::start().await;
    let shop: CatalogName = "shop".parse().unwrap();
    let first = Content { catalog: Some(shop.clone()), ..content("SELECT 1") };
    let query = setup.create_with(first.clone(), Default::default()).await;
    let id_ = query.summary.id;
    let heads = async |version: Option<u32>, catalog: Option<&CatalogName>| {
        setup.store.query_heads(&acme(), id_, version.and_then(VersionNumber::new), catalog, None).await
    };
    let missing = heads(None, Some(&shop)).await.unwrap();
    assert_eq!(missing, Heads { query: query.summary.clone(), catalog: None, lists: None });

    let written = setup.store.put_catalog(&acme(), &catalog(1), Expected::Absent).await.unwrap();
    let sha256 = setup.store.catalog(&acme(), &shop).await.unwrap().sha256;
    let state = Some(CatalogState { version: written.version, sha256 });
    let other: CatalogName = "other".parse().unwrap();
    for expected in [Some(&shop), None, Some(&other)] {
        let named = heads(None, expected).await.unwrap();
        assert_eq!((&named.query, &named.catalog), (&query.summary, &state), "{expected:?}");
    }
    let listed = setup.store.query_heads(&acme(), id_, None, Some(&shop), Some(at(1))).await.unwrap();
    assert_eq!((listed.catalog.as_ref(), listed.lists), (state.as_ref(), state_of_lists(&setup).await));
    let without = Content { catalog: None, ..first };
    setup.store.update(&acme(), &query, without, query.analysis(), &change(2)).await.unwrap();
    let now = heads(None, Some(&shop)).await.unwrap();
    let versions = (now.query.version.get(), now.query.sql_version.get());
    assert_eq!((versions, now.query.catalog, now.catalog), ((2, 1), None, None));
    assert_eq!(
        heads(Some(1), None).await.unwrap(),
        Heads { query: query.summary, catalog: state, lists: None }
    );
    assert!(matches!(heads(Some(3), None).await, Err(StoreError::NotFound)));
    assert!(matches!(
        setup.store.query_heads(&acme(), id(), None, None, None).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(
        setup.store.catalog_versions(&acme(), &shop).await.unwrap(),
        written.version..=written.version
    );
    setup.store.delete_catalog(&acme(), &shop, written.version, at(3)).await.unwrap();
    assert_eq!(heads(Some(1), Some(&shop)).await.unwrap().catalog, None);
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
    let now = state(&setup, Listed::Queries, 100).await.unwrap();
    assert_eq!((now.number, now.at), (1, u64::try_from(at(100).as_second()).unwrap()));
    let earlier = CatalogWrite { at: at(-9_000), ..catalog(100) };
    setup.store.bring_catalog(&acme(), &earlier, first, at(-9_000)).await.unwrap();
    let now = state(&setup, Listed::Catalogs, 100).await.unwrap();
    assert_eq!((now.number, now.at), (1, u64::try_from(at(100).as_second()).unwrap()));
}
