//! Executions as they are given, and what is wrong with them.

use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use sqm_domain::{EngineLabel, ParametersHash, RunId};
use sqm_http::Problem;
use sqm_runs::MOST_MICROS;
use sqm_sql::explain::{self, ExplainError, Printed};
use sqm_store::{KEEP_DAYS, Outlines, PlanShape, Run};

/// Most executions of one request: about a dozen transactions, a second where the table is slow.
const MOST_RUNS: usize = 1_000;

/// How far the clock of a client may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Most executions that one entry stands for, and most rows and bytes of it: what JSON tells exactly.
const MOST_COUNTED: u64 = 1 << 53;

/// Executions of a query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    runs: Vec<Execution>,
}

/// One of them, or several that are known by their mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Execution {
    id: Option<RunId>,
    at: Timestamp,
    duration_ms: f64,
    calls: Option<NonZeroU64>,
    rows: Option<u64>,
    bytes: Option<u64>,
    engine: Option<EngineLabel>,
    parameters_hash: Option<ParametersHash>,
    plan: Option<Value>,
}

impl Asked {
    /// The executions, with the outlines of their plans; the first that is wrong is named.
    pub(super) fn read(self, now: Timestamp) -> Result<(Vec<Run>, Outlines), Problem> {
        if self.runs.is_empty() || self.runs.len() > MOST_RUNS {
            return Err(Problem::field("runs", format!("from 1 to {MOST_RUNS} at once")));
        }
        let mut outlines = Outlines::new();
        let mut runs = Vec::with_capacity(self.runs.len());
        for (at, run) in self.runs.into_iter().enumerate() {
            let wrong = |field: &str, why: String| Problem::field(format!("runs[{at}].{field}"), why);
            runs.push(run.read(now, &mut outlines).map_err(|(field, why)| wrong(field, why))?);
        }
        Ok((runs, outlines))
    }
}

impl Execution {
    fn read(self, now: Timestamp, outlines: &mut Outlines) -> Result<Run, (&'static str, String)> {
        let days = SignedDuration::from_hours(KEEP_DAYS * 24);
        let age = now.duration_since(self.at);
        if age > days {
            return Err((
                "at",
                format!("more than {KEEP_DAYS} days ago: that is how long executions are kept"),
            ));
        }
        if age < -AHEAD {
            return Err(("at", "in the future".to_owned()));
        }
        let counted = |field, count: Option<u64>| match count {
            Some(count) if count > MOST_COUNTED => Err((field, format!("at most {MOST_COUNTED}"))),
            count => Ok(count),
        };
        let calls = self.calls.unwrap_or(NonZeroU64::MIN);
        counted("calls", Some(calls.get()))?;
        let plan =
            self.plan.as_ref().map(outline).transpose().map_err(|error| ("plan", error.to_string()))?;
        let plan = plan.map(|outline| {
            let shape = PlanShape::of(&outline);
            outlines.insert(shape.clone(), outline);
            shape
        });
        Ok(Run {
            id: self.id,
            at: self.at,
            micros: micros(self.duration_ms).map_err(|why| ("duration_ms", why))?,
            calls,
            rows: counted("rows", self.rows)?,
            bytes: counted("bytes", self.bytes)?,
            engine: self.engine,
            parameters: self.parameters_hash,
            plan,
        })
    }
}

fn outline(plan: &Value) -> Result<String, ExplainError> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(run: Value, expected: Result<u64, &str>) {
        let now: Timestamp = "2027-01-15T12:00:00Z".parse().unwrap();
        let asked: Asked = serde_json::from_value(json!({ "runs": [run] })).unwrap();
        match (asked.read(now), expected) {
            (Ok((runs, _)), Ok(micros)) => assert_eq!(runs[0].micros, micros),
            (Err(problem), Err(field)) => {
                assert_eq!(problem.member("field"), Some(&field.into()), "{problem:?}");
            }
            (read, expected) => panic!("{read:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn executions() {
        let at = "2027-01-15T11:00:00Z";
        check(json!({ "at": at, "duration_ms": 1.2345 }), Ok(1_235));
        check(json!({ "at": at, "duration_ms": 0 }), Ok(0));
        check(json!({ "at": at, "duration_ms": 2_592_000_000_u64 }), Ok(MOST_MICROS));
        check(json!({ "at": at, "duration_ms": 2_592_000_001_u64 }), Err("runs[0].duration_ms"));
        check(json!({ "at": at, "duration_ms": -1 }), Err("runs[0].duration_ms"));
        check(json!({ "at": "2027-01-15T12:06:00Z", "duration_ms": 1 }), Err("runs[0].at"));
        check(json!({ "at": "2025-01-15T12:00:00Z", "duration_ms": 1 }), Err("runs[0].at"));
        check(json!({ "at": at, "duration_ms": 1, "rows": u64::MAX }), Err("runs[0].rows"));
        check(json!({ "at": at, "duration_ms": 1, "calls": u64::MAX }), Err("runs[0].calls"));
        check(json!({ "at": at, "duration_ms": 1, "plan": "no plan" }), Err("runs[0].plan"));
        check(json!({ "at": at, "duration_ms": 1, "plan": {} }), Err("runs[0].plan"));
    }
}
