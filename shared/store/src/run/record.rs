//! Executions on their way into the table: each if it is not there, and in the same transaction the counters of its
//! hour and its day, so that both always agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sqm_domain::{QueryId, WorkspaceId};
use sqm_runs::{Bin, Span};

use super::{KEEP_DAYS, KEEP_HOURS_DAYS, Outlines, PlanShape, Run, expiry, kept_since};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, VERSION, number};
use crate::keys::{self, EXPIRES, Key};
use crate::transaction::{Changed, Guard, Refused, Transaction};

/// How often a transaction is made again because some of its executions have come meanwhile from elsewhere.
const ATTEMPTS: usize = 5;

/// What came of executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Those that count now.
    pub recorded: usize,
    /// Those that counted before.
    pub known: usize,
}

/// What a window gets.
#[derive(Debug, Default)]
struct Sums {
    bins: BTreeMap<Bin, u64>,
    summarized: u64,
    micros: u128,
    rows: Option<u128>,
    bytes: Option<u128>,
    plans: BTreeSet<PlanShape>,
}

/// Executions by their keys.
pub(super) type Named = BTreeMap<Key, Run>;

impl Store {
    /// Records executions of a query. One that was recorded before counts no second time, whoever sends it.
    /// `outlines` are those of the plans that the executions name.
    ///
    /// They are written in several transactions; where one of them fails, the earlier ones are made, and the same
    /// call again goes on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such query, and those of the database.
    pub async fn record_runs(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        runs: Vec<Run>,
        outlines: &Outlines,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let partition = keys::executions(workspace, id);
        let head = keys::head(&keys::query(workspace, id));
        let given = runs.len();
        // By time, so that a transaction has few windows.
        let mut runs: Vec<(Key, Run)> =
            runs.into_iter().map(|run| (keys::execution(&partition, &run.hash()), run)).collect();
        runs.sort_by(|(key, run), (other, with)| (run.at, key).cmp(&(with.at, other)));
        let mut seen = BTreeSet::new();
        runs.retain(|(key, _)| seen.insert(key.clone()));
        if runs.is_empty() {
            self.summary(workspace, id).await?;
        }
        let mut done = Recorded { recorded: 0, known: given - runs.len() };
        let hours_since = kept_since(now, KEEP_HOURS_DAYS);
        let mut part = Part::default();
        for (key, run) in runs {
            let windows = windows(&partition, &run, hours_since);
            if !part.takes(&windows, &run) {
                let full = std::mem::take(&mut part).runs;
                done.add(self.record_part(&partition, &head, full, outlines, hours_since).await?);
            }
            part.add(windows, key, run);
        }
        if !part.runs.is_empty() {
            done.add(self.record_part(&partition, &head, part.runs, outlines, hours_since).await?);
        }
        Ok(done)
    }

    /// As many executions as one transaction takes.
    async fn record_part(
        &self,
        partition: &str,
        head: &Key,
        mut runs: Named,
        outlines: &Outlines,
        hours_since: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let given = runs.len();
        for _ in 0..ATTEMPTS {
            if runs.is_empty() {
                return Ok(Recorded { recorded: 0, known: given });
            }
            let (transaction, required) = self.draft(partition, head, &runs, outlines, hours_since)?;
            match transaction.commit(self).await {
                Ok(()) => return Ok(Recorded { recorded: runs.len(), known: given - runs.len() }),
                Err(Refused::Guard(at, _)) if at == required => return Err(StoreError::NotFound),
                Err(Refused::Guard(..)) => {
                    let keys: Vec<Key> = runs.keys().cloned().collect();
                    self.items(&keys).await?.keys().for_each(|key| {
                        runs.remove(key);
                    });
                }
                Err(Refused::Error(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// The transaction that records executions, and the position of its question for the query's head.
    pub(super) fn draft(
        &self,
        partition: &str,
        head: &Key,
        runs: &Named,
        outlines: &Outlines,
        hours_since: Timestamp,
    ) -> Result<(Transaction, usize), StoreError> {
        let mut transaction = Transaction::default();
        // First, since the first guard that fails is the answer. A tombstone has no version.
        let required = transaction.require(self, head, VERSION)?;
        let mut sums: BTreeMap<Key, (i64, Sums)> = BTreeMap::new();
        let mut shapes = BTreeMap::new();
        for (key, run) in runs {
            let expires = expiry(run.at, KEEP_DAYS);
            transaction.put(self, expiring(key.with_doc(run)?, expires), Guard::Absent)?;
            for (window, expires) in windows(partition, run, hours_since) {
                sums.entry(window).or_insert((expires, Sums::default())).1.count(run);
            }
            if let Some(shape) = &run.plan {
                shapes.insert(shape, expires);
            }
        }
        for (window, (expires, sums)) in &sums {
            transaction.update(self, window, sums.added(*expires))?;
        }
        for (shape, expires) in shapes {
            let Some(outline) = outlines.get(shape) else { continue };
            let key = keys::outline(partition, shape.as_str());
            transaction.put(self, expiring(key.with_doc(outline)?, expires), Guard::Free)?;
        }
        Ok((transaction, required))
    }
}

fn expiring(mut item: Item, expires: i64) -> Item {
    item.insert(EXPIRES.to_owned(), number(expires));
    item
}

/// The windows in which an execution counts, and until when they are kept. An hour that would be removed at once
/// is none.
fn windows(partition: &str, run: &Run, hours_since: Timestamp) -> Vec<(Key, i64)> {
    let of = |span: Span, days: i64| {
        let start = span.start(run.at);
        (keys::window(partition, span, start), expiry(start, days + 1))
    };
    let day = of(Span::Day, KEEP_DAYS);
    if run.at < hours_since { vec![day] } else { vec![of(Span::Hour, KEEP_HOURS_DAYS), day] }
}

/// Executions for one transaction.
#[derive(Debug, Default)]
struct Part {
    runs: Named,
    windows: BTreeSet<Key>,
    shapes: BTreeSet<PlanShape>,
}

impl Part {
    /// Whether a transaction takes this one, too.
    fn takes(&self, windows: &[(Key, i64)], run: &Run) -> bool {
        let windows = windows.iter().filter(|(key, _)| !self.windows.contains(key)).count();
        let shapes = usize::from(run.plan.as_ref().is_some_and(|shape| !self.shapes.contains(shape)));
        // The question for the head and the execution itself.
        let items = self.runs.len() + self.windows.len() + self.shapes.len() + windows + shapes + 2;
        items <= crate::transaction::MAX_ITEMS
    }

    fn add(&mut self, windows: Vec<(Key, i64)>, key: Key, run: Run) {
        self.windows.extend(windows.into_iter().map(|(key, _)| key));
        self.shapes.extend(run.plan.clone());
        self.runs.insert(key, run);
    }
}

impl Recorded {
    fn add(&mut self, other: Self) {
        self.recorded += other.recorded;
        self.known += other.known;
    }
}

impl Sums {
    fn count(&mut self, run: &Run) {
        let add = |sum: &mut Option<u128>, told: Option<u64>| {
            if let Some(told) = told {
                *sum = Some(sum.unwrap_or(0) + u128::from(told));
            }
        };
        let calls = run.calls.get();
        *self.bins.entry(Bin::of(run.micros)).or_default() += calls;
        self.summarized += if calls > 1 { calls } else { 0 };
        self.micros += u128::from(run.micros) * u128::from(calls);
        add(&mut self.rows, run.rows);
        add(&mut self.bytes, run.bytes);
        self.plans.extend(run.plan.clone());
    }

    /// The change that adds them to a window.
    fn added(&self, expires: i64) -> Changed {
        let mut adds: Vec<(String, AttributeValue)> = vec![("micros".to_owned(), number(self.micros))];
        adds.extend(self.bins.iter().map(|(bin, count)| (format!("b{}", bin.number()), number(count))));
        if self.summarized > 0 {
            adds.push(("summarized".to_owned(), number(self.summarized)));
        }
        adds.extend(self.rows.map(|rows| ("rows".to_owned(), number(rows))));
        adds.extend(self.bytes.map(|bytes| ("bytes".to_owned(), number(bytes))));
        if !self.plans.is_empty() {
            let plans = self.plans.iter().map(|shape| shape.as_str().to_owned()).collect();
            adds.push(("plans".to_owned(), AttributeValue::Ss(plans)));
        }
        let (mut names, mut values) = (HashMap::new(), HashMap::new());
        names.insert("#e".to_owned(), EXPIRES.to_owned());
        values.insert(":e".to_owned(), number(expires));
        let mut added = Vec::new();
        for (at, (name, value)) in adds.into_iter().enumerate() {
            added.push(format!("#{at} :{at}"));
            names.insert(format!("#{at}"), name);
            values.insert(format!(":{at}"), value);
        }
        Changed {
            expression: format!("SET #e = :e ADD {}", added.join(", ")),
            condition: None,
            names,
            values,
        }
    }
}
