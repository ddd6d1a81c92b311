//! The same request twice.

use sqm_domain::Subject;
use sqm_store::{Analysis, Change, Content, Filter, Idempotency, StoreError};
use tokio::task::JoinSet;

use crate::setup::{Setup, acme, at, change, content, id, text};

fn keyed(key: &str, body: &str, second: i64) -> Change {
    let idempotency = Idempotency::new(key.parse().unwrap(), &[b"POST", body.as_bytes()]);
    Change { idempotency: Some(idempotency), ..change(second) }
}

#[tokio::test]
async fn a_repeated_create_gives_the_same_query() {
    let setup = Setup::start().await;
    let create = async |key: &str, body: &str, second| {
        let change = keyed(key, body, second);
        setup.store.create(&acme(), id(), content(body), Analysis::default(), &change).await
    };
    let first = create("k", "SELECT 1", 0).await.unwrap();
    let again = create("k", "SELECT 1", 60).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(again.query, first.query);
    assert!(matches!(create("k", "SELECT 2", 60).await, Err(StoreError::IdempotencyMismatch)));
    assert_ne!(create("l", "SELECT 1", 60).await.unwrap().query.summary.id, first.query.summary.id);
    // After a day the key is free, whether DynamoDB has removed the record or not.
    let later = create("k", "SELECT 2", 24 * 3600 + 1).await.unwrap();
    assert!(!later.repeated);
}

#[tokio::test]
async fn a_repeated_update_gives_its_version_though_there_is_a_newer_one() {
    let setup = Setup::start().await;
    let first = setup.create("SELECT 1").await;
    let content = Content { sql: text("SELECT 2"), ..first.content() };
    let change = keyed("k", "patch", 1);
    let update = async || {
        setup.store.update(&acme(), &first, content.clone(), first.analysis(), &change).await.unwrap()
    };
    let second = update().await;
    setup.update(&second.query, "SELECT 3").await;
    let again = update().await;
    assert!(again.repeated);
    assert_eq!(again.query, second.query);
    assert_eq!(setup.store.query(&acme(), first.summary.id).await.unwrap().summary.version.get(), 3);

    let idempotency = change.idempotency.as_ref().unwrap();
    let repeated = async |who: &str, second| {
        let who: Subject = who.parse().unwrap();
        setup.store.repeated(&acme(), &who, idempotency, at(second)).await.unwrap()
    };
    assert_eq!(repeated("ada", 2).await.unwrap().query, second.query);
    assert_eq!(repeated("bob", 2).await, None, "a key belongs to whom it was given by");
    assert_eq!(repeated("ada", 2 * 24 * 3600).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeated_at_once_it_still_happens_once() {
    let setup = Setup::start().await;
    let mut running = JoinSet::new();
    for _ in 0..8 {
        let store = setup.store.clone();
        running.spawn(async move {
            let change = keyed("k", "SELECT 1", 0);
            store.create(&acme(), id(), content("SELECT 1"), Analysis::default(), &change).await.unwrap()
        });
    }
    let written = running.join_all().await;
    assert_eq!(written.iter().filter(|written| !written.repeated).count(), 1);
    assert!(written.iter().all(|other| other.query == written[0].query));
    let list = setup.store.list(&acme(), &Filter::default(), 9, None).await.unwrap();
    assert_eq!(list.items.len(), 1);
}
