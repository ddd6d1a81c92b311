//! What came of the lines of an import.

use serde::Serialize;
use serde_json::Value;
use sqm_domain::QueryId;
use sqm_http::{Kind, Problem, Reply};
use sqm_store::Recorded;

/// What came of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// There is something new.
    Created,
    /// What was there has changed.
    Updated,
    /// It was there, just so.
    Unchanged,
    /// Executions were counted.
    Recorded,
}

/// A line that was done.
#[derive(Debug)]
pub(super) struct Done {
    pub outcome: Outcome,
    pub query: Option<QueryId>,
    pub runs: Recorded,
    pub expired: usize,
}

impl Done {
    pub(super) fn new(outcome: Outcome, query: Option<QueryId>) -> Self {
        Self { outcome, query, runs: Recorded::default(), expired: 0 }
    }
}

/// The report.
#[derive(Serialize)]
pub(super) struct Report {
    lines: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    failed: usize,
    runs: Runs,
    /// The first line that was not begun.
    next_line: Option<usize>,
    results: Vec<LineView>,
    #[serde(skip)]
    fault: Option<Problem>,
}

#[derive(Serialize, Default)]
struct Runs {
    recorded: usize,
    known: usize,
    expired: usize,
}

#[derive(Serialize)]
struct LineView {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<QueryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
}

impl Report {
    pub(super) fn new(lines: usize) -> Self {
        Self {
            lines,
            created: 0,
            updated: 0,
            unchanged: 0,
            failed: 0,
            runs: Runs::default(),
            next_line: None,
            results: Vec::with_capacity(lines),
            fault: None,
        }
    }

    pub(super) fn add(&mut self, line: usize, outcome: Result<Done, Problem>) {
        let view = match outcome {
            Ok(done) => {
                match done.outcome {
                    Outcome::Created => self.created += 1,
                    Outcome::Updated => self.updated += 1,
                    Outcome::Unchanged => self.unchanged += 1,
                    Outcome::Recorded => {}
                }
                self.runs.recorded += done.runs.recorded;
                self.runs.known += done.runs.known;
                self.runs.expired += done.expired;
                LineView { line, outcome: Some(done.outcome), query: done.query, problem: None }
            }
            Err(problem) => {
                self.failed += 1;
                let described = problem.described();
                if matches!(problem.kind(), Kind::Internal | Kind::Unavailable) {
                    self.fault = Some(problem);
                }
                LineView { line, outcome: None, query: None, problem: Some(described) }
            }
        };
        self.results.push(view);
    }

    /// A line that was not begun.
    pub(super) fn left(&mut self, line: usize) {
        self.next_line = Some(self.next_line.map_or(line, |first| first.min(line)));
    }

    /// The answer. Where nothing was done and we are at fault, that is the problem of the request.
    pub(super) fn reply(mut self) -> Result<Reply, Problem> {
        if let Some(fault) = self.fault.take() {
            if self.failed == self.results.len() {
                return Err(fault);
            }
            // Nobody else tells the log.
            tracing::warn!(problem = ?fault, "a line of an import failed through our fault");
        }
        self.results.sort_by_key(|result| result.line);
        Ok(Reply::ok(&self))
    }
}
