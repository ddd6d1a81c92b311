//! The documents between Lambda and the worker, as far as it reads and writes them: a batch of messages, and which of
//! them are to come again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// A batch of messages of an SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Batch {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// A message. Whatever it lacks is nobody else's business.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its id.
    #[serde(default)]
    pub message_id: Option<String>,
    /// What it says.
    #[serde(default)]
    pub body: Option<String>,
    /// What SQS says of it.
    #[serde(default)]
    pub attributes: Option<HashMap<String, String>>,
}

/// Which messages are to come again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// One for each of them.
    pub batch_item_failures: Vec<Failure>,
}

/// A message that is to come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its id.
    pub item_identifier: String,
}
