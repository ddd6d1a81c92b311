//! A database that answers wrongly, or not at all.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use sqm_store::{Filter, Store, StoreConfig, StoreError};

use crate::setup::{Setup, acme, at, id, noise};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[tokio::test]
async fn an_item_that_does_not_read_back_is_an_error() {
    let setup = Setup::start().await;
    let documents =
        [None, Some(text("")), Some(text("{}")), Some(text("{\"id\": 1")), Some(AttributeValue::Bool(true))];
    for document in documents {
        let query = setup.create("SELECT 1").await;
        let id = query.summary.id;
        let put = setup.raw().put_item().table_name("sqm").item("pk", text(&format!("acme#q#{id}")));
        let put = put.item("sk", text("~")).item("version", AttributeValue::N("1".into()));
        let put = match &document {
            Some(document) => put.item("doc", document.clone()),
            None => put,
        };
        put.send().await.unwrap();
        let corrupt = |answer: Option<StoreError>| {
            assert!(matches!(answer, Some(StoreError::Corrupt { .. })), "{document:?}: {answer:?}");
        };
        corrupt(setup.store.query(&acme(), id).await.err());
        corrupt(setup.store.summary(&acme(), id).await.err());
        corrupt(setup.store.version(&acme(), id, query.summary.version).await.err());
        corrupt(setup.store.delete(&acme(), id, query.summary.version, at(0)).await.err());
        corrupt(setup.store.list(&acme(), &Filter::default(), 9, None).await.err());
    }
}

#[tokio::test]
async fn a_text_that_lacks_a_part_is_an_error() {
    let setup = Setup::start().await;
    for part in ["x#0000000001#00", "x#0000000001#01", "x#0000000001#02"] {
        let id = setup.create(&noise(1 << 20)).await.summary.id;
        let delete = setup.raw().delete_item().table_name("sqm").key("pk", text(&format!("acme#q#{id}")));
        delete.key("sk", text(part)).send().await.unwrap();
        let answer = setup.store.query(&acme(), id).await;
        assert!(matches!(answer, Err(StoreError::Corrupt { .. })), "{part}");
        assert!(setup.store.summary(&acme(), id).await.is_ok());
    }
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = Store::local(&StoreConfig {
        table: "sqm".into(),
        endpoint: Some(format!("http://127.0.0.1:{port}")),
    });
    let start = Instant::now();
    let answer = store.query(&acme(), id()).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_table_that_is_not_there() {
    let setup = Setup::start().await;
    let mut config = crate::setup::config(&setup.database);
    config.table = "another".into();
    let answer = Store::local(&config).query(&acme(), id()).await;
    assert!(matches!(answer, Err(StoreError::Unexpected(_))), "{answer:?}");
}
