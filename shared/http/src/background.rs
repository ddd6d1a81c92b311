//! What functions stand on that nobody calls over HTTP: those that a schedule or a queue starts.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, SdkConfig};
use sqm_cache::Levels;
use sqm_store::Store;
use tokio::time::Instant;

use crate::clock::{Clock, SystemClock};
use crate::serve::{levels, store};
use crate::settings::{InvalidSettings, Reading, RedisSettings};

/// How long an invocation may take where its deadline is none: runtimes on a machine of one's own say no time of day.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(120);

/// What is left of an invocation when nothing new is begun, so that it can end in order.
const RESERVE: Duration = Duration::from_secs(5);

/// Longest time that Lambda gives.
const LONGEST: Duration = Duration::from_secs(900);

/// Settings, clients and clock.
pub struct Background {
    /// What the environment says.
    pub settings: BackgroundSettings,
    /// Credentials, region and HTTP client, shared by every AWS client.
    pub aws: SdkConfig,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Everything that the environment says to a function of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackgroundSettings {
    /// `SQM_TABLE`.
    pub table: String,
    /// `SQM_DYNAMODB_ENDPOINT`: a DynamoDB other than that of the region.
    pub dynamodb_endpoint: Option<String>,
    /// `SQM_QUEUE_URL`: the queue of what is to be analysed.
    pub queue_url: String,
    /// `SQM_QUEUE_ENDPOINT`: an SQS other than that of the region.
    pub queue_endpoint: Option<String>,
    /// `SQM_QUEUE_RECEIVES`: how often a message is received before it goes to the dead letters; 3.
    pub queue_receives: u64,
    /// `SQM_REDIS_URL`, with `SQM_REDIS_CLUSTER` and `SQM_REDIS_CA`.
    pub redis: Option<RedisSettings>,
    /// `SQM_CACHE_BYTES`: how much of analyses is kept in the process.
    pub cache_bytes: u64,
    /// `SQM_LOG`.
    pub log: String,
}

impl Background {
    /// Reads the environment, starts the log and builds clients.
    ///
    /// # Errors
    /// The environment is not complete.
    pub async fn from_env() -> anyhow::Result<Self> {
        let settings = BackgroundSettings::read(|name| std::env::var(name).ok())?;
        crate::log::start(&settings.log);
        let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(Self { settings, aws, clock: Arc::new(SystemClock) })
    }

    /// The table.
    pub fn store(&self) -> Store {
        store(&self.settings.table, self.settings.dynamodb_endpoint.as_deref(), &self.aws)
    }

    /// The levels that analyses are kept on, as the settings say.
    ///
    /// # Errors
    /// The address of Redis is none, or its certificates cannot be read.
    pub fn levels(&self, store: &Store) -> anyhow::Result<Levels> {
        levels(self.settings.redis.as_ref(), self.settings.cache_bytes, store)
    }
}

/// By when an invocation should begin nothing new, by its deadline in milliseconds since 1970.
pub fn until(deadline: u64) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::now() + time_left(Duration::from_millis(deadline), now)
}

fn time_left(deadline: Duration, now: Duration) -> Duration {
    let left = deadline.checked_sub(now).filter(|left| *left <= LONGEST).unwrap_or(WITHOUT_DEADLINE);
    left.saturating_sub(RESERVE)
}

impl BackgroundSettings {
    /// Reads settings through `get`; blank values count as absent.
    ///
    /// # Errors
    /// All that is missing or malformed.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut read = Reading::new(get);
        let settings = Self {
            table: read.table(),
            dynamodb_endpoint: read.dynamodb_endpoint(),
            queue_url: read.needed("SQM_QUEUE_URL", "the URL of the SQS queue"),
            queue_endpoint: read.given("SQM_QUEUE_ENDPOINT"),
            queue_receives: read.number("SQM_QUEUE_RECEIVES", 1, 3),
            redis: read.redis(),
            cache_bytes: read.cache_bytes(),
            log: read.log(),
        };
        read.done(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_told_at_once() {
        let InvalidSettings(wrong) = BackgroundSettings::read(|_| None).unwrap_err();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        let read = |receives: &str| {
            let receives = receives.to_owned();
            BackgroundSettings::read(|name| match name {
                "SQM_TABLE" | "SQM_QUEUE_URL" => Some("given".to_owned()),
                "SQM_QUEUE_RECEIVES" => Some(receives.clone()),
                _ => None,
            })
        };
        assert_eq!(read("5").unwrap().queue_receives, 5);
        assert!(read("0").is_err() && read("often").is_err());
    }

    #[test]
    fn a_deadline_that_is_none_is_told_from_one() {
        let (now, second) = (Duration::from_secs(1_800_000_000), Duration::from_secs(1));
        assert_eq!(time_left(now + second * 65, now), second * 60);
        assert_eq!(time_left(now + second, now), Duration::ZERO);
        // A duration, as some runtimes say it, and a time that is over.
        for strange in [second * 600, now - second, now + second * 10_000] {
            assert_eq!(time_left(strange, now), WITHOUT_DEADLINE - RESERVE);
        }
    }
}
