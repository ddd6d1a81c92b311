//! What models have said, kept by what it depends on, so that it is paid for once; and a lease on finding it out, so
//! that one instance asks while the others wait.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqm_domain::WorkspaceId;

use crate::config::Store;
use crate::error::{StoreError, held};
use crate::item::{Item, doc, is_alive, number};
use crate::keys::{self, EXPIRES, PK};
use crate::parts::PartsHash;

/// How long a suggestion is kept, in seconds: a quarter of a year, after which a model may have learned.
const KEEP_SECONDS: i64 = 90 * 24 * 60 * 60;

/// The attribute that says who holds a lease.
const HOLDER: &str = "holder";

/// Longest document of a suggestion, in bytes, below DynamoDB's 400 KB for an item.
const MOST: usize = 350 * 1024;

/// What a suggestion depends on, all of it, as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SuggestionKey(String);

impl SuggestionKey {
    /// Of these parts, in this order.
    pub fn new(parts: &[&str]) -> Self {
        Self(PartsHash::of(parts).hex())
    }
}

impl fmt::Display for SuggestionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The right to find a suggestion out, until it ends by itself.
#[derive(Debug)]
pub struct Lease {
    key: SuggestionKey,
    holder: String,
}

impl Store {
    /// What was said before, if it was.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn suggestion<T: DeserializeOwned>(
        &self,
        workspace: &WorkspaceId,
        key: &SuggestionKey,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let item = self.item(&keys::suggestion(workspace, key)).await?;
        item.filter(|item| is_alive(item, now)).as_ref().map(doc).transpose()
    }

    /// Keeps what was said. What is too long for an item is not kept: it is asked for again.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_suggestion(
        &self,
        workspace: &WorkspaceId,
        key: &SuggestionKey,
        said: &impl Serialize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = keys::suggestion(workspace, key).with_doc(said)?;
        let bytes: usize = item.values().filter_map(|value| value.as_s().ok()).map(String::len).sum();
        if bytes > MOST {
            return Ok(());
        }
        item.insert(EXPIRES.to_owned(), number(now.as_second().saturating_add(KEEP_SECONDS)));
        self.client.put_item().table_name(&*self.table).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// Takes the lease for so many seconds; `None` where somebody else has it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lease_suggestion(
        &self,
        workspace: &WorkspaceId,
        key: &SuggestionKey,
        now: Timestamp,
        seconds: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let holder = uuid::Uuid::new_v4().to_string();
        let item = self.lease_item(workspace, key, &holder, now.as_second().saturating_add(seconds));
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#p) OR #e < :now")
            .expression_attribute_names("#p", PK)
            .expression_attribute_names("#e", EXPIRES)
            .expression_attribute_values(":now", number(now.as_second()));
        Ok(held(request.send().await)?.then(|| Lease { key: key.clone(), holder }))
    }

    /// Gives the lease back before it ends by itself. One that somebody else has taken meanwhile stays.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn release_suggestion(&self, workspace: &WorkspaceId, lease: Lease) -> Result<(), StoreError> {
        let item = self.lease_item(workspace, &lease.key, &lease.holder, 0);
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("#h = :h")
            .expression_attribute_names("#h", HOLDER)
            .expression_attribute_values(":h", AttributeValue::S(lease.holder));
        held(request.send().await)?;
        Ok(())
    }

    fn lease_item(&self, workspace: &WorkspaceId, key: &SuggestionKey, holder: &str, until: i64) -> Item {
        keys::suggestion_lease(workspace, key)
            .with([(HOLDER, AttributeValue::S(holder.to_owned())), (EXPIRES, number(until))])
    }
}
