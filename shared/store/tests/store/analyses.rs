//! Analyses under their ids: whole again whatever their length, a workspace's own, gone after their time, and never
//! served where something else lies there.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sqm_domain::AnalysisId;
use sqm_store::{StoreError, StoredAnalysis};

use crate::setup::{Setup, acme, at, noise};

fn id(n: u8) -> AnalysisId {
    AnalysisId::from_bytes([n; 32])
}

fn analysis(document: &str) -> StoredAnalysis {
    StoredAnalysis { needs: vec!["lineage:read".to_owned()], document: document.into(), until: at(100) }
}

#[tokio::test]
async fn short_and_long_ones_come_back_until_their_time_is_over() {
    let setup = Setup::start().await;
    let texts = ["{}".to_owned(), format!("{{{}}}", "\"a\":1,".repeat(400_000)), noise(1 << 20)];
    for (n, text) in (1..).zip(&texts) {
        setup.store.keep_analysis(&acme(), id(n), &analysis(text), at(0)).await.unwrap();
        let read = setup.store.analysis(&acme(), id(n), at(100)).await.unwrap();
        assert_eq!(read, Some(analysis(text)));
        assert_eq!(setup.store.analysis(&acme(), id(n), at(101)).await.unwrap(), None);
        assert_eq!(setup.store.analysis(&"other".parse().unwrap(), id(n), at(0)).await.unwrap(), None);
    }
    let kept = setup.keys().await;
    assert_eq!(
        kept.len(),
        5,
        "one item each, and two chunks more of the one that does not compress: {kept:?}"
    );
    let long = noise(5 << 20);
    let refused = setup.store.keep_analysis(&acme(), id(9), &analysis(&long), at(0)).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
}

#[tokio::test]
async fn the_first_one_stays() {
    let setup = Setup::start().await;
    let (first, second) = (analysis("{\"ms\":1}"), analysis("{\"ms\":2}"));
    setup.store.keep_analysis(&acme(), id(1), &first, at(0)).await.unwrap();
    setup.store.keep_analysis(&acme(), id(1), &second, at(1)).await.unwrap();
    assert_eq!(setup.store.analysis(&acme(), id(1), at(2)).await.unwrap(), Some(first));
    // Once its time is over, another one takes its place.
    let later = StoredAnalysis { until: at(300), ..second };
    setup.store.keep_analysis(&acme(), id(1), &later, at(200)).await.unwrap();
    assert_eq!(setup.store.analysis(&acme(), id(1), at(200)).await.unwrap(), Some(later));
}

#[tokio::test]
async fn what_does_not_read_back_is_an_error_once_and_then_gone() {
    let setup = Setup::start().await;
    let pk = format!("acme#a#{}", id(1));
    let sound = analysis("{\"a\": 1}");
    let bytes = |text: &str| AttributeValue::B(Blob::new(text));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for (name, wrong) in [
        ("blob", bytes("not zstd")),
        ("blob", bytes("")),
        ("blob", text("no bytes")),
        ("doc", text("{}")),
        ("doc", text("no JSON")),
    ] {
        setup.store.keep_analysis(&acme(), id(1), &sound, at(0)).await.unwrap();
        let change = setup.raw().update_item().table_name("sqm").key("pk", text(&pk)).key("sk", text("~"));
        let change = change.update_expression("SET #n = :v").expression_attribute_names("#n", name);
        change.expression_attribute_values(":v", wrong.clone()).send().await.unwrap();
        let read = setup.store.analysis(&acme(), id(1), at(0)).await;
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{name} {wrong:?}: {read:?}");
        assert_eq!(setup.store.analysis(&acme(), id(1), at(0)).await.unwrap(), None, "{name} {wrong:?}");
    }
    // A chunk of another one, and none.
    let long = analysis(&noise(1 << 20));
    for put in [true, false] {
        setup.store.keep_analysis(&acme(), id(1), &long, at(0)).await.unwrap();
        let raw = setup.raw();
        if put {
            let item = [("pk", text(&pk)), ("sk", text("x#01")), ("blob", bytes("x"))];
            let item = item.map(|(name, value)| (name.to_owned(), value)).into();
            raw.put_item().table_name("sqm").set_item(Some(item)).send().await.unwrap();
        } else {
            let delete = raw.delete_item().table_name("sqm").key("pk", text(&pk)).key("sk", text("x#02"));
            delete.send().await.unwrap();
        }
        let read = setup.store.analysis(&acme(), id(1), at(0)).await;
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{read:?}");
    }
}
