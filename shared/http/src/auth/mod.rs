//! Authentication: a bearer token (RFC 6750) becomes a [`Caller`], or a problem that says which part of
//! it is not accepted and never repeats any of it.

mod cache;
mod keys;
mod mint;
mod token;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};

use crate::caller::Caller;
use crate::clock::Clock;
use crate::problem::{Kind, Problem};

pub use cache::{KEPT_S, KeyCache, MIN_REFRESH_INTERVAL_S, MIN_RETRY_INTERVAL_S};
pub use keys::{KeyError, KeySource, Keys, MIN_KEY_BYTES};
pub use mint::{Claims, mint};
pub use token::{LEEWAY_S, MAX_TOKEN_BYTES, TokenError, Verified};

/// Whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The `iss` of every token.
    pub issuer: String,
    /// What the `aud` of every token names.
    pub audience: String,
}

/// Turns tokens into callers.
pub struct Authenticator {
    keys: KeyCache,
    expected: Expected,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// An authenticator that has not yet fetched a key.
    pub fn new(source: KeySource, expected: Expected, clock: Arc<dyn Clock>) -> Self {
        Self { keys: KeyCache::new(source, clock.clone()), expected, clock }
    }

    /// Fetches the keys ahead of the first request. A failure is no error yet: the first request tries
    /// again and says so.
    pub async fn warm(&self) {
        if let Err(error) = self.keys.current().await {
            tracing::warn!(error = %error, "the token key could not be fetched ahead");
        }
    }

    /// The caller whom the headers prove.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let token = bearer(headers)?;
        let unverified = token::Unverified::read(token).map_err(refused)?;
        let mut keys = self.keys.current().await.map_err(no_key)?;
        let (claims, key) = match unverified.verify(&keys) {
            Err(TokenError::Signature) => {
                // The key may have been rotated since it was fetched.
                keys = self.keys.newer_than(&keys).await.ok_or_else(|| refused(TokenError::Signature))?;
                unverified.verify(&keys)
            }
            verified => verified,
        }
        .map_err(refused)?;
        let verified =
            Verified::check(&claims, &self.expected, self.clock.now().as_second()).map_err(refused)?;
        Ok(Caller::new(verified, keys.cursors(key)))
    }
}

/// Lets a request pass with its [`Caller`], or answers 401. The caller also goes with the answer, for the
/// log.
pub async fn authenticate(
    State(authenticator): State<Arc<Authenticator>>,
    mut request: Request,
    next: Next,
) -> Response {
    match authenticator.caller(request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(caller);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// The token in the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(challenge(None));
    };
    let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
        return Err(challenge(None));
    };
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(challenge(None)) }
}

fn refused(error: TokenError) -> Problem {
    let problem = challenge(Some(&error));
    match error.claim() {
        Some(claim) => problem.with("claim", claim),
        None => problem,
    }
}

/// 401 with the challenge that RFC 6750 asks for: an error only if a token was given.
fn challenge(error: Option<&TokenError>) -> Problem {
    let text = match error {
        Some(error) => {
            format!("Bearer realm=\"sqm\", error=\"invalid_token\", error_description=\"{error}\"")
        }
        None => "Bearer realm=\"sqm\"".to_owned(),
    };
    let detail = match error {
        Some(error) => error.to_string(),
        None => "send one header `Authorization: Bearer <token>`".to_owned(),
    };
    let problem = Problem::new(Kind::Unauthenticated).detail(detail);
    match HeaderValue::try_from(text) {
        Ok(value) => problem.header(WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}

fn no_key(error: Arc<KeyError>) -> Problem {
    Problem::unavailable(error.to_string(), MIN_RETRY_INTERVAL_S as u32)
}
