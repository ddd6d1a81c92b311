//! The model that the deployment has named, if it has: with which key it is asked, for how much, and what comes of
//! it. Without one everything else is as it is.

mod describe;
mod once;
mod suggest;
mod view;

use std::sync::Arc;

use sqm_ai::Model;
use sqm_ai::provider::{Budget, Completion, Endpoint, Key, Provider, ProviderError, Question, Usage};
use sqm_domain::{SecretName, WorkspaceId};
use sqm_http::settings::ModelSettings;
use sqm_http::{Clock, Problem, Secrets, compute};
use sqm_optimization::BUDGET;
use sqm_reach::{Reach, Trust};
use sqm_sql::explain::Explained;
use sqm_store::{Quota, Spent, Store};

use crate::App;
pub(crate) use describe::{Described, DescriptionView};
pub(crate) use suggest::Suggested;
pub(crate) use view::{ModelView, Status};

/// The model, or none.
#[derive(Clone)]
pub struct Models(Option<Arc<Configured>>);

/// A model that may be asked.
pub(crate) struct Configured {
    provider: Provider,
    secrets: Secrets,
    secret: Option<SecretName>,
    pub(crate) quota: Quota,
    prices: [u64; 2],
}

impl Models {
    /// As the settings say.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub fn new(settings: Option<&ModelSettings>, secrets: Secrets) -> anyhow::Result<Self> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let wrong = |name: &str, error: &dyn std::fmt::Display| anyhow::anyhow!("{name}: {error}");
        let reach = match &settings.hosts {
            None => Reach::Elsewhere,
            Some(hosts) => hosts.parse().map_err(|error| wrong("SQM_MODEL_HOSTS", &error))?,
        };
        let endpoint = Endpoint::new(&settings.url, &settings.name, reach)
            .map_err(|error| wrong("SQM_MODEL_URL", &error))?;
        let trust = match &settings.certificates {
            None => Trust::default(),
            Some(file) => Trust::with_file(file).map_err(|error| wrong("SQM_MODEL_CA", &error))?,
        };
        let secret = settings.secret.as_deref().map(str::parse).transpose();
        Ok(Self(Some(Arc::new(Configured {
            provider: Provider::new(endpoint, trust),
            secrets,
            secret: secret.map_err(|error| wrong("SQM_MODEL_SECRET", &error))?,
            quota: Quota { requests: settings.requests_per_day, tokens: settings.tokens_per_day },
            prices: settings.prices,
        }))))
    }

    /// The model that there is.
    pub(crate) fn configured(&self) -> Option<&Configured> {
        self.0.as_deref()
    }
}

impl Configured {
    /// The name of the model.
    pub(crate) fn id(&self) -> &str {
        self.provider.model()
    }

    /// What it cost.
    fn spent(&self, usage: Usage) -> Spent {
        let [question, answer] = self.prices;
        let cost = usage
            .prompt_tokens
            .saturating_mul(question)
            .saturating_add(usage.completion_tokens.saturating_mul(answer));
        Spent {
            calls: usage.calls,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cost_nano_usd: cost,
        }
    }

    async fn key(&self) -> Result<Option<Key>, ProviderError> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let text = self.secrets.read(secret).await.map_err(|_| ProviderError::NoKey)?;
        Key::new(&text).map(Some).ok_or(ProviderError::NoKey)
    }
}

impl Model for Configured {
    async fn ask(&self, question: &Question<'_>, budget: &mut Budget) -> Result<Completion, ProviderError> {
        let key = self.key().await?;
        let answer = self.provider.ask(question, key.as_ref(), budget).await;
        match (&answer, &self.secret) {
            // The key may have been changed since it was read.
            (Err(ProviderError::Unauthorized), Some(secret)) => {
                self.secrets.forget(secret);
                let key = self.key().await?;
                self.provider.ask(question, key.as_ref(), budget).await
            }
            _ => answer,
        }
    }
}

/// Whoever wants a model to be asked, and what that needs.
pub(crate) struct Asking<'a> {
    models: &'a Models,
    store: &'a Store,
    clock: &'a dyn Clock,
    workspace: &'a WorkspaceId,
    /// What is wrong with the plan of what is to be rewritten, where one was given.
    plan: Option<Explained>,
}

impl<'a> Asking<'a> {
    /// For a request that wants it.
    pub(crate) fn of(
        app: &'a App,
        workspace: &'a WorkspaceId,
        wanted: Option<bool>,
        plan: Option<Explained>,
    ) -> Option<Self> {
        wanted.unwrap_or(false).then(|| Self { plan, ..Self::new(app, workspace) })
    }

    /// For a request that is about nothing else.
    pub(crate) fn new(app: &'a App, workspace: &'a WorkspaceId) -> Self {
        Self { models: &app.models, store: &app.store, clock: &*app.clock, workspace, plan: None }
    }
}

/// Judges on the threads for what costs processor time.
struct Threads;

impl sqm_ai::Workers for Threads {
    type Error = Problem;

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        compute(BUDGET, work).await
    }
}
