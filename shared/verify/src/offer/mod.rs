//! From proposals to offers: candidates of the rewrites, each through the verifier, ranked, each with
//! what it brought where both were run.
//!
//! The way is one of types: only [`Candidate::verify`] makes a [`Verified`], and only a verified
//! candidate becomes an [`Offer`], so nothing is offered without a verdict.

mod benefit;
mod generated;

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Statistics};
use sqm_sql::indexes::{self, Index};
use sqm_sql::lint::{Config, Finding};
use sqm_sql::rewrites::Alternative;
use sqm_sql::{rewrites, rules};

use crate::verdict::{Verdict, Verification};
use crate::verifier::verify;

pub use benefit::{Benefit, Embedded, Estimates, Evidence, OnDatabase, Ran, Results, Run, SHOWN};

/// How much to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How each candidate is verified.
    pub verification: crate::verifier::Options,
    /// Which rules look at the text.
    pub lint: Config,
    /// Whether what a rewrite brings is measured.
    pub measure: bool,
    /// What is known of the rows of the tables, for measuring.
    pub statistics: Statistics,
    /// Longest time for all of them; those left over are counted in the notes.
    pub time: Duration,
}

impl Default for Options {
    /// Everything within ten seconds: a Lambda function answers within thirty.
    fn default() -> Self {
        Self {
            verification: crate::verifier::Options::default(),
            lint: Config::default(),
            measure: true,
            statistics: Statistics::default(),
            time: Duration::from_secs(10),
        }
    }
}

/// What can be done for a query.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Optimization {
    /// Rewrites that were not refuted, the best first.
    pub rewrites: Vec<Offer>,
    /// Rewrites that were refuted, with the counterexample: for whoever asks, never to be used.
    pub refuted: Vec<Offer>,
    /// What the rules say about the query.
    pub findings: Vec<Finding>,
    /// Other queries for the same purpose, whose results differ: never to be taken for rewrites.
    pub alternatives: Vec<Alternative>,
    /// Indexes that would serve the query as it is.
    pub indexes: Vec<Index>,
    /// What was not done, and why.
    pub notes: Vec<String>,
}

/// Another way to say the query, verified by nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole text.
    pub sql: String,
    /// Where it comes from: `rule:<name>` or `model:<id>`.
    pub origin: String,
    /// What was done, in a few words.
    pub title: String,
    /// What was done and why it may pay.
    pub explanation: String,
    /// What its being the same rests on.
    pub conditions: Vec<String>,
}

/// A candidate with a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    candidate: Candidate,
    verification: Verification,
}

/// A rewrite as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offer {
    /// The whole text.
    pub sql: String,
    /// Where it comes from: `rule:<name>` or `model:<id>`.
    pub origin: String,
    /// `proved`, `tested`, `unknown` or, among the refuted, `refuted`.
    pub verdict: &'static str,
    /// What the verdict rests on, in one sentence.
    pub reason: String,
    /// The verdict in full.
    pub verification: Verification,
    /// What was done, in a few words.
    pub title: String,
    /// What was done and why it may pay.
    pub explanation: String,
    /// What its being the same rests on.
    pub conditions: Vec<String>,
    /// What it brought; `None` where it was not measured.
    pub benefit: Option<Benefit>,
    /// Whether it is worth being used: shown to be the same, and measured or estimated to be faster.
    pub recommended: bool,
}

impl Offer {
    /// Whether it was shown to be the same.
    pub fn is_sound(&self) -> bool {
        matches!(self.verdict, "proved" | "tested")
    }

    /// Puts what a database says in the place of what was measured elsewhere.
    pub fn weigh(&mut self, found: OnDatabase) {
        let benefit = Benefit::on_database(found);
        self.recommended = self.is_sound() && benefit.is_shown();
        self.benefit = Some(benefit);
    }

    /// By verdict, then by what was measured; among the rest the order of the proposals is for the caller
    /// to keep.
    pub fn best_first(one: &Self, other: &Self) -> Ordering {
        let is_suspect = |offer: &Self| offer.benefit.as_ref().is_some_and(Benefit::is_suspect);
        let rank = |offer: &Self| (!offer.is_sound(), is_suspect(offer));
        let ratio = |offer: &Self| offer.benefit.as_ref().map_or(1.0, Benefit::rank);
        rank(one).cmp(&rank(other)).then_with(|| ratio(other).total_cmp(&ratio(one)))
    }
}

impl From<rewrites::Candidate> for Candidate {
    fn from(candidate: rewrites::Candidate) -> Self {
        Self {
            sql: candidate.sql,
            origin: format!("rule:{}", candidate.rule),
            title: candidate.title,
            explanation: candidate.explanation,
            conditions: candidate.conditions,
        }
    }
}

impl Candidate {
    /// Holds it against the original.
    pub fn verify(
        self,
        original: &str,
        dialect: Dialect,
        catalog: &Catalog,
        options: &crate::verifier::Options,
    ) -> Verified {
        let verification = verify(original, &self.sql, dialect, catalog, options);
        Verified { candidate: self, verification }
    }
}

impl Verified {
    /// Its verdict.
    pub fn verdict(&self) -> &Verdict {
        &self.verification.verdict
    }

    /// How it is shown.
    pub fn into_offer(self, benefit: Option<Benefit>) -> Offer {
        let Self { candidate, verification } = self;
        let is_sound = matches!(verification.verdict, Verdict::Proved { .. } | Verdict::Tested { .. });
        Offer {
            recommended: is_sound && benefit.as_ref().is_some_and(Benefit::is_shown),
            verdict: verification.verdict.name(),
            reason: verification.verdict.reason(),
            sql: candidate.sql,
            origin: candidate.origin,
            title: candidate.title,
            explanation: candidate.explanation,
            conditions: candidate.conditions,
            verification,
            benefit,
        }
    }
}

/// Everything that can be done for the query: findings, indexes, and rewrites with their verdicts.
///
/// Never fails: a text that does not parse has findings and no rewrites; without a catalog the rewrites
/// come back as unknown, with the reason.
pub fn optimize(sql: &str, dialect: Dialect, catalog: &Catalog, options: &Options) -> Optimization {
    let findings = rules::lint(sql, dialect, catalog, &options.lint);
    // A text over the limits has a note about that already.
    let advice = indexes::advise(sql, dialect, catalog).unwrap_or_default();
    let alternatives = rewrites::alternatives(sql, dialect, catalog).unwrap_or_default();
    let mut optimization = Optimization {
        findings,
        indexes: advice.indexes,
        alternatives,
        ..rewrite(sql, dialect, catalog, options)
    };
    optimization.notes.extend(advice.notes);
    optimization
}

/// The same without findings, alternatives and indexes: what the rewrites propose, judged.
pub fn rewrite(sql: &str, dialect: Dialect, catalog: &Catalog, options: &Options) -> Optimization {
    match rewrites::propose(sql, dialect, catalog) {
        Ok(proposed) => judge(sql, dialect, catalog, proposed.into_iter().map(Candidate::from), options),
        Err(error) => {
            Optimization { notes: vec![format!("no rewrite was sought: {error}")], ..Optimization::default() }
        }
    }
}

/// Verifies, measures and ranks candidates from wherever they come.
pub fn judge(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    candidates: impl IntoIterator<Item = Candidate>,
    options: &Options,
) -> Optimization {
    let until = Instant::now() + options.time;
    // What is verified and not measured is never recommended: some of the time is for that.
    let verified_until = until - if options.measure { options.time / 4 } else { Duration::ZERO };
    let mut optimization = Optimization::default();
    let mut skipped = 0;
    let mut sound = Vec::new();
    for candidate in candidates {
        let left = verified_until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            skipped += 1;
            continue;
        }
        let time = options.verification.time.min(left);
        let verification = crate::verifier::Options { time, ..options.verification.clone() };
        let verified = candidate.verify(sql, dialect, catalog, &verification);
        match verified.verdict() {
            Verdict::Refuted { .. } => optimization.refuted.push(verified.into_offer(None)),
            Verdict::Unknown { .. } => optimization.rewrites.push(verified.into_offer(None)),
            Verdict::Proved { .. } | Verdict::Tested { .. } => sound.push(verified),
        }
    }
    if skipped > 0 {
        optimization.notes.push(format!("{skipped} candidates were not verified within {:?}", options.time));
    }
    // A verdict matters more than a measurement: nothing is measured before all are verified.
    for verified in sound {
        let benefit = options
            .measure
            .then(|| {
                let rewrite = &verified.candidate.sql;
                generated::measure(sql, rewrite, dialect, catalog, &options.statistics, until)
            })
            .flatten();
        optimization.rewrites.push(verified.into_offer(benefit));
    }
    optimization.rewrites.sort_by(Offer::best_first);
    optimization
}
