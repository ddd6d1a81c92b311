//! More tables than fit into one transaction.

use std::collections::BTreeSet;

use sqm_store::{Filter, MAX_REFERENCES, StoreError};

use crate::setup::{Setup, acme, at, change, content, id, reading};

fn tables(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("warehouse.schema_{n}.table_{n}")).collect()
}

async fn readers(setup: &Setup, table: &str) -> usize {
    let filter = Filter { reads: Some(table.to_owned()), ..Filter::default() };
    setup.store.list(&acme(), &filter, 9, None).await.unwrap().items.len()
}

#[tokio::test]
async fn none_of_many_is_lost() {
    let setup = Setup::start().await;
    let first = setup.create_with(content("SELECT 1"), reading(tables(0..400))).await;
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap(), first);
    for table in tables(0..400).iter().step_by(7) {
        assert_eq!(readers(&setup, &table.to_uppercase()).await, 1, "{table}");
    }

    let analysis = reading(tables(200..600));
    let update = setup.store.update(&acme(), &first, first.content(), analysis, &change(1)).await;
    let second = update.unwrap().query;
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap(), second);
    for (range, found) in [(0..200, 0), (200..600, 1)] {
        for table in tables(range).iter().step_by(13) {
            assert_eq!(readers(&setup, table).await, found, "{table}");
        }
    }
    let entries = setup.keys().await.iter().filter(|key| key.contains("#l#reads#")).count();
    assert_eq!(entries, 400, "entries of tables that are no longer read are removed");
    let old = setup.store.version(&acme(), first.summary.id, first.summary.version).await.unwrap();
    assert_eq!(old.references, first.references);
}

#[tokio::test]
async fn who_loses_the_race_leaves_nothing_to_be_seen() {
    let setup = Setup::start().await;
    let first = setup.create_with(content("SELECT 1"), reading(["t"])).await;
    setup.update(&first, "SELECT 2").await;
    let late = reading(tables(0..300));
    let lost = setup.store.update(&acme(), &first, first.content(), late, &change(2)).await;
    assert!(matches!(lost, Err(StoreError::VersionConflict { .. })));
    for table in tables(0..300).iter().step_by(31) {
        assert_eq!(readers(&setup, table).await, 0, "{table}");
    }
    assert_eq!(readers(&setup, "t").await, 1);
}

#[tokio::test]
async fn too_many_are_refused_by_name() {
    let setup = Setup::start().await;
    let analysis = reading(tables(0..MAX_REFERENCES + 1));
    let refused = setup.store.create(&acme(), id(), content("SELECT 1"), analysis, &change(0)).await;
    assert!(matches!(refused, Err(StoreError::TooManyReferences { found }) if found == MAX_REFERENCES + 1));
    assert_eq!(setup.keys().await, BTreeSet::new());
}

#[tokio::test]
async fn names_of_any_length_and_letters() {
    let setup = Setup::start().await;
    let names = ["a#b", "a%23b", "Ä.ß", &"x".repeat(3_000), &"x".repeat(3_001), " "];
    let query = setup.create_with(content("SELECT 1"), reading(names)).await;
    for name in names {
        assert_eq!(readers(&setup, name).await, 1, "{name}");
    }
    assert_eq!(readers(&setup, "a").await, 0);
    setup.store.delete(&acme(), query.summary.id, query.summary.version, at(0)).await.unwrap();
    assert_eq!(setup.keys().await, BTreeSet::new());
}
