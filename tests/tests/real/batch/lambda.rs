//! What Lambda does around the two functions: an event when the schedule is due, and batches out of the queue whose
//! messages are removed or come again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use serde_json::{Value, json};
use sqm_cache::{DEFAULT_BYTES, Levels};
use sqm_queue::Queue;
use sqm_schedule::{Done, Event, Failed};
use sqm_testkit::{Calls, TestApp, local_aws};
use sqm_worker::{Batch, Response};
use tokio::time::Instant;

use super::queues::{Queues, RECEIVES};
use crate::secrets::endpoint;

/// The functions, and their queues on moto.
pub struct Lambda<'a> {
    pub app: &'a TestApp,
    pub queues: Queues,
    schedule: sqm_schedule::App,
    worker: sqm_worker::App,
}

impl<'a> Lambda<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        Self::sending_to(app, endpoint().await).await
    }

    /// With a schedule that looks for SQS elsewhere.
    pub async fn sending_to(app: &'a TestApp, sqs: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let queues = Queues::create(&format!("analysis-{}", NUMBER.fetch_add(1, Ordering::Relaxed))).await;
        let (store, clock) = (app.store.clone(), app.clock.clone());
        let levels = Levels::new(DEFAULT_BYTES, None, store.clone());
        let worker = sqm_worker::App { store, clock, levels, most_receives: RECEIVES };
        let queue = Queue::new(&local_aws(), &queues.queue, Some(sqs));
        let schedule = sqm_schedule::App { store: app.store.clone(), queue, clock: app.clock.clone() };
        Self { app, queues, schedule, worker }
    }

    /// A queue as our code sees it.
    pub async fn ours(&self, url: &str) -> Queue {
        Queue::new(&local_aws(), url, Some(endpoint().await))
    }

    /// What the schedule does when it is due at this time.
    pub async fn due(&self, time: &str) -> Result<Done, Failed> {
        let event: Event = serde_json::from_value(json!({ "time": time })).unwrap();
        sqm_schedule::run(&self.schedule, &event, Instant::now() + Duration::from_secs(300)).await
    }

    /// The next batch, and the messages that it is made of.
    pub async fn batch(&self) -> (Batch, Vec<Message>) {
        let (batch, messages) = self.queues.batch().await;
        (serde_json::from_value(batch).unwrap(), messages)
    }

    /// What the worker does with a batch.
    pub async fn work(&self, batch: Batch) -> Response {
        sqm_worker::work(&self.worker, batch, Instant::now() + Duration::from_secs(300)).await
    }

    /// Removes what is done, and has the rest come again.
    pub async fn settle(&self, messages: &[Message], response: &Response) {
        let failed = response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str());
        self.queues.settle(messages, &failed.collect::<Vec<_>>()).await;
    }

    /// Everything that is in the queue, until it is empty. Returns how many messages were received.
    pub async fn drain(&self) -> usize {
        let mut received = 0;
        loop {
            let (batch, messages) = self.batch().await;
            if messages.is_empty() {
                return received;
            }
            received += messages.len();
            let response = self.work(batch).await;
            self.settle(&messages, &response).await;
        }
    }

    /// The newest job of a workspace, as callers see it.
    pub async fn job(&self, workspace: &str) -> Value {
        let user = self.app.user(workspace);
        let jobs = user.get("/v1/jobs?limit=1").send().await.ok();
        let path = jobs["items"][0]["links"]["self"].as_str().unwrap().to_owned();
        user.get(&path).send().await.ok()
    }
}

/// State, total, done and failed of a job.
pub fn counts(job: &Value) -> (&str, u64, u64, u64) {
    let count = |name: &str| job[name].as_u64().unwrap();
    (job["state"].as_str().unwrap(), count("total"), count("done"), count("failed"))
}
