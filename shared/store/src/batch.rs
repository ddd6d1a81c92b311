//! Reads and writes of many items, which need not happen together, and the write of one that must be new.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};
use tokio::task::JoinSet;

use crate::config::Store;
use crate::error::{StoreError, held};
use crate::item::{Item, VERSION, number};
use crate::keys::{Key, PK, SK};
use crate::transaction::backoff;

/// Most keys of one BatchGetItem, by DynamoDB's limit.
const GET: usize = 100;
/// Most writes of one BatchWriteItem, by DynamoDB's limit.
const WRITE: usize = 25;
/// Requests under way at once.
const ABREAST: usize = 8;
/// Attempts for what a batch left undone.
const ATTEMPTS: u32 = 8;

impl Store {
    /// The item of this key, read consistently.
    pub(crate) async fn item(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&*self.table).set_key(Some(key.item()));
        Ok(request.consistent_read(true).send().await?.item)
    }

    /// The items of these keys that exist, by key, read consistently.
    pub(crate) async fn items(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(GET) {
            let mut wanted: Vec<Item> = keys.iter().map(Key::item).collect();
            let mut attempt = 0;
            while !wanted.is_empty() {
                let request =
                    KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build()?;
                let answer = self.client.batch_get_item().request_items(&*self.table, request).send().await?;
                let items = answer.responses.unwrap_or_default().remove(&*self.table).unwrap_or_default();
                let progress = !items.is_empty();
                found.extend(items.into_iter().map(|item| (Key::of(&item), item)));
                let left = answer.unprocessed_keys.unwrap_or_default().remove(&*self.table);
                wanted = left.map(|left| left.keys).unwrap_or_default();
                // A batch of more than 16 MB comes in parts; only a batch without any is a refusal.
                if !wanted.is_empty() && !progress {
                    wait(&mut attempt).await?;
                }
            }
        }
        Ok(found)
    }

    /// The items of one partition between two sort keys (both included), in either direction. Follows
    /// the pages of 1 MB until `most` items are there.
    pub(crate) async fn range(&self, range: Range<'_>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let left = range.most.saturating_sub(items.len());
            let answer = self
                .client
                .query()
                .table_name(&*self.table)
                .key_condition_expression("#p = :p AND #s BETWEEN :a AND :b")
                .expression_attribute_names("#p", PK)
                .expression_attribute_names("#s", SK)
                .expression_attribute_values(":p", AttributeValue::S(range.pk.to_owned()))
                .expression_attribute_values(":a", AttributeValue::S(range.first.to_owned()))
                .expression_attribute_values(":b", AttributeValue::S(range.last.to_owned()))
                .scan_index_forward(range.order == Order::Forwards)
                .consistent_read(true)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from)
                .send()
                .await?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() || items.len() >= range.most {
                return Ok(items);
            }
        }
    }

    /// Puts an item, unless there is one of its key; says whether there was none.
    pub(crate) async fn put_new(&self, item: Item) -> Result<bool, StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#p)")
            .expression_attribute_names("#p", PK);
        held(request.send().await)
    }

    /// Puts these items.
    pub(crate) async fn put_all(&self, items: Vec<Item>) -> Result<(), StoreError> {
        let put = |item| PutRequest::builder().set_item(Some(item)).build();
        let requests = items
            .into_iter()
            .map(|item| Ok::<_, StoreError>(WriteRequest::builder().put_request(put(item)?).build()));
        self.write_all(requests.collect::<Result<_, _>>()?).await
    }

    /// Removes these items.
    pub(crate) async fn delete_all(&self, keys: &[Key]) -> Result<(), StoreError> {
        let delete = |key: &Key| DeleteRequest::builder().set_key(Some(key.item())).build();
        let requests = keys
            .iter()
            .map(|key| Ok::<_, StoreError>(WriteRequest::builder().delete_request(delete(key)?).build()));
        self.write_all(requests.collect::<Result<_, _>>()?).await
    }

    async fn write_all(&self, requests: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut running = JoinSet::new();
        for batch in requests.chunks(WRITE) {
            if running.len() >= ABREAST {
                joined(running.join_next().await)?;
            }
            let (store, batch) = (self.clone(), batch.to_vec());
            running.spawn(async move { store.write_batch(batch).await });
        }
        while !running.is_empty() {
            joined(running.join_next().await)?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut attempt = 0;
        loop {
            let answer = self.client.batch_write_item().request_items(&*self.table, left).send().await?;
            left = answer.unprocessed_items.unwrap_or_default().remove(&*self.table).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            wait(&mut attempt).await?;
        }
    }

    /// Removes each of these items unless what came after `mark` has put it there.
    pub(crate) async fn delete_older(&self, keys: Vec<Key>, mark: &str) -> Result<(), StoreError> {
        let mut running = JoinSet::new();
        for key in keys {
            if running.len() >= ABREAST {
                joined(running.join_next().await)?;
            }
            let (store, mark) = (self.clone(), number(mark));
            running.spawn(async move {
                let request = store
                    .client
                    .delete_item()
                    .table_name(&*store.table)
                    .set_key(Some(key.item()))
                    .condition_expression("attribute_not_exists(#v) OR #v <= :v")
                    .expression_attribute_names("#v", VERSION)
                    .expression_attribute_values(":v", mark);
                // One that was put there again later stays.
                held(request.send().await).map(|_| ())
            });
        }
        while !running.is_empty() {
            joined(running.join_next().await)?;
        }
        Ok(())
    }
}

/// A stretch of a partition.
pub(crate) struct Range<'a> {
    pub pk: &'a str,
    pub first: &'a str,
    pub last: &'a str,
    pub order: Order,
    pub most: usize,
}

/// The direction of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Forwards,
    Backwards,
}

async fn wait(attempt: &mut u32) -> Result<(), StoreError> {
    if *attempt + 1 >= ATTEMPTS {
        return Err(StoreError::Busy);
    }
    tokio::time::sleep(backoff(*attempt)).await;
    *attempt += 1;
    Ok(())
}

fn joined(result: Option<Result<Result<(), StoreError>, tokio::task::JoinError>>) -> Result<(), StoreError> {
    match result {
        None => Ok(()),
        Some(Ok(result)) => result,
        Some(Err(error)) => Err(StoreError::Unexpected(error.to_string())),
    }
}
