//! How often the lists of a workspace were changed: whoever has a list already need read no more than this number to
//! know that it still holds.
//!
//! A write counts itself before it commits, in a request of its own: inside of the transaction all writers of a
//! workspace would meet at one item. So the number says nothing while a write may be under way, which is as long as a
//! request can last after the last of them has begun.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use sqm_domain::WorkspaceId;

use crate::config::Store;
use crate::error::StoreError;
use crate::item::{number, number_of};
use crate::keys;

const NUMBER: &str = "number";
const AT: &str = "at";

/// How long a write may be under way, in seconds. A function is ended after 29; the time of a write that was counted
/// before another one may be overwritten by that one's, which can be as much older; clocks differ by a few.
const UNDER_WAY_S: i64 = 65;

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let item = self.item(&keys::changes(workspace, listed)).await?.unwrap_or_default();
        let count = |name| number_of(&item, name).unwrap_or(0);
        let state = ListState { number: count(NUMBER), at: count(AT) };
        let settled = i64::try_from(state.at).unwrap_or(i64::MAX).saturating_add(UNDER_WAY_S);
        Ok((state.number == 0 || settled <= now.as_second()).then_some(state))
    }

    /// Counts a write of a request that has begun at this time. It must not be committed before this returns.
    pub(crate) async fn count_change(
        &self,
        workspace: &WorkspaceId,
        listed: Listed,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::changes(workspace, listed).item()))
            .update_expression("SET #a = :at ADD #n :one")
            .expression_attribute_names("#a", AT)
            .expression_attribute_names("#n", NUMBER)
            .expression_attribute_values(":at", number(at.as_second().max(0)))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::None)
            .send()
            .await?;
        Ok(())
    }
}
