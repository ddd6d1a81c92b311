//! A breaker: an endpoint that has failed several times in a row is left alone for a while, then asked once; what
//! that brings decides. So a dead endpoint costs a request nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row after which it opens.
const FAILURES: u32 = 5;

/// How long it stays open.
const REST: Duration = Duration::from_secs(30);

/// The breaker.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Nobody is let through before this; who is let through after it goes alone.
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Goes on, or says for how long nobody does.
    pub(super) fn pass(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        match state.rests_until {
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                // The others wait for what this one finds; should it never come back, one of them goes later.
                state.rests_until = Some(now + REST);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// It has answered.
    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// It has not.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.rests_until = Some(now + REST);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_rests_and_lets_one_through() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.failed(now);
            assert_eq!(breaker.pass(now), Ok(()));
        }
        breaker.failed(now);
        assert_eq!(breaker.pass(now), Err(REST));
        let later = now + REST;
        assert_eq!(breaker.pass(later), Ok(()), "one is let through");
        assert!(breaker.pass(later).is_err(), "and no other");
        breaker.failed(later);
        assert!(breaker.pass(later).is_err());
        breaker.succeeded();
        assert_eq!(breaker.pass(later), Ok(()));
    }
}
