//! A queue, and sending many messages to it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use tokio::task::JoinSet;

use crate::task::Task;

/// Most messages of one request, by SQS' limit.
pub(crate) const BATCH: usize = 10;

/// Requests under way at once.
const ABREAST: usize = 4;

/// Attempts for what a batch left undone, beyond those of the client for whole requests.
const ATTEMPTS: u32 = 6;

/// Time for one attempt of a request, and for all of them.
const ATTEMPT: Duration = Duration::from_secs(5);
const OPERATION: Duration = Duration::from_secs(15);

/// Why messages were not sent. Some of them may have been.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue asks for patience, or cannot be reached: the same again may go well.
    #[error("the queue does not take messages: {0}")]
    Unavailable(String),
    /// It does not take a message as it is: a fault of ours.
    #[error("the queue refuses a message: {0}")]
    Refused(String),
}

/// A queue. Cloning is cheap and shares the client.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(crate) client: Client,
    pub(crate) url: Arc<str>,
}

impl Queue {
    /// The queue at this URL, asked at `endpoint` where that is not the region's. No request is made.
    pub fn new(aws: &SdkConfig, url: &str, endpoint: Option<&str>) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build();
        let mut config = aws_sdk_sqs::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4));
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()), url: url.into() }
    }

    /// Sends these tasks. Where that fails, some of them may have been sent: whoever sends all of them again loses none.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn send(&self, tasks: &[Task]) -> Result<(), QueueError> {
        let mut sending = JoinSet::new();
        for batch in tasks.chunks(BATCH) {
            if sending.len() >= ABREAST {
                sent(sending.join_next().await)?;
            }
            let (queue, batch) = (self.clone(), batch.iter().map(Task::body).collect());
            sending.spawn(async move { queue.send_batch(batch).await });
        }
        while !sending.is_empty() {
            sent(sending.join_next().await)?;
        }
        Ok(())
    }

    /// Sends at most [`BATCH`] bodies, those again that the queue did not take.
    pub(crate) async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let mut left: Vec<usize> = (0..bodies.len()).collect();
        for attempt in 0..ATTEMPTS {
            let mut request = self.client.send_message_batch().queue_url(&*self.url);
            for at in &left {
                let entry =
                    SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(&bodies[*at]);
                request =
                    request.entries(entry.build().map_err(|error| QueueError::Refused(error.to_string()))?);
            }
            let answer = request
                .send()
                .await
                .map_err(|error| QueueError::Unavailable(DisplayErrorContext(error).to_string()))?;
            if let Some(refused) = answer.failed().iter().find(|failed| failed.sender_fault()) {
                return Err(QueueError::Refused(refused.code().to_owned()));
            }
            left = answer.failed().iter().filter_map(|failed| failed.id().parse().ok()).collect();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
        }
        Err(QueueError::Unavailable(format!("{} of {} messages were not taken", left.len(), bodies.len())))
    }
}

fn sent(outcome: Option<Result<Result<(), QueueError>, tokio::task::JoinError>>) -> Result<(), QueueError> {
    match outcome {
        None => Ok(()),
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(QueueError::Unavailable(error.to_string())),
    }
}
