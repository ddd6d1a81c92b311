//! What came of asking each level: counted for the process, and told to the request that asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What came of asking a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It had it.
    Hit,
    /// It had nothing.
    Miss,
    /// It had something else than was put there.
    Corrupt,
    /// It did not answer.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Hit, Self::Miss, Self::Corrupt, Self::Failed];

    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Corrupt => "corrupt",
            Self::Failed => "failed",
        }
    }
}

/// How often each came of asking a level.
#[derive(Debug, Default)]
pub struct Count([AtomicU64; 4]);

impl Count {
    pub(crate) fn add(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Relaxed);
    }

    /// How often this did.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize].load(Relaxed)
    }
}

/// What came of asking each level for one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(&'static str, Outcome), u64>);

impl Tally {
    /// As the log shows it: `memory=miss store=hit`, with a number where it was more than once.
    pub fn line(&self) -> Option<String> {
        let one = |(&(level, outcome), &times): (&(&'static str, Outcome), &u64)| match times {
            1 => format!("{level}={}", outcome.name()),
            times => format!("{level}={}*{times}", outcome.name()),
        };
        let parts: Vec<String> = self.0.iter().map(one).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

tokio::task_local! {
    static TALLY: Arc<Mutex<Tally>>;
}

/// Serves a request and tells what came of asking the levels for it.
pub async fn tallied<T>(request: impl Future<Output = T>) -> (T, Tally) {
    let tally = Arc::default();
    let answer = TALLY.scope(Arc::clone(&tally), request).await;
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (answer, tally)
}

/// Tells it to the request that is served, if one is.
pub(crate) fn tell(level: &'static str, outcome: Outcome) {
    // Work that no request waits for has nobody to tell.
    let _ = TALLY.try_with(|tally| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.0.entry((level, outcome)).or_default() += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_told_its_own() {
        let (_, nothing) = tallied(async {}).await;
        assert_eq!(nothing.line(), None);
        tell("memory", Outcome::Hit);
        let (_, tally) = tallied(async {
            tell("store", Outcome::Hit);
            tell("memory", Outcome::Miss);
            tell("memory", Outcome::Miss);
        })
        .await;
        assert_eq!(tally.line().as_deref(), Some("memory=miss*2 store=hit"));
    }

    #[test]
    fn outcomes_are_counted_apart() {
        let count = Count::default();
        for outcome in Outcome::ALL {
            count.add(outcome);
        }
        count.add(Outcome::Corrupt);
        assert_eq!(Outcome::ALL.map(|outcome| count.of(outcome)), [1, 1, 2, 1]);
    }
}
