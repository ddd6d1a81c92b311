//! How long an analysis is kept, by where its text comes from.

use jiff::{SignedDuration, Timestamp};

/// Where the text of an analysis comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is stored: its analyses are kept for longer than the year that an edge keeps them.
    Stored,
    /// It came with a request: for a week.
    AdHoc,
}

impl Origin {
    /// Until when what is made now is kept.
    pub fn until(self, now: Timestamp) -> Timestamp {
        let days = match self {
            Self::Stored => 400,
            Self::AdHoc => 7,
        };
        now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MAX)
    }
}
