//! The answer to a line of `sqm lint --ndjson`.

use serde::Serialize;
use sqm_sql::lint::{Config, Finding};
use sqm_sql::rules;

use crate::bulk::{Analysis, Context, Failed, Item, Refusal, notes};

/// What is done with a line.
pub struct Line {
    /// Which rules speak.
    pub config: Config,
}

/// What is written for it.
#[derive(Serialize)]
pub struct Answer {
    #[serde(flatten)]
    failed: Option<Failed>,
    findings: Vec<Finding>,
    /// About the dialect and the schema.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Analysis for Line {
    type Answer = Answer;

    fn analyse(&self, item: &Item<'_>, context: &mut Context) -> Result<Answer, Refusal> {
        let sql = item.sql()?;
        let (dialect, unknown) = context.dialect(item);
        let known = context.known(item, dialect)?;
        let findings = rules::lint(sql, dialect, &known.catalog, &self.config);
        Ok(Answer { failed: None, findings, notes: notes(dialect, unknown, &known) })
    }

    fn refuse(&self, refusal: Refusal) -> Answer {
        Answer { failed: Some(refusal.into()), findings: Vec::new(), notes: Vec::new() }
    }
}
