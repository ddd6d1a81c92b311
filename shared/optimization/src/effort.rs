//! How much a caller may ask to be tried, and how long it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqm_verify::offer::{self, Offer, Optimization};

/// Most databases for one verdict: beyond this, a further one hardly shows what the others have not.
const MAX_DATABASES: u16 = 1_000;

/// Longest time for one verdict, where two queries are all that is asked about.
const VERIFICATION: Duration = Duration::from_secs(8);

/// Longest time for all rewrites of a query together. What has been planned keeps to it and planning does
/// not, so it is far below [`crate::BUDGET`].
const OPTIMIZATION: Duration = Duration::from_secs(8);

/// Longest time for the verdict on one rewrite among several.
const REWRITE: Duration = Duration::from_secs(2);

/// How many databases are generated for a verdict: 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Databases(u16);

impl TryFrom<u64> for Databases {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        match u16::try_from(number) {
            Ok(number @ 1..=MAX_DATABASES) => Ok(Self(number)),
            _ => Err(format!("expected a number from 1 to {MAX_DATABASES}")),
        }
    }
}

/// What is tried, as an answer says it: with the same, the same is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Databases for one verdict.
    pub databases: Databases,
    /// Where the random numbers start.
    pub seed: u64,
    /// Whether what a rewrite brings is measured; not said where there are no rewrites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<bool>,
    /// Whether names of outputs are compared; not said where nobody asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<bool>,
}

impl Effort {
    /// What a request asks for; what it leaves out is as the verifier has it.
    pub fn new(databases: Option<Databases>, seed: Option<u64>) -> Self {
        let default = sqm_verify::Options::default();
        let databases = databases.unwrap_or(Databases(u16::try_from(default.databases).unwrap_or(1)));
        Self { databases, seed: seed.unwrap_or(default.seed), measure: None, names: None }
    }

    /// The same, with names of outputs compared where the request says so.
    pub fn named(self, names: Option<bool>) -> Self {
        Self { names, ..self }
    }

    /// The same for rewrites, whose benefit is measured unless the request says otherwise.
    pub fn measured(self, measure: Option<bool>) -> Self {
        Self { measure: Some(measure.unwrap_or(true)), ..self }
    }

    /// Whether it is measured what a rewrite brings.
    pub fn is_measured(self) -> bool {
        self.measure.unwrap_or(true)
    }

    /// The same, measured elsewhere.
    pub fn unmeasured(self) -> Self {
        Self { measure: Some(false), ..self }
    }

    /// For one verdict.
    pub fn verification(self) -> sqm_verify::Options {
        self.within(VERIFICATION)
    }

    /// For the rewrites of a query.
    pub fn optimization(self) -> offer::Options {
        offer::Options {
            verification: self.within(REWRITE),
            measure: self.is_measured(),
            time: OPTIMIZATION,
            ..offer::Options::default()
        }
    }

    fn within(self, time: Duration) -> sqm_verify::Options {
        let names = self.names.unwrap_or(false);
        sqm_verify::Options { databases: self.databases.0.into(), seed: self.seed, time, names }
    }
}

/// Whether an optimization that took this long is what anybody would find, and not what there was time for. A verdict
/// begins with a quarter of its time for the first databases, so one that took less was never cut short; a proof and a
/// counterexample are what they are.
pub(crate) fn is_settled(found: &Optimization, took: Duration) -> bool {
    let uncut_ms = REWRITE.as_secs_f64() * 1000.0 / 4.0;
    let is_settled = |offer: &Offer| offer.verdict == "proved" || offer.verification.ms < uncut_ms;
    took < OPTIMIZATION / 2 && found.rewrites.iter().all(is_settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_counted() {
        for good in ["1", "150", "1000"] {
            assert!(serde_json::from_str::<Databases>(good).is_ok(), "{good}");
        }
        for bad in ["0", "1001", "65537", "-1", "1.5", "\"5\"", "18446744073709551616"] {
            assert!(serde_json::from_str::<Databases>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_asked_is_as_the_verifier_has_it() {
        let effort = Effort::new(None, None).measured(None);
        let default = offer::Options::default();
        let options = effort.optimization();
        assert_eq!(options.verification.databases, default.verification.databases);
        assert_eq!(options.verification.seed, default.verification.seed);
        assert_eq!(options.measure, default.measure);
    }

    #[test]
    fn every_budget_is_far_below_the_backstop() {
        let asked = Effort::new(Databases::try_from(1_000).ok(), Some(u64::MAX)).measured(Some(true));
        let options = asked.optimization();
        assert!((options.time + options.verification.time) * 2 <= crate::BUDGET);
        assert!(asked.verification().time * 2 <= crate::BUDGET);
    }
}
