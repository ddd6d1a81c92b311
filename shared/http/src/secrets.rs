//! Secrets of users, out of Secrets Manager and kept for a while. Who may name which, the caller decides.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use jiff::Timestamp;
use sqm_domain::SecretName;

use crate::clock::Clock;

/// How long a secret is kept, in seconds: as the token key.
const KEPT_S: i64 = crate::auth::KEPT_S;

/// Most secrets that are kept.
const MOST: usize = 256;

/// Why a secret could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// There is none of this name, or it holds no text.
    #[error("there is no such secret, or it holds no text")]
    Missing,
    /// We may not read it, or Secrets Manager does not answer. What it says is for the log.
    #[error("Secrets Manager does not give the secret out")]
    Refused(String),
}

/// Secrets, and when they were read.
type Kept = HashMap<SecretName, (Arc<str>, Timestamp)>;

/// Reads secrets. Cloning shares what is kept.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
    clock: Arc<dyn Clock>,
    kept: Arc<Mutex<Kept>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Nothing is read yet.
    pub fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, kept: Arc::default() }
    }

    /// The text of a secret.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn read(&self, name: &SecretName) -> Result<Arc<str>, SecretError> {
        let now = self.clock.now();
        let is_fresh = |at: &Timestamp| now.as_second() - at.as_second() < KEPT_S;
        if let Some((text, at)) = self.kept().get(name)
            && is_fresh(at)
        {
            return Ok(text.clone());
        }
        let text = self.fetch(name).await?;
        let mut kept = self.kept();
        kept.retain(|_, (_, at)| is_fresh(at));
        if kept.len() < MOST {
            kept.insert(name.clone(), (text.clone(), now));
        }
        Ok(text)
    }

    /// Forgets a secret that does not fit any more: it may have been rotated.
    pub fn forget(&self, name: &SecretName) {
        self.kept().remove(name);
    }

    async fn fetch(&self, name: &SecretName) -> Result<Arc<str>, SecretError> {
        match self.client.get_secret_value().secret_id(name.as_str()).send().await {
            Ok(value) => value.secret_string.map(Arc::from).ok_or(SecretError::Missing),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_resource_not_found_exception() => Err(SecretError::Missing),
                _ => {
                    let why = DisplayErrorContext(&error).to_string();
                    tracing::warn!(error = %why, "a secret could not be read");
                    Err(SecretError::Refused(why))
                }
            },
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
