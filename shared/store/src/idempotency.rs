//! Requests that a caller may repeat without fear: the same key and the same request give the same
//! answer once more.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{QueryId, Subject, VersionNumber, WorkspaceId};

use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, doc, number_of};
use crate::keys::{self, EXPIRES, Key};
use crate::parts::PartsHash;

/// How long a record is kept: longer than any client retries.
const KEEP_SECONDS: i64 = 24 * 60 * 60;

/// Longest key, in bytes: room for a UUID or a hash with a prefix.
const MAX_KEY_BYTES: usize = 255;

/// A text that is no idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("idempotency key: expected 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

/// The name that a caller gives to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = (1..=MAX_KEY_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }
}

/// A request by its key and by what it asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Idempotency {
    key: IdempotencyKey,
    request: String,
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idempotency({}, {})", self.key.0, self.request)
    }
}

impl Idempotency {
    /// A request that says `parts` (method, path, preconditions, body), in this order.
    pub fn new(key: IdempotencyKey, parts: &[&[u8]]) -> Self {
        Self { key, request: PartsHash::of(parts).hex() }
    }
}

/// What is kept of a request that was answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    request: String,
    /// The query that it made or changed, and the version that it made.
    pub id: QueryId,
    pub version: VersionNumber,
}

impl Idempotency {
    pub(crate) fn key(&self, workspace: &WorkspaceId, subject: &Subject) -> Key {
        keys::idempotency(workspace, subject.as_str(), &self.key.0)
    }

    /// The record that goes into the transaction.
    pub(crate) fn record(
        &self,
        key: &Key,
        (id, version): (QueryId, VersionNumber),
        now: Timestamp,
    ) -> Result<Item, StoreError> {
        let mut item = key.with_doc(&Answered { request: self.request.clone(), id, version })?;
        let expires = now.as_second().saturating_add(KEEP_SECONDS);
        item.insert(EXPIRES.to_owned(), AttributeValue::N(expires.to_string()));
        Ok(item)
    }

    /// What this record answers to this request.
    pub(crate) fn answered(&self, record: &Item) -> Result<Answered, StoreError> {
        let answered: Answered = doc(record)?;
        if answered.request == self.request { Ok(answered) } else { Err(StoreError::IdempotencyMismatch) }
    }
}

impl Store {
    /// The record of an earlier, equal request that is still alive at `now`.
    pub(crate) async fn answered(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<Answered>, StoreError> {
        let record = self.item(&idempotency.key(workspace, subject)).await?;
        let alive = |item: &Item| {
            number_of(item, EXPIRES).is_some_and(|at| i64::try_from(at).is_ok_and(|at| at >= now.as_second()))
        };
        record.filter(alive).map(|record| idempotency.answered(&record)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for good in ["a", "7f9c-retry", &"x".repeat(255)] {
            assert!(good.parse::<IdempotencyKey>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "\t", &"x".repeat(256)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_border_between_parts_counts() {
        let key: IdempotencyKey = "k".parse().unwrap();
        assert_ne!(Idempotency::new(key.clone(), &[b"ab", b"c"]), Idempotency::new(key, &[b"a", b"bc"]));
    }
}
