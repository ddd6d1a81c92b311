//! Asking once: what was said before is taken, one instance asks while the others wait, and what that costs is set
//! aside before and counted after.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqm_ai::provider::{Budget, ProviderError, Usage};
use sqm_http::Problem;
use sqm_store::{Lease, StoreError, SuggestionKey};

use super::{Asking, Configured};

/// Longest time for all questions of a request, waiting for the model included.
const TIME: Duration = Duration::from_secs(12);

/// Tokens that are set aside for a request, which it does not exceed.
const TOKENS: u64 = 40_000;

/// How long a lease, and what is set aside for it, holds, in seconds: longer than a request lasts.
const LEASE_S: i64 = 30;

/// How long somebody waits for what another one finds out, and how often it looks.
const WAIT: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_millis(400);

/// What asking gave.
pub(super) struct Asked<T, E> {
    /// What is worth keeping, if anything is.
    pub keep: Option<T>,
    /// What else there is.
    pub extra: E,
    /// Why it ended before its end.
    pub broken_off: Option<ProviderError>,
    /// What is left of the budget.
    pub budget: Budget,
}

/// How something was come by.
pub(super) enum Obtained<T, E> {
    /// It was said before.
    Before(T),
    /// It was asked now.
    Now { extra: E, usage: Usage, broken_off: Option<ProviderError> },
    /// Somebody else is asking.
    Elsewhere,
    /// The quota of the day is used up.
    OverQuota,
    /// The store did not answer.
    NotStored,
}

impl Asking<'_> {
    /// Obtains what a key stands for.
    ///
    /// # Errors
    /// The work was not done.
    pub(super) async fn once<T: Serialize + DeserializeOwned, E, F>(
        &self,
        model: &Configured,
        key: &SuggestionKey,
        ask: impl FnOnce(Budget) -> F + Send,
    ) -> Result<Obtained<T, E>, Problem>
    where
        F: Future<Output = Result<Asked<T, E>, Problem>> + Send,
    {
        let (lease, waited) = match self.before_or_lease(key).await {
            Ok(Ok(said)) => return Ok(Obtained::Before(said)),
            Ok(Err((Some(lease), waited))) => (lease, waited),
            Ok(Err((None, _))) => return Ok(Obtained::Elsewhere),
            Err(error) => return Ok(not_stored(&error)),
        };
        let held = (self.clock.now(), LEASE_S);
        let reserved = self.store.reserve_usage(self.workspace, model.quota, TOKENS, held).await;
        let reserved = match reserved {
            Ok(Some(reserved)) => reserved,
            Ok(None) => {
                self.release(lease).await;
                return Ok(Obtained::OverQuota);
            }
            Err(error) => {
                self.release(lease).await;
                return Ok(not_stored(&error));
            }
        };
        let asked = ask(Budget::new(TIME.saturating_sub(waited), TOKENS)).await;
        let usage = asked.as_ref().map(|asked| asked.budget.used()).unwrap_or_default();
        if let Err(error) = self.store.settle_usage(self.workspace, reserved, model.spent(usage)).await {
            tracing::warn!(error = %error, "what a model cost was not counted");
        }
        let kept = match asked.as_ref().ok().and_then(|asked| asked.keep.as_ref()) {
            Some(keep) => self.store.keep_suggestion(self.workspace, key, keep, self.clock.now()).await,
            None => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!(error = %error, "what a model has said was not kept");
        }
        self.release(lease).await;
        let Asked { extra, broken_off, .. } = asked?;
        Ok(Obtained::Now { extra, usage, broken_off })
    }

    /// What was said before, or the right to ask, or neither; and how long that took.
    async fn before_or_lease<T: DeserializeOwned>(
        &self,
        key: &SuggestionKey,
    ) -> Result<Result<T, (Option<Lease>, Duration)>, StoreError> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(said) = self.store.suggestion(self.workspace, key, self.clock.now()).await? {
                return Ok(Ok(said));
            }
            let lease = self.store.lease_suggestion(self.workspace, key, self.clock.now(), LEASE_S).await?;
            if lease.is_some() || waited >= WAIT {
                return Ok(Err((lease, waited)));
            }
            tokio::time::sleep(LOOK).await;
            waited += LOOK;
        }
    }

    async fn release(&self, lease: Lease) {
        if let Err(error) = self.store.release_suggestion(self.workspace, lease).await {
            tracing::warn!(error = %error, "a lease ends by itself");
        }
    }
}

fn not_stored<T, E>(error: &StoreError) -> Obtained<T, E> {
    tracing::warn!(error = %error, "what models have said was not looked up");
    Obtained::NotStored
}
