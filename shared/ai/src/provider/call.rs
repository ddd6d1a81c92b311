//! One question: attempt after attempt, within time and tokens, with pauses as the endpoint wants them.

use std::time::{Duration, Instant};

use http::HeaderMap;
use reqwest::Response;
use tokio::time::timeout;

use super::Provider;
use super::answer::{self, Completion};
use super::body;
use super::budget::{Budget, Usage};
use super::endpoint::Key;
use super::error::ProviderError;
use super::form::Form;
use super::pace::retry_after;
use super::resolve::Forbidden;
use super::wire::{Question, Refusal};

/// Fewest tokens that an answer is asked with: less holds no query.
const FEWEST: u64 = 64;

/// With less time no question is begun.
const SHORTEST: Duration = Duration::from_millis(50);

/// Most that is read of an error, in bytes.
const MOST_OF_ERROR: usize = 16 * 1024;

/// Headers in which endpoints name a request.
const REQUEST_IDS: &[&str] =
    &["x-request-id", "apim-request-id", "x-ms-request-id", "request-id", "x-amzn-requestid"];

/// What an attempt gave.
enum Given {
    /// An answer, and what it says it cost.
    Answer { usage: Option<Usage>, text: Result<String, ProviderError>, request_id: Option<String> },
    /// The endpoint does not take the form of the request.
    OtherForm(Form),
    /// None, and how long to wait, where the endpoint says it.
    Failed(ProviderError, Option<Duration>),
}

pub(super) async fn ask(
    provider: &Provider,
    question: &Question<'_>,
    key: Option<&Key>,
    budget: &mut Budget,
) -> Result<Completion, ProviderError> {
    let asked = question.tokens();
    let answer_tokens = question.answer_tokens.min(budget.tokens().saturating_sub(asked));
    if answer_tokens < FEWEST {
        return Err(ProviderError::NoTokens);
    }
    let mut form = provider.form();
    let mut failed = 0;
    loop {
        pause(budget, provider.pace.wait(Instant::now()), ProviderError::RateLimited).await?;
        provider.breaker.pass(Instant::now()).map_err(ProviderError::Resting)?;
        let time = budget.time();
        if time < SHORTEST {
            return Err(ProviderError::NoTime);
        }
        let attempt = attempt(provider, question, key, (form, answer_tokens));
        let given = timeout(time, attempt).await.unwrap_or(Given::Failed(ProviderError::Silent(time), None));
        let (error, wait) = match given {
            Given::OtherForm(other) => {
                budget.spend(Usage { calls: 1, ..Usage::default() });
                provider.breaker.succeeded();
                form = other;
                continue;
            }
            Given::Answer { usage, text, request_id } => {
                let said = text.as_ref().map_or(0, String::len);
                let usage = usage.filter(|usage| usage.tokens() > 0).unwrap_or(Usage {
                    calls: 1,
                    prompt_tokens: asked,
                    completion_tokens: u64::try_from(said / 3).unwrap_or(u64::MAX),
                });
                budget.spend(usage);
                match text {
                    Ok(text) => {
                        provider.breaker.succeeded();
                        provider.remember(form);
                        return Ok(Completion { text, usage, request_id });
                    }
                    Err(error) => (error, None),
                }
            }
            Given::Failed(error, wait) => {
                budget.spend(Usage { calls: 1, ..Usage::default() });
                (error, wait)
            }
        };
        if error.is_failure() {
            provider.breaker.failed(Instant::now());
        } else {
            provider.breaker.succeeded();
        }
        failed += 1;
        if !error.is_passing() || failed >= provider.backoff.attempts {
            return Err(error);
        }
        let wait = wait.unwrap_or_else(|| provider.backoff.wait(failed, rand::random()));
        let is_limit = matches!(error, ProviderError::Status { status: 429, .. });
        pause(budget, wait, |wait| if is_limit { ProviderError::RateLimited(wait) } else { error }).await?;
    }
}

/// Waits, where there is time for that and for a question after it.
async fn pause(
    budget: &Budget,
    wait: Duration,
    otherwise: impl FnOnce(Duration) -> ProviderError,
) -> Result<(), ProviderError> {
    if wait.is_zero() {
        return Ok(());
    }
    if wait + SHORTEST > budget.time() {
        return Err(otherwise(wait));
    }
    tokio::time::sleep(wait).await;
    Ok(())
}

async fn attempt(
    provider: &Provider,
    question: &Question<'_>,
    key: Option<&Key>,
    (form, answer_tokens): (Form, u64),
) -> Given {
    let begun = Instant::now();
    let client = match provider.client() {
        Ok(client) => client,
        Err(error) => return Given::Failed(error, None),
    };
    let endpoint = &provider.endpoint;
    let body = question.body(endpoint.model(), form, answer_tokens);
    let mut request = client.post(endpoint.url().clone()).json(&body);
    if let Some(key) = key {
        let (name, value) = endpoint.authorization(key);
        request = request.header(name, value);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            let error =
                if is_forbidden(&error) { ProviderError::Forbidden } else { ProviderError::Unreachable };
            tracing::warn!(model = endpoint.model(), error = %error, "the model was not reached");
            return Given::Failed(error, None);
        }
    };
    let (status, request_id) = (response.status().as_u16(), request_id(response.headers()));
    let given = read(provider, response, form, request_id.clone()).await;
    tracing::info!(
        model = endpoint.model(),
        status,
        request_id = request_id.as_deref().unwrap_or_default(),
        duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "asked the model"
    );
    given
}

async fn read(provider: &Provider, response: Response, form: Form, request_id: Option<String>) -> Given {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    provider.pace.hear(&headers, Instant::now());
    if status == 200 {
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_stream = kind.starts_with("text/event-stream");
        return match body::read(response, body::MOST).await {
            Ok(body) => {
                let (usage, text) = answer::read(&body, is_stream);
                Given::Answer { usage, text, request_id }
            }
            Err(error) => Given::Failed(error, None),
        };
    }
    if (300..400).contains(&status) {
        return Given::Failed(ProviderError::Redirect(status), None);
    }
    let said = body::read(response, MOST_OF_ERROR).await.unwrap_or_default();
    let refusal: Refusal = serde_json::from_slice(&said).unwrap_or_default();
    let code = refusal.code().map(str::to_owned);
    let error = match (status, code.as_deref()) {
        (401 | 403, _) => ProviderError::Unauthorized,
        (400 | 422, Some("content_filter")) => ProviderError::Filtered,
        (413, _) | (400, Some("context_length_exceeded")) => ProviderError::TooMuchAsked,
        (400 | 422, _) => match form.without(&refusal) {
            Some(other) => return Given::OtherForm(other),
            None => ProviderError::Status { status, code },
        },
        _ => ProviderError::Status { status, code },
    };
    Given::Failed(error, retry_after(&headers))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let ids = REQUEST_IDS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    let mut plain = ids.filter(|id| id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic()));
    plain.next().map(str::to_owned)
}

/// Whether our own look at the address refused it.
fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<Forbidden>() {
            return true;
        }
        source = error.source();
    }
    false
}
