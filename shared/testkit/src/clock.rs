//! A clock that the test turns.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use sqm_http::Clock;

/// When every test starts: the fifteenth of January 2027, in milliseconds since the Unix epoch.
const START_MS: i64 = 1_800_000_000_000;

/// A clock that moves a millisecond whenever somebody looks at it, so that what happens later has a later
/// time, and as far as a test turns it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(START_MS))
    }
}

impl TestClock {
    /// Turns it on.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// The time in seconds since the Unix epoch, without moving it.
    pub fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed) / 1000
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}
