//! Both queries run, and compared: what they return as bags of rows, and how long the server takes.
//!
//! What runs is a [`ReadOnly`] to which the database itself had no objection, inside of the session's
//! transaction, which only reads.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqm_sql::read_only::ReadOnly;
use sqm_verify::offer::Results;

use crate::digest::Digest;
use crate::error::DatabaseError;
use crate::session::Session;

/// Most turns of both queries: their medians are compared.
const TURNS: usize = 5;

/// Rows that are fetched at once.
const FETCH: usize = 500;

/// How long a query ran, or that it was stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Timing {
    /// To its end.
    Ended {
        /// Planning and execution on the server, in milliseconds.
        ms: f64,
    },
    /// Until it was stopped.
    Stopped {
        /// After so many milliseconds.
        ms: f64,
    },
}

/// What running both has shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Both ended, in each of these turns: milliseconds of the first and of the second.
    Both {
        /// The turns, one at least.
        turns: Vec<(f64, f64)>,
        /// Whether they returned the same rows.
        results: Results,
    },
    /// One of them was stopped, or both; how they ran.
    Stopped(Timing, Timing),
}

/// A query that has run, and what it returned.
pub(crate) struct Original {
    query: ReadOnly,
    /// Or that it was stopped.
    result: Result<Digest, Timing>,
}

impl Session {
    /// Runs the query that others are compared with. The caller has asked whether the database has an objection,
    /// here and in what follows.
    pub(crate) async fn run(
        &mut self,
        query: ReadOnly,
        longest: Duration,
    ) -> Result<Original, DatabaseError> {
        let result = self.digest(&query, longest).await?;
        Ok(Original { query, result })
    }

    /// Runs another one, at first for its result and to warm what it reads, then both in turns, within `budget`.
    pub(crate) async fn compare(
        &mut self,
        original: &Original,
        rewrite: &ReadOnly,
        budget: Duration,
    ) -> Result<Outcome, DatabaseError> {
        let begun = Instant::now();
        let first = match &original.result {
            Ok(first) => first,
            Err(stopped) => return Ok(Outcome::Stopped(*stopped, self.time(rewrite, budget).await?)),
        };
        let results = match self.digest(rewrite, budget / 2).await? {
            Ok(second) => first.compare(&second, original.query.leaves_a_choice()),
            Err(stopped) => {
                return Ok(Outcome::Stopped(self.time(&original.query, budget / 2).await?, stopped));
            }
        };
        let mut turns = Vec::new();
        let mut longest = Duration::ZERO;
        // A turn that would not end in time is not begun, but for the first one.
        while turns.len() < TURNS && (turns.is_empty() || begun.elapsed() + longest < budget) {
            let turn = Instant::now();
            let one = self.time(&original.query, budget).await?;
            match (one, self.time(rewrite, budget).await?) {
                (Timing::Ended { ms: one }, Timing::Ended { ms: other }) => turns.push((one, other)),
                (one, other) if turns.is_empty() => return Ok(Outcome::Stopped(one, other)),
                _ => break,
            }
            longest = longest.max(turn.elapsed());
        }
        Ok(Outcome::Both { turns, results })
    }

    /// Runs a query on the server, which keeps its rows to itself.
    async fn time(&mut self, query: &ReadOnly, longest: Duration) -> Result<Timing, DatabaseError> {
        let given = self.mark(Some(longest)).await?;
        let printed = self.explained("ANALYZE, TIMING OFF, FORMAT JSON", query.sql(), given).await;
        self.back().await?;
        match printed {
            Ok(printed) => {
                let tree: Value = serde_json::from_str(&printed)
                    .map_err(|_| DatabaseError::Answer("the plan cannot be read"))?;
                let part = |name: &str| tree[0][name].as_f64();
                match (part("Planning Time"), part("Execution Time")) {
                    (Some(planning), Some(execution)) => Ok(Timing::Ended { ms: planning + execution }),
                    _ => Err(DatabaseError::Answer("the plan has no time")),
                }
            }
            Err(DatabaseError::Stopped(given)) => Ok(stopped_after(given)),
            Err(error) => Err(error),
        }
    }

    /// What a query returns, or that it was stopped.
    async fn digest(
        &mut self,
        query: &ReadOnly,
        longest: Duration,
    ) -> Result<Result<Digest, Timing>, DatabaseError> {
        let given = self.mark(Some(longest)).await?;
        let digest = self.fetch(query, given).await;
        self.back().await?;
        match digest {
            Ok(digest) => Ok(Ok(digest)),
            Err(DatabaseError::Stopped(given)) => Ok(Err(stopped_after(given))),
            Err(error) => Err(error),
        }
    }

    /// By a cursor, which takes nothing but a query, and of which no more is read than is compared.
    async fn fetch(&mut self, query: &ReadOnly, given: Duration) -> Result<Digest, DatabaseError> {
        let until = Instant::now() + given;
        let described = self.prepare(query.sql(), given).await?;
        let mut digest = Digest::new(described.columns().iter().map(tokio_postgres::Column::type_));
        let declare =
            self.prepare(&format!("DECLARE sqm_rows NO SCROLL CURSOR FOR {}", query.sql()), given).await?;
        self.rows(&declare, given).await?;
        loop {
            if Instant::now() >= until {
                return Err(DatabaseError::Stopped(given));
            }
            let rows = self.texts(&format!("FETCH {FETCH} FROM sqm_rows"), given).await?;
            let taken = rows.iter().filter(|row| digest.take(row)).count();
            if taken < FETCH || digest.is_full() {
                return Ok(digest);
            }
        }
    }
}

fn stopped_after(time: Duration) -> Timing {
    Timing::Stopped { ms: (time.as_secs_f64() * 1e6).round() / 1e3 }
}
