//! The law of concurrent writers: a history has no gap and no version twice, and nothing that was
//! confirmed is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Calls, Stored, TestApp, User, together};

/// What one writer does.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Reads, then changes the text of what it has read.
    Change,
    /// Changes the title alone.
    Rename,
    /// Restores the first version.
    Restore,
    /// Changes without having read again.
    Blind,
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        4 => Just(Step::Change),
        2 => Just(Step::Rename),
        1 => Just(Step::Restore),
        1 => Just(Step::Blind),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..4), 8)
}

/// Does the steps and gives the versions that were confirmed, with what they say.
async fn write(user: &User<'_>, query: &Stored, writer: usize, steps: &[Step]) -> BTreeMap<u64, Value> {
    let mut confirmed = BTreeMap::new();
    let mut etag = query.etag.clone();
    for (at, step) in steps.iter().enumerate() {
        if !matches!(step, Step::Blind) {
            etag = user.get(&query.path).send().await.expect(200).etag();
        }
        let mark = format!("writer {writer} step {at}");
        let call = match step {
            Step::Change | Step::Blind => {
                user.patch(&query.path).json(&json!({ "sql": format!("SELECT '{mark}' FROM t{writer}") }))
            }
            Step::Rename => user.patch(&query.path).json(&json!({ "title": mark })),
            Step::Restore => user.post(&format!("{}/versions/1/restore", query.path)),
        };
        let answer = call.if_match(&etag).send().await;
        if answer.status.is_success() {
            let document = answer.json();
            // A restore of what is the newest makes no version.
            if format!("\"{}\"", document["version"]) != etag {
                let before = confirmed.insert(document["version"].as_u64().unwrap(), document);
                assert_eq!(before, None, "a version was confirmed twice");
            }
        } else {
            answer.problem(Kind::PreconditionFailed);
        }
    }
    confirmed
}

async fn law(app: &TestApp, workspace: &str, plan: &[Vec<Step>]) {
    let users: Vec<_> =
        (0..plan.len()).map(|writer| app.user_named(&format!("writer-{writer}"), workspace)).collect();
    let query = users[0].store("SELECT 0 FROM t").await;
    let writers = users.iter().zip(plan).enumerate();
    let writers = writers.map(|(writer, (user, steps))| write(user, &query, writer, steps));
    let mut confirmed = BTreeMap::new();
    for (writer, versions) in together(writers).await.into_iter().enumerate() {
        for (version, document) in versions {
            assert_eq!(document["author"], format!("writer-{writer}"));
            assert!(confirmed.insert(version, document).is_none(), "version {version} was confirmed twice");
        }
    }
    let history = users[0].all(&format!("{}/versions?limit=5", query.path)).await;
    let numbers: Vec<_> = history.iter().map(|version| version["version"].as_u64().unwrap()).collect();
    let newest = confirmed.keys().last().copied().unwrap_or(1);
    assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>(), "a gap, or a version twice");
    assert_eq!(confirmed.len() as u64 + 1, newest, "a version that nobody was told of");
    for (version, document) in &confirmed {
        let path = format!("{}/versions/{version}", query.path);
        assert_eq!(&users[0].get(&path).send().await.ok(), document, "what was confirmed is what is there");
    }
    let head = users[0].get(&query.path).send().await.ok();
    assert_eq!(head["version"], newest);
    // The lists say of the head what the head says.
    for writer in 0..plan.len() {
        let reads = format!("t{writer}");
        let listed = users[0].all(&format!("/v1/queries?reads={reads}")).await.len();
        assert_eq!(listed, usize::from(head["reads"] == json!([reads])), "{reads}");
    }
}

#[test]
fn eight_writers_leave_a_history_without_gap_or_duplicate() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::start());
    let round = AtomicUsize::new(0);
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(plan in steps())| {
        let round = round.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(law(&app, &format!("round-{round}"), &plan));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_with_the_same_tag_one_wins() {
    let app = TestApp::start().await;
    for round in 0..6 {
        let ada = app.user(&format!("round-{round}"));
        let query = ada.store("SELECT 0").await;
        let change = |n: usize| {
            let change = json!({ "sql": format!("SELECT {n}"), "message": format!("{n}") });
            ada.patch(&query.path).if_match("\"1\"").json(&change).send()
        };
        let answers = together((1..=8).map(change)).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        for lost in answers.iter().filter(|answer| answer.status != 200) {
            lost.problem(Kind::PreconditionFailed);
            assert_eq!(lost.etag(), "\"2\"");
        }
        assert_eq!(ada.get(&query.path).send().await.ok(), won[0].json());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_and_a_change_do_not_both_win() {
    let app = TestApp::start().await;
    for round in 0..12 {
        let ada = app.user(&format!("round-{round}"));
        let query = ada.store("SELECT 0 FROM t").await;
        let change =
            ada.patch(&query.path).if_match("\"1\"").json(&json!({ "sql": "SELECT 1 FROM u" })).send();
        let (deleted, changed) = tokio::join!(ada.delete(&query.path).if_match("\"1\"").send(), change);
        let left = ada.all("/v1/queries").await.len();
        match (deleted.status.as_u16(), changed.status.as_u16()) {
            (204, 404 | 412) => {
                assert_eq!(left, 0);
                ada.get(&query.path).send().await.problem(Kind::NotFound);
                assert!(ada.all("/v1/queries?reads=u").await.is_empty());
            }
            (412, 200) => {
                assert_eq!(left, 1);
                assert_eq!(ada.get(&query.path).send().await.ok(), changed.json());
            }
            other => panic!("{other:?}: {deleted:?} {changed:?}"),
        }
    }
}
