//! Which workspaces there are, and by what their queries were analysed: what the schedule has to know before it can look
//! for anything. Both are written before the first thing that they lead to, and by each process now and then again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sqm_domain::WorkspaceId;

use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::Item;
use crate::keys::{self, Key};
use crate::query::AnalysedBy;

/// When it was registered last.
pub(crate) const AT: &str = "at";

/// How long a process goes by what it remembers.
const REMEMBER: Duration = Duration::from_secs(600);

/// Names remembered by one process; beyond, it starts anew.
const REMEMBERED: usize = 4_096;

/// What this process has registered.
#[derive(Debug, Default)]
pub(crate) struct Registered(Mutex<HashMap<Key, Instant>>);

impl Registered {
    fn has(&self, key: &Key) -> bool {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(key).is_some_and(|at| at.elapsed() < REMEMBER)
    }

    fn add(&self, key: Key) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Instant::now());
    }
}

impl Store {
    /// Workspaces that have had a query, by name, at most so many of those behind `after`. The one thing that is read
    /// without saying whose it is: the schedule goes from one workspace to the next.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn workspaces(
        &self,
        most: usize,
        after: Option<&WorkspaceId>,
    ) -> Result<Vec<WorkspaceId>, StoreError> {
        // No name holds a space, and all sort above it.
        let first = after.map_or_else(|| "!".to_owned(), |after| format!("{after} "));
        let pk = keys::WORKSPACES;
        let last = char::MAX.to_string();
        let range = Range { pk, first: &first, last: &last, order: Order::Forwards, most: most.max(1) };
        let items = self.range(range).await?;
        let name = |item: &Item| {
            let key = Key::of(item);
            key.sk.parse().map_err(|why| StoreError::corrupt(&key, why))
        };
        items.iter().map(name).collect()
    }

    /// Registers a workspace in which a query is about to be written.
    pub(crate) async fn enrol(&self, workspace: &WorkspaceId, at: Timestamp) -> Result<(), StoreError> {
        let key = keys::workspace(workspace);
        self.register(key.clone(), key.with([(AT, AttributeValue::S(at.to_string()))])).await
    }

    /// Registers what queries of a workspace are about to be analysed by.
    pub(crate) async fn enrol_standing(
        &self,
        workspace: &WorkspaceId,
        by: &AnalysedBy,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = keys::standing(workspace, &by.list());
        let mut item = key.with_doc(by)?;
        item.insert(AT.to_owned(), AttributeValue::S(at.to_string()));
        self.register(key, item).await
    }

    async fn register(&self, key: Key, item: Item) -> Result<(), StoreError> {
        if !self.registered.has(&key) {
            self.client.put_item().table_name(&*self.table).set_item(Some(item)).send().await?;
            self.registered.add(key);
        }
        Ok(())
    }
}
