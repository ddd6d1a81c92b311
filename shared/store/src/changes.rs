//! How often the lists of a workspace were changed: whoever has a list already need read no more than this number to
//! know that it still holds.
//!
//! A write counts itself before it commits and signs off once it has ended, each in a request of its own: inside of the
//! transaction all writers of a workspace would meet at one item. While one is signed on the number says nothing. One that
//! was cut off signs off when no request that has begun with it can be under way any more.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use sqm_domain::WorkspaceId;

use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, number, number_of};
use crate::keys::{self, Key};

const NUMBER: &str = "number";
const AT: &str = "at";
const UNDER_WAY: &str = "under_way";

/// How long a write may be under way, in seconds: a function is ended after 29, and clocks differ by a few.
const UNDER_WAY_S: i64 = 65;

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Queries, whatever the filter.
    Queries,
    /// Catalogs.
    Catalogs,
}

/// The state of the lists of a kind: as long as it is the same, so are they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListState {
    /// How many writes there were.
    pub number: u64,
    /// When the last one began, in seconds since 1970. A table that was restored counts again from an earlier number.
    pub at: u64,
}

impl ListState {
    /// What the item says that counts, which is not there before the first write; `None` while one may be under way.
    pub(crate) fn settled(item: Option<&Item>, now: Timestamp) -> Option<Self> {
        let Some(item) = item else { return Some(Self { number: 0, at: 0 }) };
        let count = |name| number_of(item, name).unwrap_or(0);
        let is_settled = under_way(item).iter().all(|mark| is_over(mark, now));
        is_settled.then(|| Self { number: count(NUMBER), at: count(AT) })
    }
}

/// A write that is signed on.
#[derive(Debug)]
pub(crate) struct Counted {
    key: Key,
    /// Itself, and those that were cut off.
    over: Vec<String>,
}

impl Store {
    /// The state of the lists of a kind; `None` while a write may be under way.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_state(
        &self,
        workspace: &WorkspaceId,
        listed: Listed,
        now: Timestamp,
    ) -> Result<Option<ListState>, StoreError> {
        let item = self.item(&keys::changes(workspace, listed)).await?;
        Ok(ListState::settled(item.as_ref(), now))
    }

    /// Counts a write of a request that has begun at this time. It must not be committed before this returns.
    pub(crate) async fn count_change(
        &self,
        workspace: &WorkspaceId,
        listed: Listed,
        at: Timestamp,
    ) -> Result<Counted, StoreError> {
        let key = keys::changes(workspace, listed);
        let mark = format!("{}.{}", at.as_second().max(0), uuid::Uuid::new_v4());
        let before = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.item()))
            .update_expression("SET #a = :at ADD #n :one, #u :mark")
            .expression_attribute_names("#a", AT)
            .expression_attribute_names("#n", NUMBER)
            .expression_attribute_names("#u", UNDER_WAY)
            .expression_attribute_values(":at", number(at.as_second().max(0)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":mark", AttributeValue::Ss(vec![mark.clone()]))
            .return_values(ReturnValue::AllOld)
            .send()
            .await?;
        let before = before.attributes.unwrap_or_default();
        let cut_off = under_way(&before).iter().filter(|mark| is_over(mark, at)).cloned();
        Ok(Counted { key, over: cut_off.chain([mark]).collect() })
    }

    /// Signs a write off that has ended, one way or the other. One of which that is not known must not be.
    pub(crate) async fn end_change(&self, Counted { key, over }: Counted) {
        let ended = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.item()))
            .update_expression("DELETE #u :over")
            .expression_attribute_names("#u", UNDER_WAY)
            .expression_attribute_values(":over", AttributeValue::Ss(over))
            .return_values(ReturnValue::None);
        if let Err(error) = ended.send().await {
            let error = StoreError::from(error);
            tracing::warn!(%error, "a write that has ended counts as under way for a minute");
        }
    }
}

/// The writes that are signed on.
fn under_way(item: &Item) -> &[String] {
    item.get(UNDER_WAY).and_then(|marks| marks.as_ss().ok()).map_or(&[], Vec::as_slice)
}

/// Whether the write with this mark cannot be under way any more.
fn is_over(mark: &str, now: Timestamp) -> bool {
    let begun = mark.split_once('.').and_then(|(begun, _)| begun.parse::<i64>().ok());
    begun.is_some_and(|begun| begun.saturating_add(UNDER_WAY_S) <= now.as_second())
}
