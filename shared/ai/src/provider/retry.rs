//! How long to wait before the next attempt: as the endpoint says, else at random up to a bound that doubles
//! ("full jitter": those that failed together do not come back together).

use std::time::Duration;

/// Waits between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound before the second attempt.
    pub first: Duration,
    /// The largest bound.
    pub most: Duration,
    /// Attempts in all.
    pub attempts: u32,
}

impl Default for Backoff {
    /// Four attempts: an endpoint that fails longer fails for longer than a request lasts.
    fn default() -> Self {
        Self { first: Duration::from_millis(400), most: Duration::from_secs(5), attempts: 4 }
    }
}

impl Backoff {
    /// The wait after so many failed attempts, by a random number from 0 to 1.
    pub(super) fn wait(self, failed: u32, random: f64) -> Duration {
        let bound = self.first.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(self.most);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_largest() {
        let backoff = Backoff::default();
        let bounds: Vec<_> = (1..=6).map(|failed| backoff.wait(failed, 1.0).as_millis()).collect();
        assert_eq!(bounds, [400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(backoff.wait(3, 0.0), Duration::ZERO);
        assert_eq!(backoff.wait(u32::MAX, 1.0), backoff.most);
    }
}
