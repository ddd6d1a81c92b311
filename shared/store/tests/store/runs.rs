//! Executions count once, whoever sends them and however often.

use std::num::NonZeroU64;

use jiff::Timestamp;
use sqm_domain::QueryId;
use sqm_runs::{Bin, Span, Window};
use sqm_store::{Outlines, PlanShape, Recorded, Run, StoreError};

use crate::setup::{Setup, acme, at, id};

/// An execution so many seconds after the beginning.
fn run(second: i64, millis: u64) -> Run {
    Run {
        id: None,
        at: at(second),
        micros: millis * 1_000,
        calls: NonZeroU64::MIN,
        rows: Some(3),
        bytes: None,
        engine: None,
        parameters: None,
        plan: None,
    }
}

impl Setup {
    async fn record(&self, query: QueryId, runs: Vec<Run>) -> Recorded {
        self.store.record_runs(&acme(), query, runs, &Outlines::new(), at(100_000)).await.unwrap()
    }

    async fn windows(&self, query: QueryId, span: Span) -> Vec<Window> {
        let range = (at(-500 * 86_400), at(100_000));
        self.store.windows(&acme(), query, span, range, at(100_000)).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_sent_again_counts_once() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await.summary.id;
    // More than one transaction holds, over three hours.
    let runs: Vec<Run> = (0..300).map(|n| run(n * 30, 10 + n as u64 % 7)).collect();
    assert_eq!(setup.record(query, runs.clone()).await, Recorded { recorded: 300, known: 0 });
    let (hours, days) = (setup.windows(query, Span::Hour).await, setup.windows(query, Span::Day).await);
    assert_eq!(hours.iter().map(|window| window.sketch.count()).sum::<u64>(), 300);
    let mut total = Window::new(days[0].start);
    days.iter().for_each(|window| total.merge(window));
    assert_eq!((total.sketch.count(), total.rows, total.bytes), (300, Some(900), None));
    assert_eq!(total.micros, runs.iter().map(|run| u128::from(run.micros)).sum());

    assert_eq!(setup.record(query, runs.clone()).await, Recorded { recorded: 0, known: 300 });
    // Some of them again, twice, among new ones.
    let mut mixed: Vec<Run> = runs[100..150].to_vec();
    mixed.extend((0..60).map(|n| run(n * 30 + 1, 5)));
    mixed.extend(mixed.clone());
    assert_eq!(setup.record(query, mixed).await, Recorded { recorded: 60, known: 160 });
    let after: u64 = setup.windows(query, Span::Hour).await.iter().map(|window| window.sketch.count()).sum();
    assert_eq!(after, 360);
}

#[tokio::test]
async fn those_who_send_the_same_at_once_count_once() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await.summary.id;
    let runs: Vec<Run> = (0..80).map(|n| run(n, 10)).collect();
    let mut sending = tokio::task::JoinSet::new();
    for n in 0..6 {
        let (store, mut runs) = (setup.store.clone(), runs.clone());
        runs.rotate_left(n * 10);
        // A client that is told to come again does.
        sending.spawn(async move {
            loop {
                let sent = store.record_runs(&acme(), query, runs.clone(), &Outlines::new(), at(1_000)).await;
                match sent {
                    Err(StoreError::Busy) => {}
                    done => return done.unwrap().recorded,
                }
            }
        });
    }
    let recorded: usize = sending.join_all().await.iter().sum();
    assert_eq!(recorded, 80);
    assert_eq!(setup.windows(query, Span::Day).await[0].sketch.count(), 80);
}

#[tokio::test]
async fn several_known_by_their_mean_and_plans() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await.summary.id;
    let outline = "Seq Scan on t\n".to_owned();
    let shape = PlanShape::of(&outline);
    let outlines = Outlines::from([(shape.clone(), outline)]);
    let calls = NonZeroU64::new(1_000).unwrap();
    let runs = vec![Run { calls, plan: Some(shape.clone()), ..run(0, 8) }, run(1, 9)];
    setup.store.record_runs(&acme(), query, runs, &outlines, at(10)).await.unwrap();
    let window = setup.windows(query, Span::Hour).await.remove(0);
    assert_eq!((window.sketch.count(), window.summarized), (1_001, 1_000));
    assert_eq!(window.micros, 8_000 * 1_000 + 9_000);
    assert_eq!(window.sketch.bins().next(), Some((Bin::of(8_000), 1_000)));
    assert!(window.plans.contains(shape.as_str()));
    assert_eq!(setup.store.outlines(&acme(), query, &[shape]).await.unwrap(), outlines);
}

#[tokio::test]
async fn what_is_long_ago_has_no_hour() {
    let setup = Setup::start().await;
    let query = setup.create("SELECT 1").await.summary.id;
    setup.record(query, vec![run(-40 * 86_400, 10), run(0, 10)]).await;
    assert_eq!(setup.windows(query, Span::Hour).await.len(), 1);
    assert_eq!(setup.windows(query, Span::Day).await.len(), 2);
    let none = (at(7_200), at(40));
    assert_eq!(setup.store.windows(&acme(), query, Span::Hour, none, at(60)).await.unwrap(), []);
}

#[tokio::test]
async fn without_its_query_nothing_is_recorded_or_left() {
    let setup = Setup::start().await;
    let record = |query| {
        let store = setup.store.clone();
        async move { store.record_runs(&acme(), query, vec![run(0, 1)], &Outlines::new(), at(1)).await }
    };
    assert!(matches!(record(id()).await, Err(StoreError::NotFound)));
    let query = setup.create("SELECT 1").await.summary;
    record(query.id).await.unwrap();
    let other = "other".parse().unwrap();
    let elsewhere = setup.store.record_runs(&other, query.id, vec![run(0, 1)], &Outlines::new(), at(1)).await;
    assert!(matches!(elsewhere, Err(StoreError::NotFound)));
    setup.store.delete(&acme(), query.id, query.version, at(0)).await.unwrap();
    assert!(matches!(record(query.id).await, Err(StoreError::NotFound)));
    let left = setup.keys().await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn versions_since_a_time() {
    let setup = Setup::start().await;
    let mut query = setup.create("SELECT 1").await;
    for n in 2..5 {
        query = setup.update(&query, &format!("SELECT {n}")).await;
    }
    let changes = |since: Timestamp, most| {
        let (store, id) = (setup.store.clone(), query.summary.id);
        async move { store.query_changes(&acme(), id, since, most).await.unwrap() }
    };
    // The first version was made at 0, the others at 1.
    let numbers: Vec<u32> = changes(at(1), 9).await.iter().map(|(number, _)| number.get()).collect();
    assert_eq!(numbers, [4, 3, 2]);
    assert_eq!(changes(at(0), 9).await.len(), 4);
    assert_eq!(changes(at(0), 2).await.len(), 2);
    assert_eq!(changes(at(2), 9).await, []);
}
