//! Executions as they are given.

use jiff::Timestamp;
use serde::Deserialize;
use sqm_http::Problem;
use sqm_import::Execution;
use sqm_store::{Outlines, Run};

use crate::execution;

/// Most executions of one request: about a dozen transactions, a second where the table is slow.
const MOST_RUNS: usize = 1_000;

/// Executions of a query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    runs: Vec<Execution>,
}

impl Asked {
    /// The executions, with the outlines of their plans; the first that is wrong is named.
    pub(super) fn read(self, now: Timestamp) -> Result<(Vec<Run>, Outlines), Problem> {
        if self.runs.is_empty() || self.runs.len() > MOST_RUNS {
            return Err(Problem::field("runs", format!("from 1 to {MOST_RUNS} at once")));
        }
        let mut outlines = Outlines::new();
        let mut runs = Vec::with_capacity(self.runs.len());
        for (at, run) in self.runs.into_iter().enumerate() {
            let read = execution::read(run, now, &mut outlines).map_err(|wrong| {
                let (field, why) = wrong.told();
                Problem::field(format!("runs[{at}].{field}"), why)
            });
            runs.push(read?);
        }
        Ok((runs, outlines))
    }
}
