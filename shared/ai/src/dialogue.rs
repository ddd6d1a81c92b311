//! A talk about one query, round after round: a question, proposals, verdicts, and what was refused back to the
//! model. Knows no network and no time: whoever drives it asks, and hands the answer in.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::Options;

use crate::ask::{self, OBJECTIONS, REWRITE, SYSTEM, filled};
use crate::judge::{Original, Proposal, Verdicts, judge, proposals};
use crate::provider::{Message, Question};

/// How often what was refused goes back.
const REPAIRS: u32 = 2;

/// Most tokens of one answer: four rewrites of a long query, and what is said of them.
const ANSWER_TOKENS: u64 = 3_000;

/// What is to be done after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next question.
    Ask,
    /// Nothing.
    Done,
}

/// The talk.
#[derive(Debug, Clone)]
pub struct Dialogue {
    original: Arc<Original>,
    catalog: Arc<Catalog>,
    model: String,
    options: Options,
    schema: Value,
    messages: Vec<Message>,
    heard: Vec<Proposal>,
    seen: BTreeSet<String>,
    found: Verdicts,
    rounds: u32,
    was_understood: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was offered, refuted and rejected.
    pub verdicts: Verdicts,
    /// Everything that the model has proposed, with placeholders: good for every statement that differs by literals
    /// alone, and to be judged anew each time.
    pub proposals: Vec<Proposal>,
    /// How often the model has answered.
    pub rounds: u32,
    /// Whether one of its answers was of the form that was asked for.
    pub was_understood: bool,
}

impl Dialogue {
    /// Begins one.
    pub fn new(original: Arc<Original>, catalog: Arc<Catalog>, model: &str, options: Options) -> Self {
        let messages =
            vec![Message::system(SYSTEM), Message::user(filled(REWRITE, original.statement.view()))];
        Self {
            original,
            catalog,
            model: model.to_owned(),
            options,
            schema: ask::rewrites(),
            messages,
            heard: Vec::new(),
            seen: BTreeSet::new(),
            found: Verdicts::default(),
            rounds: 0,
            was_understood: false,
        }
    }

    /// What is to be asked now.
    pub fn question(&self) -> Question<'_> {
        Question {
            messages: &self.messages,
            name: "rewrites",
            schema: &self.schema,
            answer_tokens: ANSWER_TOKENS,
        }
    }

    /// Takes an answer. This computes for as long as the options allow.
    pub fn hear(&mut self, answer: &str) -> Next {
        self.rounds += 1;
        let may_go_on = self.rounds <= REPAIRS;
        let proposed = match proposals(answer) {
            Ok(proposed) => proposed,
            Err(why) => {
                self.found.notes.push(format!("{why} (answer {})", self.rounds));
                let again = format!("{why}. Answer with one JSON object of that form and with nothing else.");
                self.messages.push(Message::user(again));
                return if may_go_on { Next::Ask } else { Next::Done };
            }
        };
        self.was_understood = true;
        let new: Vec<Proposal> = proposed.into_iter().filter(|it| self.seen.insert(it.sql.clone())).collect();
        let verdicts = self.judge(&new);
        self.heard.extend(new.iter().cloned());
        let objections = verdicts.objections().filter(|_| may_go_on);
        self.found.add(verdicts);
        let Some(objections) = objections else { return Next::Done };
        self.messages.push(Message::assistant(serde_json::json!({"rewrites": new}).to_string()));
        self.messages.push(Message::user(filled(OBJECTIONS, &objections)));
        Next::Ask
    }

    /// Takes what a model has proposed before, for this statement or for one that differs by literals alone.
    pub fn recall(&mut self, proposed: &[Proposal]) {
        let verdicts = self.judge(proposed);
        self.heard.extend(proposed.iter().cloned());
        self.found.add(verdicts);
    }

    /// Ends it.
    pub fn finish(self) -> Outcome {
        let Self { found, heard, rounds, was_understood, .. } = self;
        Outcome { verdicts: found, proposals: heard, rounds, was_understood }
    }

    fn judge(&self, proposed: &[Proposal]) -> Verdicts {
        judge(&self.original, &self.catalog, proposed, &self.model, &self.options)
    }
}
