//! Writes that happen together or not at all.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};

use crate::config::Store;
use crate::error::{StoreError, is_busy};
use crate::item::{Item, REFRESHES, VERSION, number};
use crate::keys::{EXPIRES, Key, PK};

/// Most items of one transaction, by DynamoDB's limit.
pub(crate) const MAX_ITEMS: usize = 100;

/// Attempts when another transaction holds one of the items; see [`backoff`].
const ATTEMPTS: u32 = 8;

/// What has to hold of the item that a write replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Nothing.
    Free,
    /// There is none.
    Absent,
    /// It has this version.
    Version(u32),
    /// It is the head of a query at this version, and as often written anew since.
    Head { version: u32, refreshes: u32 },
    /// There is none that is alive at this time, in seconds since 1970.
    Expired(i64),
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The guard of the write at this position did not hold; with the item that was there.
    Guard(usize, Option<Item>),
    /// Anything else.
    Error(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Error(error)
    }
}

/// A change of attributes, as DynamoDB writes it.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub expression: String,
    pub condition: Option<String>,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

/// A transaction under construction.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
}

impl Transaction {
    /// How many more writes it takes.
    pub(crate) fn room(&self) -> usize {
        MAX_ITEMS.saturating_sub(self.items.len())
    }

    /// Adds a put and returns its position.
    pub(crate) fn put(&mut self, store: &Store, item: Item, guard: Guard) -> Result<usize, StoreError> {
        let mut put = Put::builder()
            .table_name(&*store.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        put = match guard {
            Guard::Free => put,
            Guard::Absent => {
                put.condition_expression("attribute_not_exists(#a)").expression_attribute_names("#a", PK)
            }
            Guard::Version(version) => put
                .condition_expression("#a = :v")
                .expression_attribute_names("#a", VERSION)
                .expression_attribute_values(":v", number(version)),
            Guard::Head { version, refreshes: 0 } => put
                .condition_expression("#a = :v AND attribute_not_exists(#r)")
                .expression_attribute_names("#a", VERSION)
                .expression_attribute_names("#r", REFRESHES)
                .expression_attribute_values(":v", number(version)),
            Guard::Head { version, refreshes } => put
                .condition_expression("#a = :v AND #r = :r")
                .expression_attribute_names("#a", VERSION)
                .expression_attribute_names("#r", REFRESHES)
                .expression_attribute_values(":v", number(version))
                .expression_attribute_values(":r", number(refreshes)),
            Guard::Expired(now) => put
                .condition_expression("attribute_not_exists(#a) OR #e < :n")
                .expression_attribute_names("#a", PK)
                .expression_attribute_names("#e", EXPIRES)
                .expression_attribute_values(":n", AttributeValue::N(now.to_string())),
        };
        self.items.push(TransactWriteItem::builder().put(put.build()?).build());
        Ok(self.items.len() - 1)
    }

    /// Adds a change of an item's attributes, which is made whether it is there or not unless it names a condition,
    /// and returns its position.
    pub(crate) fn update(&mut self, store: &Store, key: &Key, change: Changed) -> Result<usize, StoreError> {
        let update = Update::builder()
            .table_name(&*store.table)
            .set_key(Some(key.item()))
            .update_expression(change.expression)
            .set_condition_expression(change.condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
            .build()?;
        self.items.push(TransactWriteItem::builder().update(update).build());
        Ok(self.items.len() - 1)
    }

    /// Asks for an item that has this attribute, and returns the position of the question.
    pub(crate) fn require(&mut self, store: &Store, key: &Key, attribute: &str) -> Result<usize, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&*store.table)
            .set_key(Some(key.item()))
            .condition_expression("attribute_exists(#a)")
            .expression_attribute_names("#a", attribute)
            .build()?;
        self.items.push(TransactWriteItem::builder().condition_check(check).build());
        Ok(self.items.len() - 1)
    }

    /// Adds the removal of an item, whether it is there or not.
    pub(crate) fn delete(&mut self, store: &Store, key: &Key) -> Result<(), StoreError> {
        let delete = Delete::builder().table_name(&*store.table).set_key(Some(key.item())).build()?;
        self.items.push(TransactWriteItem::builder().delete(delete).build());
        Ok(())
    }

    /// Does it. Where another transaction is in the way, it waits and tries again.
    pub(crate) async fn commit(self, store: &Store) -> Result<(), Refused> {
        let mut attempt = 0;
        loop {
            let request = store.client.transact_write_items().set_transact_items(Some(self.items.clone()));
            let error = match request.send().await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    canceled.cancellation_reasons().to_vec()
                }
                _ => return Err(Refused::Error(error.into())),
            };
            match verdict(&reasons) {
                Verdict::Guard(at) => {
                    return Err(Refused::Guard(at, reasons[at].item().cloned()));
                }
                Verdict::Conflict if attempt + 1 < ATTEMPTS => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                Verdict::Conflict | Verdict::Busy => return Err(Refused::Error(StoreError::Busy)),
                Verdict::Other => return Err(Refused::Error(error.into())),
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Guard(usize),
    Conflict,
    Busy,
    Other,
}

/// What the reasons of a cancelled transaction, one per write, come to. A guard that failed is final,
/// whatever else went wrong.
fn verdict(reasons: &[CancellationReason]) -> Verdict {
    let code = |reason: &CancellationReason| reason.code().unwrap_or_default().to_owned();
    if let Some(at) = reasons.iter().position(|reason| code(reason) == "ConditionalCheckFailed") {
        return Verdict::Guard(at);
    }
    let codes: Vec<String> =
        reasons.iter().map(code).filter(|code| !matches!(&**code, "" | "None")).collect();
    if !codes.is_empty() && codes.iter().all(|code| code == "TransactionConflict") {
        Verdict::Conflict
    } else if !codes.is_empty() && codes.iter().all(|code| is_busy(code)) {
        Verdict::Busy
    } else {
        Verdict::Other
    }
}

/// How long to wait before attempt `attempt + 2`: anything up to 25 ms doubled each time, at most 800 ms
/// ("full jitter": writers that met once should not meet again).
pub(crate) fn backoff(attempt: u32) -> Duration {
    let most = (25_u64 << attempt.min(5)).min(800);
    Duration::from_millis(random() % (most + 1))
}

fn random() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1 & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(codes: &[&str], expected: Verdict) {
        let reasons: Vec<_> =
            codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        assert_eq!(verdict(&reasons), expected, "{codes:?}");
    }

    #[test]
    fn reasons() {
        check(&["None", "ConditionalCheckFailed", "TransactionConflict"], Verdict::Guard(1));
        check(&["None", "TransactionConflict"], Verdict::Conflict);
        check(&["ThrottlingError", "TransactionConflict"], Verdict::Busy);
        check(&["ProvisionedThroughputExceeded"], Verdict::Busy);
        check(&["None", "ValidationError", "TransactionConflict"], Verdict::Other);
        check(&[], Verdict::Other);
    }

    #[test]
    fn waiting_is_bounded() {
        for attempt in 0..64 {
            assert!(backoff(attempt) <= Duration::from_millis(800));
        }
    }
}
