//! What models have said, who asks them, and what that costs.

use std::sync::Arc;

use sqm_domain::WorkspaceId;
use sqm_store::{Quota, Spent, SuggestionKey};

use crate::setup::{Setup, acme, at};

const DAY: i64 = 24 * 60 * 60;

fn key(text: &str) -> SuggestionKey {
    SuggestionKey::new(&[text, "fake-1", "v1"])
}

#[tokio::test]
async fn suggestions_stay_in_their_workspace_and_expire() {
    let setup = Setup::start().await;
    let store = &setup.store;
    store.keep_suggestion(&acme(), &key("a"), &vec!["SELECT 1"], at(0)).await.unwrap();
    let read = async |workspace: &WorkspaceId, text: &str, now| {
        store.suggestion::<Vec<String>>(workspace, &key(text), at(now)).await.unwrap()
    };
    assert_eq!(read(&acme(), "a", 1).await, Some(vec!["SELECT 1".to_owned()]));
    assert_eq!(read(&acme(), "b", 1).await, None);
    assert_eq!(read(&"other".parse().unwrap(), "a", 1).await, None);
    assert_eq!(read(&acme(), "a", 91 * DAY).await, None);
    let long = "x".repeat(400 * 1024);
    store.keep_suggestion(&acme(), &key("long"), &long, at(0)).await.unwrap();
    assert_eq!(read(&acme(), "long", 1).await, None, "what is too long is not kept");
    assert_ne!(SuggestionKey::new(&["ab", "c"]), SuggestionKey::new(&["a", "bc"]));
}

#[tokio::test]
async fn one_of_many_asks() {
    let setup = Arc::new(Setup::start().await);
    let lease = |now| {
        let setup = setup.clone();
        tokio::spawn(
            async move { setup.store.lease_suggestion(&acme(), &key("a"), at(now), 30).await.unwrap() },
        )
    };
    let mut held = Vec::new();
    for attempt in (0..16).map(|_| lease(0)).collect::<Vec<_>>() {
        held.extend(attempt.await.unwrap());
    }
    assert_eq!(held.len(), 1);
    assert!(lease(29).await.unwrap().is_none());
    let second = lease(31).await.unwrap();
    assert!(second.is_some(), "it ends by itself");
    let first = held.remove(0);
    setup.store.release_suggestion(&acme(), first).await.unwrap();
    assert!(lease(32).await.unwrap().is_none(), "who lost it gives back nothing");
    setup.store.release_suggestion(&acme(), second.unwrap()).await.unwrap();
    assert!(lease(33).await.unwrap().is_some());
}

#[tokio::test]
async fn a_quota_holds_for_all_who_spend_at_once() {
    let setup = Arc::new(Setup::start().await);
    let quota = Quota { requests: 5, tokens: 10_000 };
    let reserve = |tokens, now| {
        let setup = setup.clone();
        tokio::spawn(async move {
            setup.store.reserve_usage(&acme(), quota, tokens, (at(now), 30)).await.unwrap()
        })
    };
    let mut reserved = Vec::new();
    for attempt in (0..12).map(|_| reserve(1_000, 0)).collect::<Vec<_>>() {
        reserved.extend(attempt.await.unwrap());
    }
    assert_eq!(reserved.len(), 5, "five requests a day");
    let spent = Spent { calls: 2, prompt_tokens: 300, completion_tokens: 40, cost_nano_usd: 1_500 };
    for one in reserved {
        setup.store.settle_usage(&acme(), one, spent).await.unwrap();
    }
    let usage = setup.store.usage(&acme(), 30, at(0)).await.unwrap();
    assert_eq!((usage.len(), usage[0].requests), (1, 5));
    let all = Spent { calls: 10, prompt_tokens: 1_500, completion_tokens: 200, cost_nano_usd: 7_500 };
    assert_eq!(usage[0].spent, all);
    assert!(reserve(1_000, DAY).await.unwrap().is_some(), "a new day");
    assert!(reserve(9_001, DAY).await.unwrap().is_none(), "more tokens than are left");
    assert!(reserve(20_000, 2 * DAY).await.unwrap().is_none(), "more than there ever are");
    assert_eq!(setup.store.usage(&acme(), 1, at(DAY)).await.unwrap().len(), 1);
    assert_eq!(setup.store.usage(&acme(), 2, at(DAY)).await.unwrap().len(), 2);
    assert!(setup.store.usage(&"other".parse().unwrap(), 30, at(0)).await.unwrap().is_empty());
    let none = Quota { requests: 0, tokens: 10 };
    assert!(
        setup.store.reserve_usage(&"other".parse().unwrap(), none, 1, (at(0), 30)).await.unwrap().is_none()
    );
}

#[tokio::test]
async fn what_was_set_aside_for_who_was_cut_off_is_given_back_where_it_is_needed() {
    let setup = Setup::start().await;
    let quota = Quota { requests: 100, tokens: 1_000 };
    let reserve = async |now| setup.store.reserve_usage(&acme(), quota, 500, (at(now), 30)).await.unwrap();
    let slow = reserve(0).await.unwrap();
    drop(reserve(5).await.unwrap());
    assert!(reserve(30).await.is_none(), "both may still be under way");
    let third = reserve(31).await.unwrap();
    assert!(reserve(35).await.is_none());
    // The first was not cut off but slow: what it has spent counts.
    let spent = Spent { calls: 1, prompt_tokens: 90, completion_tokens: 10, cost_nano_usd: 7 };
    setup.store.settle_usage(&acme(), slow, spent).await.unwrap();
    assert!(reserve(36).await.is_none(), "500 are given back, 500 set aside, 100 spent");
    setup.store.settle_usage(&acme(), third, spent).await.unwrap();
    let fourth = reserve(36).await.unwrap();
    assert!(reserve(36).await.is_none(), "200 are spent");
    setup.store.settle_usage(&acme(), fourth, Spent::default()).await.unwrap();
    let usage = setup.store.usage(&acme(), 1, at(36)).await.unwrap();
    let all = Spent { calls: 2, prompt_tokens: 180, completion_tokens: 20, cost_nano_usd: 14 };
    assert_eq!((usage[0].requests, usage[0].spent), (4, all));
}
