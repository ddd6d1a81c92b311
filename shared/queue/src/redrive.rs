//! Sending again what has ended among the dead letters.

use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;

use crate::queue::{BATCH, Queue, QueueError};

/// Takes every message out of one queue and sends it to another one, the bodies as they are. Returns how many there
/// were. A message is removed once it was sent, so that one may be sent twice and none is lost.
///
/// # Errors
/// [`QueueError`]; those that were sent by then stay sent.
pub async fn redrive(dead_letters: &Queue, queue: &Queue) -> Result<usize, QueueError> {
    let mut moved = 0;
    loop {
        let received = dead_letters
            .client
            .receive_message()
            .queue_url(&*dead_letters.url)
            .max_number_of_messages(i32::try_from(BATCH).unwrap_or(1))
            .wait_time_seconds(1)
            .send()
            .await
            .map_err(unavailable)?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(moved);
        }
        let bodies = messages.iter().map(|message| message.body().unwrap_or_default().to_owned());
        queue.send_batch(bodies.collect()).await?;
        let mut request = dead_letters.client.delete_message_batch().queue_url(&*dead_letters.url);
        for (at, message) in messages.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default());
            request = request.entries(entry.build().map_err(|error| QueueError::Refused(error.to_string()))?);
        }
        let deleted = request.send().await.map_err(unavailable)?;
        moved += messages.len();
        if !deleted.failed().is_empty() {
            // They come into sight again, and are sent once more.
            return Err(QueueError::Unavailable(format!("{} were not removed", deleted.failed().len())));
        }
    }
}

fn unavailable<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> QueueError {
    QueueError::Unavailable(DisplayErrorContext(error).to_string())
}
