//! Rewrites on the scales of a database: each is estimated, and where that is allowed run, beside the
//! original. What pays is decided by the one gate that there is, in `sqm_verify::offer`.

use std::collections::BTreeSet;

use serde::Serialize;
use sqm_sql::read_only::ReadOnly;
use sqm_verify::offer::{Estimates, Offer, OnDatabase, Optimization, Ran, Run};

use crate::error::DatabaseError;
use crate::explain::Estimate;
use crate::indexes::{Index, MOST};
use crate::session::Session;
use crate::time::{Outcome, Timing};

/// The part of the time that the first run of the original may take.
const ORIGINAL: u32 = 3;

/// Whether queries are run on a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// They are: those that read and do nothing else.
    Allowed,
    /// They are estimated alone.
    Refused,
}

/// On what the rewrites were weighed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weighed {
    /// The version of the server.
    pub server_version: String,
    /// The indexes of the tables that are read, on which all of it rests.
    pub indexes: Vec<Index>,
}

impl Weighed {
    /// Adds what another query of the same database reads.
    pub fn add(&mut self, other: Self) {
        self.indexes.extend(other.indexes);
        self.indexes.sort();
        self.indexes.dedup();
    }
}

/// Puts what the database says of each rewrite that was shown to be the same into the optimization, and ranks
/// them anew. What the database refuses is said in the notes.
///
/// # Errors
/// The database does not answer any more; what it has said until then stands.
pub async fn weigh(
    session: &mut Session,
    original: &str,
    found: &mut Optimization,
    runs: Runs,
) -> Result<Weighed, DatabaseError> {
    let mut weighed = Weighed { server_version: session.version().to_owned(), indexes: Vec::new() };
    let estimate = match session.explain(original).await {
        Ok(estimate) => estimate,
        Err(error) if session.is_lost() => return Err(error),
        Err(error) => {
            found.notes.push(format!("the database did not estimate the query: {error}"));
            return Ok(weighed);
        }
    };
    let mut relations = estimate.relations.clone();
    let done = each(session, original, &estimate, found, runs, &mut relations).await;
    found.rewrites.sort_by(Offer::best_first);
    done?;
    weighed.indexes = session.indexes(&relations).await?;
    if weighed.indexes.len() == MOST {
        found.notes.push(format!("of the indexes only the first {MOST} are shown"));
    }
    Ok(weighed)
}

async fn each(
    session: &mut Session,
    original: &str,
    estimate: &Estimate,
    found: &mut Optimization,
    runs: Runs,
    relations: &mut BTreeSet<crate::explain::Relation>,
) -> Result<(), DatabaseError> {
    let mut estimated = Vec::new();
    for (at, offer) in found.rewrites.iter_mut().enumerate().filter(|(_, offer)| offer.is_sound()) {
        match session.explain(&offer.sql).await {
            Ok(rewrite) => {
                relations.extend(rewrite.relations.iter().cloned());
                offer.weigh(OnDatabase {
                    estimates: estimates(estimate, &rewrite),
                    runs: Ran::No {
                        reason: "running was not asked for, or is not allowed on this connection".to_owned(),
                    },
                });
                estimated.push((at, rewrite));
            }
            Err(error) if session.is_lost() => return Err(error),
            Err(error) => {
                found
                    .notes
                    .push(format!("the database did not estimate the rewrite \"{}\": {error}", offer.title));
            }
        }
    }
    if runs == Runs::Refused {
        return Ok(());
    }
    let query = match allowed(session, original, estimate).await? {
        Ok(query) => query,
        Err(reason) => {
            for (at, rewrite) in &estimated {
                not_run(&mut found.rewrites[*at], estimate, rewrite, reason.clone());
            }
            return Ok(());
        }
    };
    if estimated.is_empty() {
        return Ok(());
    }
    let original = session.run(query, session.left() / ORIGINAL).await?;
    // What promises most is run first: time may end.
    estimated.sort_by(|(_, one), (_, other)| one.cost.total_cmp(&other.cost));
    let mut left = u32::try_from(estimated.len()).unwrap_or(u32::MAX);
    for (at, rewrite) in estimated {
        let offer = &mut found.rewrites[at];
        let budget = session.left() / left.saturating_add(1);
        left -= 1;
        let ran = match allowed(session, &offer.sql, &rewrite).await? {
            Ok(query) => session.compare(&original, &query, budget).await.map(ran),
            Err(reason) => Ok(Ran::No { reason }),
        };
        match ran {
            Ok(runs) => offer.weigh(OnDatabase { estimates: estimates(estimate, &rewrite), runs }),
            Err(error) => {
                not_run(offer, estimate, &rewrite, error.to_string());
                if session.is_lost() {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// The query, if neither its text nor the database says that it may do more than read; else why not.
async fn allowed(
    session: &mut Session,
    sql: &str,
    estimate: &Estimate,
) -> Result<Result<ReadOnly, String>, DatabaseError> {
    // Parsing may take longer than a thread that serves others should be away.
    let sql = sql.to_owned();
    let proved = tokio::task::spawn_blocking(move || ReadOnly::prove(&sql)).await;
    let query = match proved {
        Ok(Ok(query)) => query,
        Ok(Err(why)) => return Ok(Err(why.to_string())),
        Err(_) => return Ok(Err("the look at it broke off".to_owned())),
    };
    Ok(match session.objection(&query, estimate).await? {
        None => Ok(query),
        Some(why) => Err(why),
    })
}

fn not_run(offer: &mut Offer, estimate: &Estimate, rewrite: &Estimate, reason: String) {
    offer.weigh(OnDatabase { estimates: estimates(estimate, rewrite), runs: Ran::No { reason } });
}

fn estimates(original: &Estimate, rewrite: &Estimate) -> Estimates {
    Estimates {
        original_cost: original.cost,
        rewrite_cost: rewrite.cost,
        original_rows: original.rows,
        rewrite_rows: rewrite.rows,
    }
}

/// An outcome as evidence.
fn ran(outcome: Outcome) -> Ran {
    let run = |original_ms, rewrite_ms| Run { rows: None, original_ms, rewrite_ms };
    match outcome {
        Outcome::Both { turns, results } => {
            Ran::Both { runs: turns.into_iter().map(|(one, other)| run(one, other)).collect(), results }
        }
        Outcome::Stopped(Timing::Stopped { ms }, Timing::Ended { ms: other }) => {
            Ran::OriginalStopped { run: run(ms, other) }
        }
        Outcome::Stopped(Timing::Ended { ms }, Timing::Stopped { ms: other }) => {
            Ran::RewriteStopped { run: run(ms, other) }
        }
        Outcome::Stopped(Timing::Stopped { ms }, _) => {
            Ran::No { reason: format!("neither query ended within {ms} ms") }
        }
        Outcome::Stopped(Timing::Ended { .. }, Timing::Ended { .. }) => {
            Ran::No { reason: "a query ended only sometimes within its time".to_owned() }
        }
    }
}
