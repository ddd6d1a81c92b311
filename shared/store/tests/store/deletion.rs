//! What is deleted is gone.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use sqm_domain::VersionNumber;
use sqm_store::{Content, Filter, StoreError};

use crate::setup::{Setup, acme, at, change, content, reading, text};

#[tokio::test]
async fn nothing_is_left() {
    let setup = Setup::start().await;
    let tables = (0..300).map(|n| format!("warehouse_with_a_long_name.t{n}"));
    let mut query = setup.create_with(content("SELECT 1"), reading(tables)).await;
    for n in 2..40 {
        query = setup.update(&query, &format!("SELECT {n}")).await;
    }
    let (id, version) = (query.summary.id, query.summary.version);
    let stale = setup.store.delete(&acme(), id, VersionNumber::FIRST, at(0)).await;
    assert!(matches!(stale, Err(StoreError::VersionConflict { current }) if current == version));
    setup.store.delete(&acme(), id, version, at(0)).await.unwrap();
    assert_eq!(setup.keys().await, BTreeSet::new());
    assert!(matches!(setup.store.query(&acme(), id).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.delete(&acme(), id, version, at(0)).await, Err(StoreError::NotFound)));
    let late = Content { sql: text("SELECT 0"), ..query.content() };
    let late = setup.store.update(&acme(), &query, late, query.analysis(), &change(3)).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
}

/// A deletion that got as far as the tombstone, as if the process had ended there.
#[tokio::test]
async fn an_interrupted_deletion_can_be_repeated() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await;
    let (id, version) = (query.summary.id, query.summary.version);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let tombstone = setup
        .raw()
        .put_item()
        .table_name("sqm")
        .item("pk", text(&format!("acme#q#{id}")))
        .item("sk", text("~"))
        .item("doc", text(r#"{"deleted":1}"#));
    tombstone.send().await.unwrap();

    assert!(matches!(setup.store.query(&acme(), id).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.version(&acme(), id, version).await, Err(StoreError::NotFound)));
    assert!(matches!(setup.store.versions(&acme(), id, 9, None).await, Err(StoreError::NotFound)));
    assert_eq!(setup.store.list(&acme(), &Filter::default(), 9, None).await.unwrap().items, []);
    assert_eq!(setup.store.deletable(&acme(), id).await.unwrap(), (version, 0));
    setup.store.delete(&acme(), id, version, at(0)).await.unwrap();
    let left = setup.keys().await;
    assert!(left.iter().all(|key| !key.contains("#q#")), "{left:?}");
}
