//! Stretches of time on the clock, in UTC, and what ran in them.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::sketch::Sketch;

/// How long a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Span {
    /// Its length.
    pub fn length(self) -> SignedDuration {
        match self {
            Self::Hour => SignedDuration::from_hours(1),
            Self::Day => SignedDuration::from_hours(24),
        }
    }

    /// The beginning of the window in which a time lies.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let seconds = self.length().as_secs();
        // Days of UTC have no leap seconds here; the beginning lies within the times that there are.
        let start = at.as_second().div_euclid(seconds) * seconds;
        Timestamp::from_second(start).unwrap_or(Timestamp::MIN)
    }

    /// The beginning as a name that sorts by time: `2027-01-15T08`, `2027-01-15`.
    pub fn name(self, start: Timestamp) -> String {
        let form = match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
        };
        start.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }
}

/// What ran in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub start: Timestamp,
    /// The times of the executions.
    pub sketch: Sketch,
    /// How many of them are known by the mean of several alone.
    pub summarized: u64,
    /// All times together, in microseconds.
    pub micros: u128,
    /// The rows that they gave, as far as that was told.
    pub rows: Option<u128>,
    /// The bytes that they read, likewise.
    pub bytes: Option<u128>,
    /// The shapes of their plans.
    pub plans: BTreeSet<String>,
}

impl Window {
    /// Nothing has run yet.
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            sketch: Sketch::default(),
            summarized: 0,
            micros: 0,
            rows: None,
            bytes: None,
            plans: BTreeSet::new(),
        }
    }

    /// Counts what ran in another one as well.
    pub fn merge(&mut self, other: &Self) {
        let sum = |one: Option<u128>, other: Option<u128>| match (one, other) {
            (None, known) | (known, None) => known,
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
        };
        self.sketch.merge(&other.sketch);
        self.summarized = self.summarized.saturating_add(other.summarized);
        self.micros = self.micros.saturating_add(other.micros);
        self.rows = sum(self.rows, other.rows);
        self.bytes = sum(self.bytes, other.bytes);
        self.plans.extend(other.plans.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_on_the_clock() {
        let at: Timestamp = "2027-01-15T08:59:59.999999Z".parse().unwrap();
        for (span, start, name) in [
            (Span::Hour, "2027-01-15T08:00:00Z", "2027-01-15T08"),
            (Span::Day, "2027-01-15T00:00:00Z", "2027-01-15"),
        ] {
            assert_eq!(span.start(at), start.parse().unwrap());
            assert_eq!(span.start(span.start(at)), span.start(at));
            assert_eq!(span.name(span.start(at)), name);
        }
        let before: Timestamp = "1969-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(Span::Day.start(before), "1969-12-31T00:00:00Z".parse().unwrap());
    }
}
