//! What a statement is for, in a model's words: kept for all statements that differ by literals alone.

use serde::Serialize;
use sqm_ai::{Describing, Description, Model, PROMPT_VERSION, Statement};
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_optimization::BUDGET;
use sqm_sql::catalog::Catalog;
use sqm_store::SuggestionKey;

use super::Asking;
use super::once::{self, Obtained};
use super::view::{Asked, ModelView};

/// What a model has said of a statement, if it has.
pub(crate) struct Described {
    asked: Asked,
    description: Option<Description>,
}

/// A description, marked as the model's.
#[derive(Serialize)]
pub(crate) struct DescriptionView<'a> {
    origin: String,
    #[serde(flatten)]
    said: &'a Description,
}

impl Described {
    fn nothing(asked: Asked) -> Self {
        Self { asked, description: None }
    }

    /// What is said of the model.
    pub(crate) fn model(&self) -> ModelView<'_> {
        self.asked.view()
    }

    /// What it has said.
    pub(crate) fn view(&self) -> Option<DescriptionView<'_>> {
        let origin = format!("model:{}", self.asked.id.as_deref().unwrap_or_default());
        self.description.as_ref().map(|said| DescriptionView { origin, said })
    }
}

impl Asking<'_> {
    /// What a statement is for.
    ///
    /// # Errors
    /// The work was not done.
    pub(crate) async fn describe(
        &self,
        sql: SqlText,
        dialect: Dialect,
        catalog: Catalog,
    ) -> Result<Described, Problem> {
        let Some(model) = self.models.configured() else {
            return Ok(Described::nothing(Asked::not_configured()));
        };
        let known = catalog.clone();
        let statement = compute(BUDGET, move || Statement::read(sql.as_str(), dialect, &known)).await?;
        let statement = match statement {
            Ok(statement) => statement,
            Err(why) => return Ok(Described::nothing(Asked::not_asked(model, why.to_string()))),
        };
        let key = SuggestionKey::new(&["description", &statement.content_hash(), model.id(), PROMPT_VERSION]);
        let describing = Describing::new(&statement);
        let obtained = self
            .once(model, &key, |mut budget| async move {
                let answer = model.ask(&describing.question(), &mut budget).await;
                let (said, broken_off) = match answer {
                    Ok(answer) => (Description::read(&answer.text, &catalog), None),
                    Err(error) => (None, Some(error)),
                };
                Ok(once::Asked { keep: said.clone(), extra: said, broken_off, budget })
            })
            .await?;
        let mut asked = Asked::obtained(model, &obtained);
        let said = match obtained {
            Obtained::Before(said) => Some(said),
            Obtained::Now { extra, broken_off, .. } => {
                if extra.is_none() && broken_off.is_none() {
                    asked.status = super::Status::Failed;
                    asked.reason = Some("the answer is not of the form that was asked for".to_owned());
                }
                extra
            }
            _ => None,
        };
        Ok(Described { asked, description: said.map(|said| said.of(&statement)) })
    }
}
