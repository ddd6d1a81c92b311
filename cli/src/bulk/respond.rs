//! From a line to its answer.

use serde::Serialize;
use serde_json::value::RawValue;
use sqm_domain::Dialect;

use super::item::{Item, Refusal, id_of};
use super::lines::{Line, MOST_BYTES};
use super::stats::Meter;
use super::{Analysis, Context, careful};
use crate::input::{Known, grammar_note};

/// What an answer says of a line that cannot be used, besides what its form says for nothing.
#[derive(Serialize)]
pub struct Failed {
    ok: bool,
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    message: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self { ok: false, error: Failure { message: refusal.message, line: None, column: None } }
    }
}

/// What there is to say about how a line was read.
pub fn notes(dialect: Dialect, unknown: Option<String>, known: &Known) -> Vec<String> {
    unknown.or_else(|| grammar_note(dialect)).into_iter().chain(known.problems.iter().cloned()).collect()
}

#[derive(Serialize)]
struct Answer<'a, T> {
    id: Option<&'a RawValue>,
    #[serde(flatten)]
    body: T,
}

/// The answer to a line, as a line.
pub fn respond<A: Analysis>(analysis: &A, line: &Line, context: &mut Context, meter: &Meter) -> Vec<u8> {
    let item = match line.is_too_long {
        true => Err(Refusal::new(format!("the line has more than {MOST_BYTES} bytes"))),
        false => Item::read(&line.bytes),
    };
    let outcome = item.and_then(|item| {
        let outcome = meter.measure(|| careful(|| analysis.analyse(&item, context)));
        let answer = outcome.unwrap_or_else(|broken| Err(Refusal::new(broken)))?;
        Ok(written(item.id, answer))
    });
    outcome.unwrap_or_else(|refusal| {
        let id = id_of(&line.bytes);
        written(id.as_deref(), analysis.refuse(refusal))
    })
}

fn written<T: Serialize>(id: Option<&RawValue>, body: T) -> Vec<u8> {
    let mut out = serde_json::to_vec(&Answer { id, body }).unwrap_or_else(|error| {
        format!("{{\"id\":null,\"ok\":false,\"error\":{:?}}}", error.to_string()).into()
    });
    out.push(b'\n');
    out
}
