//! An execution as it is given, and what is wrong with it.

use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqm_import::Execution;
use sqm_runs::MOST_MICROS;
use sqm_sql::explain::{self, ExplainError, Printed};
use sqm_store::{KEEP_DAYS, Outlines, PlanShape, Run};

/// How far the clock of a client may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Most executions that one entry stands for, and most rows and bytes of it: what JSON tells exactly.
const MOST_COUNTED: u64 = 1 << 53;

/// Most of an outline that is looked at and kept, in bytes: some 600 steps.
const MAX_OUTLINE_BYTES: usize = 32_000;

/// What is wrong with an execution.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It was longer ago than executions are kept.
    Expired,
    /// A field, and why.
    Field(&'static str, String),
}

impl Wrong {
    /// The field, and why.
    pub(crate) fn told(self) -> (&'static str, String) {
        match self {
            Self::Expired => {
                ("at", format!("more than {KEEP_DAYS} days ago: that is how long executions are kept"))
            }
            Self::Field(field, why) => (field, why),
        }
    }
}

/// The execution as it is kept. The outline of its plan goes to the others.
pub(crate) fn read(execution: Execution, now: Timestamp, outlines: &mut Outlines) -> Result<Run, Wrong> {
    let Execution { id, at, duration_ms, calls, rows, bytes, engine, parameters_hash, plan, plan_outline } =
        execution;
    let age = now.duration_since(at);
    if age > SignedDuration::from_hours(KEEP_DAYS * 24) {
        return Err(Wrong::Expired);
    }
    if age < -AHEAD {
        return Err(Wrong::Field("at", "in the future".to_owned()));
    }
    let calls = calls.unwrap_or(NonZeroU64::MIN);
    counted("calls", Some(calls.get()))?;
    let outline = match (plan, plan_outline) {
        (Some(_), Some(_)) => {
            return Err(Wrong::Field("plan_outline", "give either a plan or its outline".to_owned()));
        }
        (None, outline) => outline,
        (Some(plan), None) => Some(outlined(&plan).map_err(|error| Wrong::Field("plan", error.to_string()))?),
    };
    let plan = outline.map(|mut outline| {
        outline.truncate(outline.floor_char_boundary(MAX_OUTLINE_BYTES));
        let shape = PlanShape::of(&outline);
        outlines.insert(shape.clone(), outline);
        shape
    });
    Ok(Run {
        id,
        at,
        micros: micros(duration_ms).map_err(|why| Wrong::Field("duration_ms", why))?,
        calls,
        rows: counted("rows", rows)?,
        bytes: counted("bytes", bytes)?,
        engine,
        parameters: parameters_hash,
        plan,
    })
}

fn counted(field: &'static str, count: Option<u64>) -> Result<Option<u64>, Wrong> {
    match count {
        Some(count) if count > MOST_COUNTED => Err(Wrong::Field(field, format!("at most {MOST_COUNTED}"))),
        count => Ok(count),
    }
}

fn outlined(plan: &Value) -> Result<String, ExplainError> {
    let plan = match plan {
        Value::String(printed) => explain::parse(Printed::Text(printed), None),
        plan => explain::parse(Printed::Json(plan), None),
    };
    plan.map(|plan| plan.outline())
}

/// Milliseconds as whole microseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn micros(millis: f64) -> Result<u64, String> {
    let most = MOST_MICROS as f64 / 1_000.0;
    if (0.0..=most).contains(&millis) {
        Ok((millis * 1_000.0).round() as u64)
    } else {
        Err(format!("from 0 to {most}"))
    }
}

/// Microseconds as milliseconds, which [`read`] reads as the same microseconds.
#[allow(clippy::cast_precision_loss)] // At most thirty days: 42 bits.
pub(crate) fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(run: Value, expected: Result<u64, &str>) {
        let now: Timestamp = "2027-01-15T12:00:00Z".parse().unwrap();
        let read = read(serde_json::from_value(run).unwrap(), now, &mut Outlines::new());
        assert_eq!(read.map(|run| run.micros).map_err(|wrong| wrong.told().0), expected);
    }

    #[test]
    fn executions() {
        let at = "2027-01-15T11:00:00Z";
        check(json!({ "at": at, "duration_ms": 1.2345 }), Ok(1_235));
        check(json!({ "at": at, "duration_ms": 0 }), Ok(0));
        check(json!({ "at": at, "duration_ms": 2_592_000_000_u64 }), Ok(MOST_MICROS));
        check(json!({ "at": at, "duration_ms": 2_592_000_001_u64 }), Err("duration_ms"));
        check(json!({ "at": at, "duration_ms": -1 }), Err("duration_ms"));
        check(json!({ "at": "2027-01-15T12:06:00Z", "duration_ms": 1 }), Err("at"));
        check(json!({ "at": "2025-01-15T12:00:00Z", "duration_ms": 1 }), Err("at"));
        check(json!({ "at": at, "duration_ms": 1, "rows": u64::MAX }), Err("rows"));
        check(json!({ "at": at, "duration_ms": 1, "calls": u64::MAX }), Err("calls"));
        check(json!({ "at": at, "duration_ms": 1, "plan": "no plan" }), Err("plan"));
        check(json!({ "at": at, "duration_ms": 1, "plan": {} }), Err("plan"));
        check(json!({ "at": at, "duration_ms": 1, "plan": {}, "plan_outline": "x" }), Err("plan_outline"));
    }

    #[test]
    fn a_time_reads_back() {
        for micros in [0, 1, 999, 1_001, 123_456_789, MOST_MICROS - 1, MOST_MICROS] {
            assert_eq!(super::micros(millis(micros)), Ok(micros));
        }
    }
}
