//! A line, read into its record.

use serde::Deserialize;
use sqm_http::{Problem, from_json};
use sqm_import::{Kind, Record};

/// A line that was read.
pub(super) struct Line(pub(super) Record);

/// What kind of record it is, whatever else stands in it.
#[derive(Deserialize)]
struct Told {
    kind: Kind,
}

/// Reads a line; what is wrong with it is named by its field.
pub(super) fn read(text: &str) -> Result<Line, Problem> {
    let Told { kind } = from_json(text)?;
    Ok(Line(match kind {
        Kind::Catalog => Record::Catalog(from_json(text)?),
        Kind::Query => Record::Query(from_json(text)?),
        Kind::Version => Record::Version(from_json(text)?),
        Kind::Runs => Record::Runs(from_json(text)?),
        Kind::Statistics => Record::Statistics(from_json(text)?),
        Kind::Counters => Record::Counters(from_json(text)?),
    }))
}

impl Line {
    /// Whether it is a catalog.
    pub(super) fn is_catalog(&self) -> bool {
        matches!(self.0, Record::Catalog(_))
    }

    /// What it is about: lines about the same thing are done in their order.
    pub(super) fn about(&self) -> String {
        match &self.0 {
            Record::Catalog(record) => format!("catalog {}", record.name),
            Record::Query(record) => format!("origin {}", record.named().as_str()),
            Record::Version(record) => format!("query {}", record.query),
            Record::Counters(record) => format!("query {}", record.query),
            Record::Statistics(record) => format!("origin {}", record.origin.as_str()),
            Record::Runs(record) => match (&record.origin, record.query) {
                (Some(origin), _) => format!("origin {}", origin.as_str()),
                (None, Some(query)) => format!("query {query}"),
                (None, None) => String::new(),
            },
        }
    }
}
