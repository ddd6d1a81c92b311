//! Quantiles with a known error out of counts: DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable
//! Quantile Sketch with Relative-Error Guarantees", VLDB 2019, sections 2.1 and 2.2).
//!
//! A time is counted in the bin whose borders are a fixed factor apart. Counts of a bin add up in any order and
//! however they are spread, so that a database can keep them as counters.

use std::collections::BTreeMap;

/// How far a quantile may be from the time that has this rank, as a part of that time.
pub const RELATIVE_ERROR: f64 = 0.02;

/// Longest time, in microseconds: thirty days. It is in bin 715.
pub const MOST_MICROS: u64 = 30 * 24 * 60 * 60 * 1_000_000;

/// The factor between the borders of a bin.
const GAMMA: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);

/// A bin: times above `GAMMA` to the power of its number less one, up to that of its number, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bin(u16);

impl Bin {
    /// The bin of a time. Less than a microsecond counts as one, more than [`MOST_MICROS`] as that.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn of(micros: u64) -> Self {
        let micros = micros.clamp(1, MOST_MICROS) as f64;
        // Between 0 and 715.
        Self((micros.ln() / GAMMA.ln()).ceil() as u16)
    }

    /// The bin of this number, if there is one.
    pub fn new(number: u16) -> Option<Self> {
        (number <= Self::of(MOST_MICROS).0).then_some(Self(number))
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The time in microseconds that is closest to all times in it: the estimate of the paper.
    fn middle(self) -> f64 {
        2.0 * GAMMA.powi(i32::from(self.0)) / (GAMMA + 1.0)
    }
}

/// How many times fell into which bin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    bins: BTreeMap<Bin, u64>,
}

impl Sketch {
    /// Counts so many in a bin.
    pub fn add(&mut self, bin: Bin, count: u64) {
        if count > 0 {
            let counted = self.bins.entry(bin).or_default();
            *counted = counted.saturating_add(count);
        }
    }

    /// Counts what another one counted.
    pub fn merge(&mut self, other: &Self) {
        other.bins.iter().for_each(|(bin, count)| self.add(*bin, *count));
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.bins.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The bins with their counts, in order.
    pub fn bins(&self) -> impl Iterator<Item = (Bin, u64)> {
        self.bins.iter().map(|(bin, count)| (*bin, *count))
    }

    /// How many lie in bins above this one.
    pub(crate) fn above(&self, bin: Bin) -> u64 {
        let above = (std::ops::Bound::Excluded(bin), std::ops::Bound::Unbounded);
        self.bins.range(above).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The bin in which the time of this rank lies: of 0.5 the middle one. `None` where nothing was counted.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn rank(&self, quantile: f64) -> Option<Bin> {
        let rank = (quantile.clamp(0.0, 1.0) * (self.count().checked_sub(1)? as f64)).floor() as u64;
        let mut seen = 0_u64;
        let reaches = |(_, count): &(&Bin, &u64)| {
            seen = seen.saturating_add(**count);
            seen > rank
        };
        self.bins.iter().find(reaches).or(self.bins.last_key_value()).map(|(bin, _)| *bin)
    }

    /// A quantile in microseconds, within [`RELATIVE_ERROR`]. `None` where nothing was counted.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        self.rank(quantile).map(Bin::middle)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(times: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        times.iter().for_each(|micros| sketch.add(Bin::of(*micros), 1));
        sketch
    }

    /// Times of all magnitudes.
    fn times() -> impl Strategy<Value = Vec<u64>> {
        let time = (0_u32..41).prop_flat_map(|bits| (1_u64 << bits)..(2_u64 << bits));
        prop::collection::vec(time, 1..200)
    }

    proptest! {
        #[test]
        #[allow(clippy::cast_precision_loss)]
        fn a_quantile_is_as_close_as_is_said(times in times(), quantile in 0.0..=1.0_f64) {
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let exact = sorted[(quantile * (sorted.len() - 1) as f64).floor() as usize] as f64;
            let told = sketch(&times).quantile(quantile).unwrap();
            prop_assert!((told - exact).abs() <= exact * (RELATIVE_ERROR + 1e-9), "{told} for {exact}");
        }

        #[test]
        fn counts_add_up_however_they_are_spread(times in times(), at in any::<prop::sample::Index>()) {
            let (one, other) = times.split_at(at.index(times.len()));
            let mut both = sketch(other);
            both.merge(&sketch(one));
            prop_assert_eq!(both, sketch(&times));
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!(Bin::of(0), Bin::of(1));
        assert_eq!(Bin::of(u64::MAX), Bin::of(MOST_MICROS));
        assert_eq!(Bin::of(MOST_MICROS).number(), 715);
        assert!(Bin::new(715).is_some() && Bin::new(716).is_none());
        assert_eq!(Sketch::default().quantile(0.5), None);
        let mut many = Sketch::default();
        many.add(Bin::of(5), u64::MAX);
        many.add(Bin::of(7), u64::MAX);
        assert_eq!(many.count(), u64::MAX);
        assert!(many.quantile(1.0).is_some());
    }
}
