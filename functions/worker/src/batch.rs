//! The messages of a batch, some at once: each succeeds or fails alone, and none is begun that could not be ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::event::{Failure, Record, Response};

/// The attribute of a message that says how often it was received.
const RECEIVED: &str = "ApproximateReceiveCount";

/// A message as the work on it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub body: String,
    /// Whether it does not come again if this fails.
    pub is_last: bool,
}

/// Within which bounds a batch is worked on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How often a message is received.
    pub most_receives: u64,
    /// When the last of it ends.
    pub until: Instant,
    /// How much time has to be left for another message to be begun.
    pub needed: Duration,
}

/// The work on a message failed. Why is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// Works on all of them within these bounds.
pub(crate) async fn work<W, F>(
    messages: Vec<Record>,
    Bounds { most_receives, until, needed }: Bounds,
    work: W,
) -> Response
where
    W: Fn(Message) -> F,
    F: Future<Output = Result<(), Failed>> + Send + 'static,
{
    let abreast = std::thread::available_parallelism().map_or(2, usize::from);
    let turns = Arc::new(Semaphore::new(abreast));
    let mut working = JoinSet::new();
    let mut ids = Vec::with_capacity(messages.len());
    for (at, message) in messages.into_iter().enumerate() {
        let received = message
            .attributes
            .as_ref()
            .and_then(|all| all.get(RECEIVED))
            .and_then(|count| count.parse().ok())
            .unwrap_or(1);
        let id = message.message_id.filter(|id| !id.is_empty());
        // One without an id cannot be asked for again.
        let is_last = id.is_none() || received >= most_receives;
        let work = work(Message { body: message.body.unwrap_or_default(), is_last });
        ids.push((id, false));
        let turns = turns.clone();
        working.spawn(async move {
            let _turn = turns.acquire_owned().await;
            if Instant::now() + needed > until {
                return (at, false);
            }
            (at, matches!(timeout_at(until, work).await, Ok(Ok(()))))
        });
    }
    // Each is a task of its own: of one that panics nothing is heard, and it is not done.
    while let Some(worked) = working.join_next().await {
        if let Ok((at, is_done)) = worked {
            ids[at].1 = is_done;
        }
    }
    let mut response = Response::default();
    for (id, is_done) in ids {
        match id {
            _ if is_done => {}
            Some(id) => {
                response.batch_item_failures.push(Failure { item_identifier: id });
            }
            None => tracing::error!("a message without an id failed, and does not come again"),
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn messages(records: serde_json::Value) -> Vec<Record> {
        serde_json::from_value(records).unwrap()
    }

    fn failed(response: &Response) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    async fn as_told(message: Message) -> Result<(), Failed> {
        match message.body.as_str() {
            "panic" => panic!("on purpose"),
            "fail" => Err(Failed),
            "hang" => std::future::pending().await,
            "last" if !message.is_last => Err(Failed),
            _ => Ok(()),
        }
    }

    fn within(time_ms: u64, needed_ms: u64) -> Bounds {
        let (until, needed) =
            (Instant::now() + Duration::from_millis(time_ms), Duration::from_millis(needed_ms));
        Bounds { most_receives: 3, until, needed }
    }

    #[tokio::test]
    async fn each_fails_alone() {
        let given = messages(json!([
            { "messageId": "a", "body": "fine" },
            { "messageId": "b", "body": "panic" },
            { "messageId": "c", "body": "fail", "attributes": { "ApproximateReceiveCount": "1" } },
            { "messageId": "d" },
            { "messageId": "e", "body": "last", "attributes": { "ApproximateReceiveCount": "3" } },
            { "messageId": "f", "body": "last", "attributes": { "ApproximateReceiveCount": "2" } },
        ]));
        assert_eq!(failed(&work(given, within(60_000, 1), as_told).await), ["b", "c", "f"]);
    }

    #[tokio::test]
    async fn one_without_an_id_fails_nobody_else() {
        let given = messages(json!([
            { "body": "last" }, { "messageId": null, "body": "fail" }, { "messageId": "", "body": "panic" },
            { "messageId": "a", "body": "fine" },
        ]));
        assert_eq!(failed(&work(given, within(60_000, 1), as_told).await), [""; 0]);
    }

    #[tokio::test]
    async fn what_cannot_be_ended_in_time_comes_again() {
        let given = |bodies: &[&str]| {
            let all = bodies.iter().enumerate();
            messages(all.map(|(at, body)| json!({ "messageId": at.to_string(), "body": body })).collect())
        };
        let not_begun = work(given(&["fine", "fine"]), within(1_000, 60_000), as_told).await;
        assert_eq!(failed(&not_begun), ["0", "1"]);
        let begun = Instant::now();
        let abreast = std::thread::available_parallelism().map_or(2, usize::from);
        let mut bodies = vec!["hang"; abreast];
        bodies.push("fine");
        let response = work(given(&bodies), within(300, 100), as_told).await;
        assert_eq!(failed(&response).len(), abreast + 1, "those that hang, and who waits for them");
        assert!(begun.elapsed() < Duration::from_secs(30), "the work ends where its time does");
    }
}
