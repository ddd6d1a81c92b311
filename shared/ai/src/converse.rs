//! Drives a talk: asks the model, and has answers judged on threads that may be kept busy.

use std::future::Future;

use crate::dialogue::{Dialogue, Next, Outcome};
use crate::provider::{Budget, Completion, Key, Provider, ProviderError, Question};

/// Who answers.
pub trait Model: Send + Sync {
    /// Asks.
    fn ask(
        &self,
        question: &Question<'_>,
        budget: &mut Budget,
    ) -> impl Future<Output = Result<Completion, ProviderError>> + Send;
}

/// A provider with the key that it is asked with.
#[derive(Debug)]
pub struct Keyed<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The key, where it wants one.
    pub key: Option<&'a Key>,
}

impl Model for Keyed<'_> {
    async fn ask(&self, question: &Question<'_>, budget: &mut Budget) -> Result<Completion, ProviderError> {
        self.provider.ask(question, self.key, budget).await
    }
}

/// Where judging is done: it costs processor time.
pub trait Workers: Send + Sync {
    /// Why something was not done.
    type Error: Send;

    /// Does it elsewhere.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Self::Error>> + Send;
}

/// What came of a talk, and why it ended before its end, if it did.
#[derive(Debug)]
pub struct Conversed {
    /// What was found until then.
    pub outcome: Outcome,
    /// Why the model was not asked any more.
    pub broken_off: Option<ProviderError>,
}

/// Goes through a talk to its end, or to that of the budget.
///
/// # Errors
/// The work of judging was not done.
pub async fn converse<M: Model, W: Workers>(
    model: &M,
    workers: &W,
    mut dialogue: Dialogue,
    budget: &mut Budget,
) -> Result<Conversed, W::Error> {
    loop {
        let answer = match model.ask(&dialogue.question(), budget).await {
            Ok(answer) => answer.text,
            Err(error) => return Ok(Conversed { outcome: dialogue.finish(), broken_off: Some(error) }),
        };
        let (heard, next) = workers
            .run(move || {
                let next = dialogue.hear(&answer);
                (dialogue, next)
            })
            .await?;
        dialogue = heard;
        if next == Next::Done {
            return Ok(Conversed { outcome: dialogue.finish(), broken_off: None });
        }
    }
}
