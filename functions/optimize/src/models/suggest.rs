//! Rewrites of a model's for one query: those that it has proposed before for the same query modulo literals, or new
//! ones. Each is judged by this query, whichever it was proposed for.

use std::sync::Arc;
use std::time::Duration;

use sqm_ai::{
    Dialogue, NotAsked, Original, Outcome, PROMPT_VERSION, Proposal, Rejected, Statement, converse,
};
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_optimization::{BUDGET, Effort, Known};
use sqm_store::SuggestionKey;
use sqm_verify::offer::{Offer, Optimization, Options};

use super::once::{self, Obtained};
use super::view::{Asked, ModelView};
use super::{Asking, Threads};

/// Longest time for the verdicts on what one answer proposes.
const JUDGING: Duration = Duration::from_secs(5);

/// What a model has brought.
pub(crate) struct Suggested {
    asked: Asked,
    rounds: Option<u32>,
    offers: Vec<Offer>,
    refuted: Vec<Offer>,
    rejected: Option<Vec<Rejected>>,
    notes: Vec<String>,
}

impl Suggested {
    fn nothing(asked: Asked) -> Self {
        Self {
            asked,
            rounds: None,
            offers: Vec::new(),
            refuted: Vec::new(),
            rejected: None,
            notes: Vec::new(),
        }
    }

    fn of(asked: Asked, outcome: Outcome) -> Self {
        let rounds = (outcome.rounds > 0).then_some(outcome.rounds);
        let sqm_ai::Verdicts { offers, refuted, rejected, notes, .. } = outcome.verdicts;
        Self { asked, rounds, offers, refuted, rejected: Some(rejected), notes }
    }

    /// Puts what was shown to be the same among the other rewrites, in one ranking.
    pub(crate) fn add_to(&mut self, optimization: &mut Optimization) {
        for offer in self.offers.drain(..) {
            if !optimization.rewrites.iter().any(|other| other.sql == offer.sql) {
                optimization.rewrites.push(offer);
            }
        }
        optimization.rewrites.sort_by(Offer::best_first);
        optimization.refuted.append(&mut self.refuted);
        optimization
            .notes
            .extend(self.notes.drain(..).map(|note| format!("of the model's rewrites: {note}")));
    }

    /// As an answer shows it, with what was not taken for whoever asks.
    pub(crate) fn view(&self, with_rejected: bool) -> ModelView<'_> {
        ModelView {
            rounds: self.rounds,
            rejected_count: self.rejected.as_ref().map(Vec::len),
            rejected: self.rejected.as_deref().filter(|_| with_rejected),
            ..self.asked.view()
        }
    }
}

impl Asking<'_> {
    /// What a model brings for a query.
    ///
    /// # Errors
    /// The work was not done.
    pub(crate) async fn suggest(
        &self,
        sql: SqlText,
        dialect: Dialect,
        (catalog, statistics): Known,
        effort: Effort,
    ) -> Result<Suggested, Problem> {
        let Some(model) = self.models.configured() else {
            return Ok(Suggested::nothing(Asked::not_configured()));
        };
        let catalog = Arc::new(catalog);
        let (known, options) =
            (catalog.clone(), Options { time: JUDGING, statistics, ..effort.optimization() });
        let id = model.id().to_owned();
        let plan = self.plan.clone();
        let begun = compute(BUDGET, move || {
            let statement = Statement::read_with(sql.as_str(), dialect, &known, &options.statistics)?;
            let statement = match plan {
                Some(plan) => statement.with_plan(&plan)?,
                None => statement,
            };
            let key = SuggestionKey::new(&["rewrites", &statement.content_hash(), &id, PROMPT_VERSION]);
            let original = Arc::new(Original::read(sql.as_str(), statement, &known)?);
            Ok::<_, NotAsked>((key, Dialogue::new(original, known, &id, options)))
        });
        let (key, dialogue) = match begun.await? {
            Ok(begun) => begun,
            Err(why) => return Ok(Suggested::nothing(Asked::not_asked(model, why.to_string()))),
        };
        let talk = dialogue.clone();
        let obtained = self
            .once(model, &key, |mut budget| async move {
                let conversed = converse(model, &Threads, talk, &mut budget).await?;
                let outcome = conversed.outcome;
                Ok(once::Asked {
                    keep: outcome.was_understood.then(|| outcome.proposals.clone()),
                    extra: outcome,
                    broken_off: conversed.broken_off,
                    budget,
                })
            })
            .await?;
        let asked = Asked::obtained(model, &obtained);
        Ok(match obtained {
            Obtained::Before(proposals) => Suggested::of(asked, recalled(dialogue, proposals).await?),
            Obtained::Now { extra, .. } => Suggested::of(asked, extra),
            _ => Suggested::nothing(asked),
        })
    }
}

async fn recalled(mut dialogue: Dialogue, proposals: Vec<Proposal>) -> Result<Outcome, Problem> {
    compute(BUDGET, move || {
        dialogue.recall(&proposals);
        dialogue.finish()
    })
    .await
}
