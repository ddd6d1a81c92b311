//! A provider for a fake endpoint, and questions to put to it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqm_ai::provider::{
    Backoff, Budget, Completion, Endpoint, Key, Message, Provider, ProviderError, Question,
};
use sqm_ai::{Conversed, Dialogue, Keyed, Original, Statement, Workers, converse};
use sqm_domain::Dialect;
use sqm_reach::{Reach, Trust};
use sqm_sql::catalog::Catalog;
use sqm_testkit::FakeModel;
use sqm_verify::offer::Options;

/// Shortest waits: tests have no time.
pub const QUICK: Backoff =
    Backoff { first: Duration::from_millis(1), most: Duration::from_millis(4), attempts: 4 };

/// A provider of this endpoint.
pub fn provider(model: &FakeModel) -> Provider {
    let endpoint = Endpoint::new(&model.url(), "fake-1", "127.0.0.1".parse().unwrap()).unwrap();
    Provider::new(endpoint, Trust::default()).waiting(QUICK)
}

/// A provider that may go nowhere but elsewhere, at this base URL.
pub fn provider_at(url: &str, reach: Reach) -> Provider {
    Provider::new(Endpoint::new(url, "fake-1", reach).unwrap(), Trust::default()).waiting(QUICK)
}

/// Asks something, with so much time.
pub async fn ask_within(
    provider: &Provider,
    time: Duration,
) -> (Result<Completion, ProviderError>, Budget, Duration) {
    let schema = json!({"type": "object"});
    let messages = [Message::system("Answer in JSON."), Message::user("What is to be done?")];
    let question = Question { messages: &messages, name: "answer", schema: &schema, answer_tokens: 500 };
    let mut budget = Budget::new(time, 10_000);
    let begun = Instant::now();
    let answer = provider.ask(&question, Key::new("hunter2").as_ref(), &mut budget).await;
    (answer, budget, begun.elapsed())
}

/// Asks something.
pub async fn ask(provider: &Provider) -> Result<Completion, ProviderError> {
    ask_within(provider, Duration::from_secs(20)).await.0
}

/// Judges where it is asked to.
pub struct Here;

impl Workers for Here {
    type Error = Infallible;

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Infallible> {
        Ok(work())
    }
}

/// A talk about a query with this model, and what it cost; nothing is measured.
pub async fn talk(model: &FakeModel, sql: &str, catalog: &Catalog) -> (Conversed, Budget) {
    let statement = Statement::read(sql, Dialect::Postgres, catalog).unwrap();
    let original = Arc::new(Original::read(sql, statement, catalog).unwrap());
    let options = Options { measure: false, ..Options::default() };
    let dialogue = Dialogue::new(original, Arc::new(catalog.clone()), "fake-1", options);
    let (provider, mut budget) = (provider(model), Budget::new(Duration::from_secs(60), 100_000));
    let keyed = Keyed { provider: &provider, key: None };
    let Ok(conversed) = converse(&keyed, &Here, dialogue, &mut budget).await;
    (conversed, budget)
}
