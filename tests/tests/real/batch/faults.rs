//! What goes wrong in the middle: nothing is lost, and nothing is counted twice.

use std::time::Duration;

use aws_sdk_sqs::types::Message;
use serde_json::json;
use sqm_testkit::{Calls, Fault, TestApp};
use sqm_worker::{Failure, Response};

use super::lambda::{Lambda, counts};

const NINE: &str = "2027-01-15T09:00:00Z";
const TEN: &str = "2027-01-15T10:00:00Z";

async fn store_some(app: &TestApp, number: usize) {
    let ada = app.user("acme");
    for n in 0..number {
        ada.store(&format!("SELECT a + {n} FROM t")).await;
    }
}

/// Longer than the client is patient.
const PATIENCE: usize = 40;

#[tokio::test]
async fn throttling_in_the_middle_of_a_fan_out() {
    let app = TestApp::builder().faults().start().await;
    let lambda = Lambda::new(&app).await;
    store_some(&app, 130).await;
    let wire = app.wire.as_ref().unwrap();
    // The first part is planned and sent, then the database has had enough: at the plan, and at the list.
    for operation in ["TransactWriteItems", "Query", "BatchGetItem"] {
        wire.plan(operation, Fault::Answer(400, "ProvisionedThroughputExceededException"), PATIENCE);
        lambda.due(NINE).await.unwrap_err();
        wire.mend();
    }
    let done = lambda.due(NINE).await.unwrap();
    assert!((130..=260).contains(&done.sent), "{done:?}");
    assert_eq!(counts(&lambda.job("acme").await), ("running", 130, 0, 0));
    assert_eq!(lambda.due(NINE).await.unwrap().sent, 130, "the same event again is the same job");
    assert_eq!(lambda.due(TEN).await.unwrap().sent, 0, "what is under way is not begun again");
    assert!(lambda.drain().await >= 260, "each was sent twice, some more often");
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 130, 130, 0));
    assert_eq!(app.user("acme").get("/v1/jobs").send().await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_queue_that_does_not_answer_loses_nothing() {
    let app = TestApp::start().await;
    store_some(&app, 15).await;
    // Nobody listens at this port.
    let away = Lambda::sending_to(&app, "http://127.0.0.1:9").await;
    away.due(NINE).await.unwrap_err();
    assert_eq!(counts(&away.job("acme").await), ("planning", 15, 0, 0));
    // The next event goes on with the job of the one before.
    let lambda = Lambda::new(&app).await;
    let done = lambda.due(TEN).await.unwrap();
    assert_eq!((done.jobs, done.sent), (1, 15));
    lambda.drain().await;
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 15, 15, 0));
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_a_batch() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    store_some(&app, 6).await;
    lambda.due(NINE).await.unwrap();
    let (event, messages) = lambda.batch().await;
    // It has done some of it and says nothing any more: Lambda never hears of it, and the messages come again.
    let killed = lambda.work(event);
    let _ = tokio::time::timeout(Duration::from_millis(300), killed).await;
    let failure = |message: &Message| Failure { item_identifier: message.message_id().unwrap().to_owned() };
    let all = Response { batch_item_failures: messages.iter().map(failure).collect() };
    lambda.settle(&messages, &all).await;
    lambda.drain().await;
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 6, 6, 0));
}

#[tokio::test]
async fn a_database_that_is_away_is_no_reason_to_lose_a_query() {
    let app = TestApp::builder().faults().start().await;
    let lambda = Lambda::new(&app).await;
    store_some(&app, 3).await;
    lambda.due(NINE).await.unwrap();
    let wire = app.wire.as_ref().unwrap();
    wire.plan("Query", Fault::Answer(400, "ThrottlingException"), PATIENCE);
    let (event, messages) = lambda.batch().await;
    let response = lambda.work(event).await;
    assert!(!response.batch_item_failures.is_empty(), "they come again");
    wire.mend();
    lambda.settle(&messages, &response).await;
    lambda.drain().await;
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 3, 3, 0));
}

#[tokio::test]
async fn what_fails_for_good_is_told_and_comes_back_with_another_job() {
    let app = TestApp::builder().faults().start().await;
    let lambda = Lambda::new(&app).await;
    store_some(&app, 2).await;
    lambda.due(NINE).await.unwrap();
    let wire = app.wire.as_ref().unwrap();
    // What it was analysed by cannot be registered, however often; the job is told of it.
    for last in [false, false, true] {
        let (event, messages) = lambda.batch().await;
        assert_eq!(messages.len(), 2);
        wire.plan("PutItem", Fault::Answer(500, "InternalServerError"), 10 * PATIENCE);
        let response = lambda.work(event).await;
        wire.mend();
        assert_eq!(response.batch_item_failures.len(), 2);
        if !last {
            lambda.settle(&messages, &response).await;
        }
    }
    let job = lambda.job("acme").await;
    assert_eq!(counts(&job).3, 2, "{job}");
    assert_eq!(job["failures"][0]["reason"], "unavailable");
    let done = lambda.due(TEN).await.unwrap();
    assert_eq!((done.jobs, done.sent), (1, 2), "they stay stale");
    lambda.drain().await;
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 2, 2, 0));
}

#[tokio::test]
async fn what_nobody_says_anything_of_is_given_up() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    store_some(&app, 2).await;
    lambda.due(NINE).await.unwrap();
    lambda.queues.sqs.purge_queue().queue_url(&lambda.queues.queue).send().await.unwrap();
    app.clock.advance(3 * 3_600);
    assert_eq!(lambda.due(TEN).await.unwrap().sent, 0);
    app.clock.advance(4 * 3_600);
    let before = lambda.job("acme").await["links"]["self"].as_str().unwrap().to_owned();
    let done = lambda.due("2027-01-15T16:00:00Z").await.unwrap();
    assert_eq!((done.given_up, done.sent), (2, 2));
    let given_up = app.user("acme").get(&before).send().await.ok();
    assert_eq!(counts(&given_up), ("finished", 2, 0, 2));
    lambda.drain().await;
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 2, 2, 0));
}

#[tokio::test]
async fn messages_that_are_none_of_ours() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    let ada = app.user("acme");
    let query = ada.store("SELECT 1").await;
    lambda.due(NINE).await.unwrap();
    let (ours, messages) = lambda.batch().await;
    let job = lambda.job("acme").await["id"].as_str().unwrap().to_owned();
    let task = |workspace: &str, job: &str, query: &str| {
        json!({ "workspace": workspace, "job": job, "query": query }).to_string()
    };
    let stranger = "01940000-0000-7000-8000-000000000000";
    let records = json!([
        { "messageId": "poison", "body": "{\"workspace\": \"acme\"" },
        { "messageId": "empty" },
        { "messageId": "other-workspace", "body": task("other", &job, &query.id) },
        { "messageId": "no-job", "body": task("acme", stranger, &query.id) },
        { "messageId": "no-query", "body": task("acme", &job, stranger) },
        { "body": ours.records[0].body },
    ]);
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let response = lambda.work(event).await;
    let mut failed: Vec<_> = response.batch_item_failures.iter().map(|it| &*it.item_identifier).collect();
    failed.sort_unstable();
    assert_eq!(failed, ["empty", "poison"]);
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 1, 1, 0), "one without an id is done as well");
    lambda.settle(&messages, &Default::default()).await;
}
