//! Over how many shards a workspace's lists are spread. The number only grows, so that every entry
//! stays where it is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::ReturnValue;
use sqm_domain::{QueryId, WorkspaceId};

use crate::config::Store;
use crate::error::StoreError;
use crate::item::{number, number_of};
use crate::keys;

/// Shards of a workspace that has never been too large for them: 1,000 write units a second each, a
/// transactional write takes two.
pub(crate) const FIRST: u16 = 4;
/// Most shards: 32,000 new queries a second. A list reads them all.
const MOST: u16 = 64;
/// The attribute.
const SHARDS: &str = "shards";
/// How long a writer may go by an older, smaller number: it only spreads less.
const REMEMBER: Duration = Duration::from_secs(60);
/// Workspaces remembered by one process; beyond, it starts anew.
const REMEMBERED: usize = 4_096;

/// What this process remembers.
#[derive(Debug, Default)]
pub(crate) struct Shards(Mutex<HashMap<WorkspaceId, (u16, Instant)>>);

impl Shards {
    fn get(&self, workspace: &WorkspaceId) -> Option<u16> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(workspace).filter(|(_, at)| at.elapsed() < REMEMBER).map(|(shards, _)| *shards)
    }

    fn set(&self, workspace: &WorkspaceId, shards: u16) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(workspace.clone(), (shards, Instant::now()));
    }
}

impl Store {
    /// The number of shards, as it is now.
    pub(crate) async fn shards(&self, workspace: &WorkspaceId) -> Result<u16, StoreError> {
        let item = self.item(&keys::shards(workspace)).await?;
        let shards = item
            .and_then(|item| number_of(&item, SHARDS))
            .map_or(FIRST, |shards| u16::try_from(shards).unwrap_or(MOST).clamp(FIRST, MOST));
        self.shards.set(workspace, shards);
        Ok(shards)
    }

    /// The shard for a new query.
    pub(crate) async fn shard(&self, workspace: &WorkspaceId, id: QueryId) -> Result<u16, StoreError> {
        let shards = match self.shards.get(workspace) {
            Some(shards) => shards,
            None => self.shards(workspace).await?,
        };
        Ok(shard_of(id, shards))
    }

    /// Spreads the workspace's lists over twice as many shards from now on, where there is room.
    /// Returns their number.
    pub async fn grow_lists(&self, workspace: &WorkspaceId) -> Result<u16, StoreError> {
        let shards = self.shards(workspace).await?;
        let more = (shards * 2).min(MOST);
        // Two that grow at once both write the same number.
        self.client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::shards(workspace).item()))
            .update_expression("SET #s = :more")
            .condition_expression("attribute_not_exists(#s) OR #s <= :more")
            .expression_attribute_names("#s", SHARDS)
            .expression_attribute_values(":more", number(more))
            .return_values(ReturnValue::None)
            .send()
            .await?;
        self.shards.set(workspace, more);
        Ok(more)
    }
}

/// The random end of the id, which spreads evenly, modulo the number of shards.
fn shard_of(id: QueryId, shards: u16) -> u16 {
    let text = id.to_string();
    let tail = u32::from_str_radix(&text[text.len() - 8..], 16).unwrap_or_default();
    (tail % u32::from(shards)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_spread_evenly() {
        let mut counts = [0_u32; 8];
        for n in 0..8_000_u64 {
            let mut random = [0; 10];
            random[2..].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            counts[usize::from(shard_of(QueryId::from_parts(1_700_000_000_000, random), 8))] += 1;
        }
        assert!(counts.iter().all(|&count| (800..1_200).contains(&count)), "{counts:?}");
    }
}
