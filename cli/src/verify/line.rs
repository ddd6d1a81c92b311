//! The answer to a line of `sqm verify --ndjson`.

use serde::Serialize;
use serde_json::{Value, json};
use sqm_verify::{Options, Verdict, Verification, verify};

use crate::bulk::{Analysis, Context, Failed, Item, Refusal, notes};

/// What is done with a line.
pub struct Line {
    /// How much is tried.
    pub options: Options,
}

/// What is written for it.
#[derive(Serialize)]
pub struct Answer {
    #[serde(flatten)]
    failed: Option<Failed>,
    #[serde(flatten)]
    verification: Value,
}

impl Analysis for Line {
    type Answer = Answer;

    fn analyse(&self, item: &Item<'_>, context: &mut Context) -> Result<Answer, Refusal> {
        let (first, second) = (item.q1()?, item.q2()?);
        let (dialect, unknown) = context.dialect(item);
        let known = context.known(item, dialect)?;
        let verification = verify(first, second, dialect, &known.catalog, &self.options);
        let mut verification = verification.to_contract();
        let notes = notes(dialect, unknown, &known);
        if !notes.is_empty() {
            verification["notes"] = json!(notes);
        }
        Ok(Answer { failed: None, verification })
    }

    fn refuse(&self, refusal: Refusal) -> Answer {
        let verdict = Verdict::Unknown { reason: refusal.message.clone() };
        let nothing = Verification { verdict, databases: 0, assumptions: Vec::new(), ms: 0.0 };
        Answer { failed: Some(refusal.into()), verification: nothing.to_contract() }
    }
}
