//! What ran of a query: each execution, once however often it is sent, and what those of an hour and of a day
//! add up to, counted as they arrive.

mod counters;
mod read;
mod record;

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqm_domain::{EngineLabel, ParametersHash, RunId};

pub use counters::Counters;
pub use record::Recorded;

/// How long executions and days are kept, from when they were: a year can be compared with the one before in its
/// last month. What is older is not taken, so that an execution whose record is gone cannot count twice.
pub const KEEP_DAYS: i64 = 400;

/// How long hours are kept: the last month, hour by hour.
pub const KEEP_HOURS_DAYS: i64 = 35;

/// An execution of a query, or several that are known by their mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What the client calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RunId>,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in microseconds; of several the mean.
    pub micros: u64,
    /// How many executions it stands for.
    pub calls: NonZeroU64,
    /// Rows given, by all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes read, by all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineLabel>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<ParametersHash>,
    /// The shape of its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanShape>,
}

/// The shape of a plan: the first 64 bits of the SHA-256 of its outline, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanShape(String);

/// Outlines of plans by their shapes; each has to fit into an item.
pub type Outlines = BTreeMap<PlanShape, String>;

impl PlanShape {
    /// The shape of a plan with this outline.
    pub fn of(outline: &str) -> Self {
        Self(format!("{:x}", Sha256::digest(outline))[..16].to_owned())
    }

    /// The shape as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PlanShape {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 16 && is_hex { Ok(Self(text)) } else { Err("expected 16 digits of 0-9 and a-f") }
    }
}

impl From<PlanShape> for String {
    fn from(shape: PlanShape) -> Self {
        shape.0
    }
}

impl Run {
    /// The name under which it is kept: what its client calls it, else what it says.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        match &self.id {
            Some(id) => hash.update(format!("id {id}")),
            None => {
                // Two texts of one line each cannot be told for others: the lines stand for themselves.
                let Self { at, micros, calls, rows, bytes, engine, parameters, plan, id: _ } = self;
                let (engine, parameters) = (engine.as_ref(), parameters.as_ref());
                let plan = plan.as_ref().map_or("", PlanShape::as_str);
                let engine = engine.map_or("", EngineLabel::as_str);
                let parameters = parameters.map_or("", ParametersHash::as_str);
                let told = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
                hash.update(format!(
                    "{}\n{micros}\n{calls}\n{}\n{}\n{engine}\n{parameters}\n{plan}",
                    at.as_nanosecond(),
                    told(*rows),
                    told(*bytes),
                ));
            }
        }
        format!("{:x}", hash.finalize())[..32].to_owned()
    }
}

/// The end of something that is kept so many days after it was, in seconds since 1970.
fn expiry(from: Timestamp, days: i64) -> i64 {
    from.as_second().saturating_add(days * 86_400)
}

/// The first time that is kept so many days.
fn kept_since(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            id: None,
            at: Timestamp::UNIX_EPOCH,
            micros: 5,
            calls: NonZeroU64::MIN,
            rows: None,
            bytes: None,
            engine: None,
            parameters: None,
            plan: None,
        }
    }

    #[test]
    fn a_name_is_what_tells_executions_apart() {
        let others = [
            Run { at: Timestamp::from_nanosecond(1).unwrap(), ..run() },
            Run { micros: 6, ..run() },
            Run { calls: NonZeroU64::new(2).unwrap(), ..run() },
            Run { rows: Some(0), ..run() },
            Run { bytes: Some(0), ..run() },
            Run { engine: "x".parse().ok(), ..run() },
            Run { parameters: "x".parse().ok(), ..run() },
            Run { plan: Some(PlanShape::of("x")), ..run() },
            Run { id: "x".parse().ok(), ..run() },
        ];
        let hashes: std::collections::BTreeSet<_> =
            others.iter().map(Run::hash).chain([run().hash()]).collect();
        assert_eq!(hashes.len(), others.len() + 1);
        let named = |micros| Run { id: "x".parse().ok(), micros, ..run() };
        assert_eq!(named(1).hash(), named(2).hash());
    }

    #[test]
    fn shapes_read_back() {
        let shape = PlanShape::of("Seq Scan on t\n");
        assert_eq!(PlanShape::try_from(String::from(shape.clone())), Ok(shape));
        for bad in ["", "0123", "0123456789ABCDEF", "0123456789abcdeg"] {
            assert!(PlanShape::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
