//! Windows and what ran in them, read back.

use jiff::Timestamp;
use sqm_domain::{CatalogName, QueryId, VersionNumber, WorkspaceId};
use sqm_runs::{Bin, Span, Window};

use super::{KEEP_DAYS, KEEP_HOURS_DAYS, Outlines, PlanShape, kept_since};
use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, doc};
use crate::keys::{self, Key};

/// Most windows of one answer: all hours that are kept.
const MOST_WINDOWS: usize = 24 * (KEEP_HOURS_DAYS as usize + 2);

impl Store {
    /// The windows of a query that begin between these times (`to` left out) and in which something ran, in the
    /// order of time.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn windows(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        span: Span,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Vec<Window>, StoreError> {
        let days = match span {
            Span::Hour => KEEP_HOURS_DAYS,
            Span::Day => KEEP_DAYS,
        };
        // What is about to be removed may be there or not.
        let from = span.start(from.max(kept_since(now, days)));
        let partition = keys::executions(workspace, id);
        let key = |at| keys::window(&partition, span, at).sk;
        let (first, last) = (key(from), key(to));
        if first > last {
            return Ok(Vec::new());
        }
        let most = MOST_WINDOWS;
        let range = Range { pk: &partition, first: &first, last: &last, order: Order::Forwards, most };
        let windows = self.range(range).await?.iter().map(window).collect::<Result<Vec<_>, _>>()?;
        Ok(windows.into_iter().filter(|window| window.start < to).collect())
    }

    /// The outlines of plans of these shapes, as far as they are kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn outlines(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        shapes: &[PlanShape],
    ) -> Result<Outlines, StoreError> {
        let partition = keys::executions(workspace, id);
        let key = |shape: &PlanShape| keys::outline(&partition, shape.as_str());
        let items = self.items(&shapes.iter().map(key).collect::<Vec<_>>()).await?;
        let known = shapes.iter().filter_map(|shape| Some((shape, items.get(&key(shape))?)));
        known.map(|(shape, item)| Ok((shape.clone(), doc(item)?))).collect()
    }

    /// The versions of a catalog that were made since then, the newest first; at most `most`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn catalog_changes(
        &self,
        workspace: &WorkspaceId,
        name: &CatalogName,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<(VersionNumber, Timestamp)>, StoreError> {
        let partition = keys::catalog(workspace, name);
        self.changes(&partition, since, most).await
    }

    /// The same of a query.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn query_changes(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<(VersionNumber, Timestamp)>, StoreError> {
        self.changes(&keys::query(workspace, id), since, most).await
    }

    async fn changes(
        &self,
        partition: &str,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<(VersionNumber, Timestamp)>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Made {
            version: VersionNumber,
            updated: Timestamp,
        }
        const PAGE: usize = 50;
        let number = |number| VersionNumber::new(number).map(|number| keys::version(partition, number).sk);
        let mut changes = Vec::new();
        let mut before = u32::MAX;
        while let (Some(first), Some(last)) = (number(1), number(before)) {
            let range =
                Range { pk: partition, first: &first, last: &last, order: Order::Backwards, most: PAGE };
            let items = self.range(range).await?;
            for item in &items {
                let Made { version, updated } = doc(item)?;
                before = version.get() - 1;
                if updated < since || changes.len() >= most {
                    return Ok(changes);
                }
                changes.push((version, updated));
            }
            if items.len() < PAGE {
                break;
            }
        }
        Ok(changes)
    }
}

fn window(item: &Item) -> Result<Window, StoreError> {
    let key = Key::of(item);
    let corrupt = || StoreError::corrupt(&key, "no window");
    let text = match key.sk.split_at_checked(2) {
        Some(("h#", hour)) => format!("{hour}:00:00Z"),
        Some(("d#", day)) => format!("{day}T00:00:00Z"),
        _ => return Err(corrupt()),
    };
    let mut window = Window::new(text.parse().map_err(|_| corrupt())?);
    for (name, value) in item {
        let bin = name.strip_prefix('b').and_then(|bin| bin.parse().ok()).and_then(Bin::new);
        if let Some(bin) = bin {
            window.sketch.add(bin, u64::try_from(sum(item, name).unwrap_or(0)).unwrap_or(u64::MAX));
        } else if let ("plans", Ok(shapes)) = (name.as_str(), value.as_ss()) {
            window.plans.extend(shapes.iter().cloned());
        }
    }
    window.summarized = u64::try_from(sum(item, "summarized").unwrap_or(0)).unwrap_or(u64::MAX);
    window.micros = sum(item, "micros").unwrap_or(0);
    window.rows = sum(item, "rows");
    window.bytes = sum(item, "bytes");
    Ok(window)
}

/// A counter, which may be larger than any single execution's number.
fn sum(item: &Item, name: &str) -> Option<u128> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
