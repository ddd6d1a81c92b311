//! From proposals to offers: by the checks, then by the same verifier and the same gate as every other rewrite.
//! What is not shown to be the same is never offered.

use serde::Serialize;
use serde_json::{Value, json};
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::{self, Candidate, Offer, Options};

use super::checks::{self, Passed};
use super::original::Original;
use super::proposal::Proposal;
use crate::ask::symbolic;

/// A proposal that is not offered, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// As the model has it, literals put back where that went.
    pub sql: String,
    /// What was done, as the model has it.
    pub title: String,
    /// Why it is not offered.
    pub reason: String,
}

/// What came of proposals.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    /// Shown to be the same: proved or tested.
    pub offers: Vec<Offer>,
    /// Shown to be another query, with the counterexample.
    pub refuted: Vec<Offer>,
    /// Neither.
    pub rejected: Vec<Rejected>,
    /// What could not be done.
    pub notes: Vec<String>,
    objections: Vec<Objection>,
}

/// What is told to the model of a proposal that was not taken.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Objection {
    sql: String,
    problem: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    counterexample: Value,
}

/// Judges proposals of a model.
pub fn judge(
    original: &Original,
    catalog: &Catalog,
    proposals: &[Proposal],
    model: &str,
    options: &Options,
) -> Verdicts {
    let mut verdicts = Verdicts::default();
    let mut passed: Vec<(&Proposal, Candidate, Passed)> = Vec::new();
    for proposal in proposals {
        let hidden = &original.statement.hidden;
        let sql = match hidden.restore(&proposal.sql) {
            Ok(sql) => sql,
            Err(error) => {
                verdicts.reject(original, proposal, proposal.sql.clone(), error.to_string());
                continue;
            }
        };
        match checks::check(&sql, original, catalog) {
            Err(reason) => verdicts.reject(original, proposal, sql, reason),
            Ok(_) if passed.iter().any(|(_, known, _)| known.sql == sql) => {}
            Ok(pass) => {
                let candidate = candidate(original, proposal, sql, &pass, model);
                passed.push((proposal, candidate, pass));
            }
        }
    }
    if passed.is_empty() {
        return verdicts;
    }
    let candidates = passed.iter().map(|(_, candidate, _)| candidate.clone());
    let found = offer::judge(&original.sql, original.statement.dialect, catalog, candidates, options);
    verdicts.notes = found.notes;
    for offer in found.rewrites.into_iter().chain(found.refuted) {
        let Some((proposal, _, pass)) = passed.iter().find(|(_, it, _)| it.sql == offer.sql) else {
            continue;
        };
        match offer.verdict {
            "refuted" => verdicts.refute(original, proposal, offer),
            "tested" if !pass.moved.is_empty() => {
                let reason = format!(
                    "the values of {} come from elsewhere than in the original, and no proof says that they are the same",
                    pass.moved.join(", ")
                );
                verdicts.reject(original, proposal, offer.sql, reason);
            }
            "proved" | "tested" => verdicts.offers.push(offer),
            _ => verdicts.reject(
                original,
                proposal,
                offer.sql,
                format!("it is not verified: {}", offer.reason),
            ),
        }
    }
    verdicts
}

fn candidate(original: &Original, proposal: &Proposal, sql: String, pass: &Passed, model: &str) -> Candidate {
    let hidden = &original.statement.hidden;
    let mut conditions: Vec<String> = proposal.conditions.iter().map(|text| hidden.reveal(text)).collect();
    conditions.extend(pass.moved.iter().map(|name| format!("the value of {name} comes from another column")));
    if hidden.had_comments {
        conditions.push("the comments of the query are left out".to_owned());
    }
    let title = if proposal.title.is_empty() { "A rewrite of the model's" } else { &proposal.title };
    Candidate {
        sql,
        origin: format!("model:{model}"),
        title: hidden.reveal(title),
        explanation: hidden.reveal(&proposal.explanation),
        conditions,
    }
}

impl Verdicts {
    fn reject(&mut self, original: &Original, proposal: &Proposal, sql: String, reason: String) {
        // What is wrong with a text that holds literals may quote them.
        let problem = original.statement.hidden.conceal(&reason);
        let sql_told = proposal.sql.clone();
        self.objections.push(Objection { sql: sql_told, problem, counterexample: Value::Null });
        self.rejected.push(Rejected { sql, title: proposal.title.clone(), reason });
    }

    fn refute(&mut self, original: &Original, proposal: &Proposal, offer: Offer) {
        let rows = offer.verification.verdict.counterexample();
        self.objections.push(Objection {
            sql: proposal.sql.clone(),
            problem: "it is another query: on this database the results differ".to_owned(),
            counterexample: rows.map_or(Value::Null, |rows| symbolic(rows, &original.statement.hidden)),
        });
        self.refuted.push(offer);
    }

    /// What of this goes back to the model, if anything does.
    pub(crate) fn objections(&self) -> Option<Value> {
        (!self.objections.is_empty()).then(|| json!(self.objections))
    }

    /// Adds what came of further proposals.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { offers, refuted, rejected, notes, objections } = other;
        self.offers.extend(offers);
        self.refuted.extend(refuted);
        self.rejected.extend(rejected);
        self.notes.extend(notes);
        self.objections = objections;
    }
}
