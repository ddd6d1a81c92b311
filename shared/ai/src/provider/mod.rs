//! The client of one model endpoint that speaks OpenAI's chat completions, as most do: one pool of connections,
//! one breaker, one memory of what the endpoint takes and of when it may be asked again.
//!
//! The endpoint is a setting of the deployment. Its answers are somebody else's text: bounded in size and time,
//! never logged.

mod answer;
mod body;
mod breaker;
mod budget;
mod call;
mod endpoint;
mod error;
mod events;
mod form;
mod pace;
mod resolve;
mod retry;
mod wire;

pub use answer::Completion;
pub use budget::{Budget, Usage};
pub use endpoint::{Endpoint, InvalidEndpoint, Key};
pub use error::ProviderError;
pub use resolve::{Looking, Lookup, SystemLookup};
pub use retry::Backoff;
pub use wire::{Message, Question, Role};

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use sqm_reach::Trust;

use breaker::Breaker;
use form::Form;
use pace::Pace;
use resolve::Guarded;

/// Longest time until a connection is there, encryption included.
const CONNECT: Duration = Duration::from_secs(4);

/// How long an idle connection is kept: shorter than servers and balancers keep theirs.
const IDLE: Duration = Duration::from_secs(20);

/// A model that can be asked. One for the whole process.
pub struct Provider {
    endpoint: Endpoint,
    lookup: Arc<dyn Lookup>,
    trust: Trust,
    backoff: Backoff,
    client: OnceLock<Result<Client, String>>,
    breaker: Breaker,
    pace: Pace,
    form: Mutex<Form>,
}

impl Provider {
    /// Nothing is connected to yet.
    pub fn new(endpoint: Endpoint, trust: Trust) -> Self {
        Self {
            endpoint,
            lookup: Arc::new(SystemLookup),
            trust,
            backoff: Backoff::default(),
            client: OnceLock::new(),
            breaker: Breaker::default(),
            pace: Pace::default(),
            form: Mutex::default(),
        }
    }

    /// Looks names up elsewhere.
    pub fn looking_up(self, lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, ..self }
    }

    /// Waits otherwise between attempts.
    pub fn waiting(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// The name of the model.
    pub fn model(&self) -> &str {
        self.endpoint.model()
    }

    /// Asks, as often as it takes and the budget allows. What it cost is in the budget, whatever came of it.
    ///
    /// # Errors
    /// There is no answer, or none that can be used.
    pub async fn ask(
        &self,
        question: &Question<'_>,
        key: Option<&Key>,
        budget: &mut Budget,
    ) -> Result<Completion, ProviderError> {
        call::ask(self, question, key, budget).await
    }

    fn client(&self) -> Result<&Client, ProviderError> {
        let client = self.client.get_or_init(|| self.build());
        client.as_ref().map_err(|why| ProviderError::Client(why.clone()))
    }

    /// Without redirects, proxies and retries of its own: each of them would lead a request where nobody has
    /// looked.
    fn build(&self) -> Result<Client, String> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("sqm/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Guarded::new(self.endpoint.reach().clone(), self.lookup.clone()));
        if self.endpoint.is_encrypted() {
            builder = builder.tls_backend_preconfigured((*self.trust.config()?).clone());
        }
        builder.build().map_err(|error| error.to_string())
    }

    fn form(&self) -> Form {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, form: Form) {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner) = form;
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
