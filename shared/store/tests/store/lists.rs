//! Lists, their filters and cursors.

use sqm_domain::{Dialect, QueryId, WorkspaceId};
use sqm_store::{Analysis, Content, Filter, Position, Sort, StoreError};

use crate::setup::{Setup, acme, change, content, id, reading};

/// Every page of a list.
async fn all(setup: &Setup, filter: &Filter, limit: usize) -> Vec<QueryId> {
    let mut seen = Vec::new();
    let mut cursor: Option<Position> = None;
    loop {
        let page = setup.store.list(&acme(), filter, limit, cursor.as_ref()).await.unwrap();
        assert!(page.items.len() <= limit);
        seen.extend(page.items.iter().map(|summary| summary.id));
        cursor = page.next;
        if cursor.is_none() {
            return seen;
        }
    }
}

fn newest_first(mut ids: Vec<QueryId>) -> Vec<QueryId> {
    ids.sort();
    ids.reverse();
    ids
}

#[tokio::test]
async fn pages_show_each_query_once_and_the_newest_first() {
    let setup = Setup::start().await;
    assert_eq!(all(&setup, &Filter::default(), 5).await, []);
    let mut ids = Vec::new();
    for n in 0..43 {
        ids.push(setup.create(&format!("SELECT {n}")).await.summary.id);
    }
    let ids = newest_first(ids);
    for limit in [1, 7, 42, 43, 44, 100] {
        assert_eq!(all(&setup, &Filter::default(), limit).await, ids, "{limit}");
    }
}

#[tokio::test]
async fn filters_and_their_combinations() {
    let setup = Setup::start().await;
    let mut stored = Vec::new();
    for n in 0..30 {
        let mut content = content(&format!("SELECT {n}"));
        if n % 2 == 0 {
            content.tags.insert("even".parse().unwrap());
        }
        if n % 3 == 0 {
            content.owner = "bob".parse().unwrap();
        }
        if n % 5 == 0 {
            content.dialect = Dialect::Snowflake;
        }
        let analysis = if n % 2 == 1 { reading(["S.Orders"]) } else { reading(["s.items"]) };
        stored.push((n, setup.create_with(content, analysis).await.summary.id));
    }
    let check = async |filter: Filter, wanted: fn(i32) -> bool| {
        let ids = stored.iter().filter(|(n, _)| wanted(*n)).map(|(_, id)| *id).collect();
        assert_eq!(all(&setup, &filter, 4).await, newest_first(ids), "{filter:?}");
    };
    let none = Filter::default;
    check(Filter { tag: "even".parse().ok(), ..none() }, |n| n % 2 == 0).await;
    check(Filter { owner: "bob".parse().ok(), ..none() }, |n| n % 3 == 0).await;
    check(Filter { dialect: Some(Dialect::Snowflake), ..none() }, |n| n % 5 == 0).await;
    check(Filter { reads: Some("s.ORDERS".into()), ..none() }, |n| n % 2 == 1).await;
    check(Filter { writes: Some("s.orders".into()), ..none() }, |_| false).await;
    check(Filter { tag: "odd".parse().ok(), ..none() }, |_| false).await;
    let both = Filter { tag: "even".parse().ok(), owner: "bob".parse().ok(), ..none() };
    check(both, |n| n % 6 == 0).await;
    let three = Filter {
        reads: Some("s.orders".into()),
        owner: "bob".parse().ok(),
        dialect: Some(Dialect::Snowflake),
        ..none()
    };
    check(three, |n| n % 15 == 0 && n % 2 == 1).await;
}

#[tokio::test]
async fn the_most_complex_come_first() {
    let setup = Setup::start().await;
    let scored = |complexity| Analysis { complexity, ..reading(["t"]) };
    let mut stored = Vec::new();
    for n in 0..30_u32 {
        // Several of a score, and some without one, as queries of before there were scores.
        let score = (n % 5 > 0).then_some(n * 7 % 12);
        let mut content = content(&format!("SELECT {n}"));
        if n % 2 == 0 {
            content.owner = "bob".parse().unwrap();
        }
        stored.push((score, setup.create_with(content, scored(score)).await));
    }
    let by_score = Filter { sort: Sort::Complexity, ..Filter::default() };
    let mut wanted: Vec<_> =
        stored.iter().filter_map(|(score, query)| Some(((*score)?, query.summary.id))).collect();
    wanted.sort_by(|one, other| other.cmp(one));
    let wanted: Vec<QueryId> = wanted.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 4, 24, 25, 100] {
        assert_eq!(all(&setup, &by_score, limit).await, wanted, "{limit}");
    }
    let of_bob: Vec<QueryId> = {
        let has = |id: &QueryId| {
            stored
                .iter()
                .any(|(_, query)| query.summary.id == *id && query.summary.owner.to_string() == "bob")
        };
        wanted.iter().copied().filter(has).collect()
    };
    let filter = Filter { owner: "bob".parse().ok(), ..by_score.clone() };
    assert_eq!(all(&setup, &filter, 4).await, of_bob);
    // A new score moves it, and one that is gone takes it away.
    let last = stored.iter().find(|(_, query)| query.summary.id == wanted[23]).unwrap();
    let update = async |query, score, at| {
        let content = Content { title: "Moved".parse().unwrap(), ..content("SELECT 0") };
        setup.store.update(&acme(), query, content, scored(score), &change(at)).await.unwrap().query
    };
    let moved = update(&last.1, Some(4_000_000_000), 1).await;
    assert_eq!(all(&setup, &by_score, 4).await[0], moved.summary.id);
    assert_eq!(all(&setup, &by_score, 4).await.len(), 24);
    update(&moved, None, 2).await;
    assert_eq!(all(&setup, &by_score, 4).await, wanted[..23]);
    let page = setup.store.list(&acme(), &by_score, 2, None).await.unwrap();
    let other = setup.store.list(&acme(), &Filter::default(), 2, page.next.as_ref()).await;
    assert!(matches!(other, Err(StoreError::InvalidPosition)), "{other:?}");
}

#[tokio::test]
async fn lists_follow_changes() {
    let setup = Setup::start().await;
    let mut tagged = content("SELECT 1");
    tagged.tags = ["old".parse().unwrap(), "kept".parse().unwrap()].into();
    let query = setup.create_with(tagged, reading(["t", "u"])).await;
    let changed = Content {
        tags: ["kept".parse().unwrap(), "new".parse().unwrap()].into(),
        owner: "bob".parse().unwrap(),
        dialect: Dialect::MySql,
        ..query.content()
    };
    setup.store.update(&acme(), &query, changed, reading(["u", "v"]), &change(1)).await.unwrap();
    let count = async |filter: Filter| all(&setup, &filter, 9).await.len();
    let none = Filter::default;
    for (tag, found) in [("old", 0), ("kept", 1), ("new", 1)] {
        assert_eq!(count(Filter { tag: tag.parse().ok(), ..none() }).await, found, "{tag}");
    }
    for (table, found) in [("t", 0), ("u", 1), ("v", 1)] {
        assert_eq!(count(Filter { reads: Some(table.into()), ..none() }).await, found, "{table}");
    }
    assert_eq!(count(Filter { owner: "ada".parse().ok(), ..none() }).await, 0);
    assert_eq!(count(Filter { owner: "bob".parse().ok(), ..none() }).await, 1);
    assert_eq!(count(Filter { dialect: Some(Dialect::Postgres), ..none() }).await, 0);
    assert_eq!(count(none()).await, 1);
}

#[tokio::test]
async fn cursors_belong_to_one_list() {
    let setup = Setup::start().await;
    for _ in 0..3 {
        setup.create("SELECT 1").await;
    }
    let filter = Filter { dialect: Some(Dialect::Postgres), ..Filter::default() };
    let cursor = setup.store.list(&acme(), &filter, 1, None).await.unwrap().next.unwrap();
    let other: WorkspaceId = "other".parse().unwrap();
    let bad = Position::from_bytes(&[0; 20]).unwrap();
    let refused = [
        setup.store.list(&acme(), &Filter::default(), 1, Some(&cursor)).await,
        setup.store.list(&other, &filter, 1, Some(&cursor)).await,
        setup.store.list(&acme(), &filter, 1, Some(&bad)).await,
    ];
    for answer in refused {
        assert!(matches!(answer, Err(StoreError::InvalidPosition)), "{answer:?}");
    }
    // The number on a page is no part of the list.
    assert_eq!(setup.store.list(&acme(), &filter, 9, Some(&cursor)).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn growing_lists_lose_nothing() {
    let setup = Setup::start().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(setup.create(&format!("SELECT {n}")).await.summary.id);
    }
    let first = setup.store.list(&acme(), &Filter::default(), 5, None).await.unwrap();
    assert_eq!(setup.store.grow_lists(&acme()).await.unwrap(), 8);
    for n in 0..40 {
        ids.push(setup.create(&format!("SELECT {n}, 1")).await.summary.id);
    }
    let shards: std::collections::BTreeSet<String> = setup
        .keys()
        .await
        .iter()
        .filter(|key| key.starts_with("acme#l#all#"))
        .map(|key| key.split(' ').next().unwrap().to_owned())
        .collect();
    assert!(shards.len() > 4, "{shards:?}");
    assert_eq!(all(&setup, &Filter::default(), 7).await, newest_first(ids));
    // A cursor from before goes on where it was.
    let rest = setup.store.list(&acme(), &Filter::default(), 100, first.next.as_ref()).await.unwrap();
    assert_eq!(rest.items.len(), 7);
}

#[tokio::test]
async fn a_rare_combination_gives_short_pages_with_an_end() {
    let setup = Setup::start().await;
    for n in 0..25 {
        let mut content = content(&format!("SELECT {n}"));
        content.tags.insert("all".parse().unwrap());
        if n == 3 {
            content.owner = "bob".parse().unwrap();
        }
        setup.store.create(&acme(), id(), content, Analysis::default(), &change(0)).await.unwrap();
    }
    let filter = Filter { tag: "all".parse().ok(), owner: "bob".parse().ok(), ..Filter::default() };
    assert_eq!(all(&setup, &filter, 1).await.len(), 1);
}
