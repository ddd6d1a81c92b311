//! The queues of a test on moto, and batches out of them as Lambda makes them.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde_json::{Map, Value, json};
use sqm_testkit::local_aws;

use crate::secrets::endpoint;

/// How often a message is received before it is a dead letter.
pub const RECEIVES: u64 = 3;

/// A queue and its dead letters.
pub struct Queues {
    pub sqs: Client,
    pub queue: String,
    pub dead_letters: String,
}

impl Queues {
    pub async fn create(name: &str) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(&local_aws()).endpoint_url(endpoint().await).build();
        let sqs = Client::from_conf(config);
        let create = async |name: String, attributes: &[(QueueAttributeName, String)]| {
            let attributes = attributes.iter().cloned().collect();
            let made = sqs.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
            made.unwrap().queue_url.unwrap()
        };
        let dead_letters = create(format!("{name}-dead"), &[]).await;
        let arn = QueueAttributeName::QueueArn;
        let asked = sqs.get_queue_attributes().queue_url(&dead_letters).attribute_names(arn.clone());
        let arn = asked.send().await.unwrap().attributes.unwrap()[&arn].clone();
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES.to_string() });
        let attributes = [
            (QueueAttributeName::RedrivePolicy, redrive.to_string()),
            (QueueAttributeName::VisibilityTimeout, "600".to_owned()),
        ];
        let queue = create(name.to_owned(), &attributes).await;
        Self { sqs, queue, dead_letters }
    }

    /// The next batch as Lambda makes it, and the messages that it is made of.
    pub async fn batch(&self) -> (Value, Vec<Message>) {
        let received = self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
        let received = received.message_system_attribute_names(MessageSystemAttributeName::All).send().await;
        let messages = received.unwrap().messages.unwrap_or_default();
        let record = |message: &Message| {
            let attributes = message.attributes.clone().unwrap_or_default().into_iter();
            let attributes: Map<String, Value> =
                attributes.map(|(name, value)| (name.as_str().to_owned(), value.into())).collect();
            json!({
                "messageId": message.message_id, "receiptHandle": message.receipt_handle, "body": message.body,
                "attributes": attributes, "messageAttributes": {}, "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:analysis",
                "awsRegion": "eu-central-1",
            })
        };
        let records: Vec<Value> = messages.iter().map(record).collect();
        (json!({ "Records": records }), messages)
    }

    /// Removes what the worker has done, and has the rest come again at once.
    pub async fn settle(&self, messages: &[Message], failed: &[&str]) {
        for message in messages {
            let handle = message.receipt_handle().unwrap();
            if failed.contains(&message.message_id().unwrap()) {
                let again =
                    self.sqs.change_message_visibility().queue_url(&self.queue).receipt_handle(handle);
                again.visibility_timeout(0).send().await.unwrap();
            } else {
                self.sqs.delete_message().queue_url(&self.queue).receipt_handle(handle).send().await.unwrap();
            }
        }
        // They come into sight a millisecond later.
        while self.waiting(&self.queue).await < failed.len() {
            tokio::task::yield_now().await;
        }
    }

    /// How many messages wait there.
    pub async fn waiting(&self, url: &str) -> usize {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = self.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        asked.send().await.unwrap().attributes.unwrap()[&name].parse().unwrap()
    }
}
