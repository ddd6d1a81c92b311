//! From settings to a serving function: under Lambda's runtime, or at an address of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::Client;
use axum::Router;
use sqm_cache::{Levels, Shared, SharedConfig};
use sqm_store::{Store, StoreConfig};

use crate::auth::{Authenticator, KeySource};
use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::router::finish;
use crate::settings::{RedisSettings, Settings, TokenKey};

/// Longest wait for one answer of Secrets Manager, and for all attempts together: there is a cached key
/// to go on with, and a caller who waits.
const SECRET_ATTEMPT: Duration = Duration::from_secs(2);
const SECRET_OPERATION: Duration = Duration::from_secs(5);

/// What a function stands on: settings, clients, clock and randomness.
pub struct Platform {
    /// What the environment says.
    pub settings: Settings,
    /// Credentials, region and HTTP client, shared by every AWS client.
    pub aws: SdkConfig,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields random bits.
    pub entropy: Arc<dyn Entropy>,
    authenticator: Arc<Authenticator>,
}

impl Platform {
    /// Reads the environment, starts the log and builds clients. The token key is fetched in the
    /// background while the function builds what else it needs.
    pub async fn from_env() -> anyhow::Result<Self> {
        let settings = Settings::from_env()?;
        crate::log::start(&settings.log);
        let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let source = match &settings.token_key {
            TokenKey::File(path) => KeySource::File(path.clone()),
            TokenKey::Secret(id) => secrets_manager(&aws, settings.secrets_endpoint.as_deref(), id),
        };
        let authenticator = Arc::new(Authenticator::new(source, settings.expected.clone(), clock.clone()));
        let warming = authenticator.clone();
        tokio::spawn(async move { warming.warm().await });
        Ok(Self { settings, aws, clock, entropy: Arc::new(SystemEntropy), authenticator })
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

    /// Serves the routes until the process ends.
    pub async fn run(self, routes: Router) -> anyhow::Result<()> {
        let app = finish(routes, self.authenticator, self.entropy, self.settings.edge);
        match &self.settings.listen {
            Some(address) => {
                let listener = tokio::net::TcpListener::bind(address).await?;
                tracing::info!(address = %listener.local_addr()?, "listening");
                axum::serve(listener, app).await?;
                Ok(())
            }
            None => lambda_http::run(app).await.map_err(|error| anyhow::anyhow!(error)),
        }
    }
}

/// The table, in the region or at this endpoint.
pub(crate) fn store(table: &str, endpoint: Option<&str>, aws: &SdkConfig) -> Store {
    let config = StoreConfig { table: table.to_owned(), endpoint: endpoint.map(str::to_owned) };
    Store::new(&config, aws)
}

/// The levels that analyses are kept on.
pub(crate) fn levels(redis: Option<&RedisSettings>, bytes: u64, store: &Store) -> anyhow::Result<Levels> {
    let shared = match redis {
        None => None,
        Some(redis) => {
            let read =
                |path: &PathBuf| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
            let certificates = redis.certificates.as_ref().map(read).transpose()?;
            let (url, cluster) = (redis.url.clone(), redis.cluster);
            Some(Shared::new(&SharedConfig { url, cluster, certificates })?)
        }
    };
    Ok(Levels::new(bytes, shared, store.clone()))
}

/// Keys from a secret, with waits that fit into a request.
pub fn secrets_manager(aws: &SdkConfig, endpoint: Option<&str>, secret_id: &str) -> KeySource {
    KeySource::SecretsManager { client: secrets_client(aws, endpoint), secret_id: secret_id.to_owned() }
}

/// A client of Secrets Manager, with waits that fit into a request.
pub fn secrets_client(aws: &SdkConfig, endpoint: Option<&str>) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(SECRET_ATTEMPT)
        .operation_timeout(SECRET_OPERATION)
        .build();
    let mut config = aws_sdk_secretsmanager::config::Builder::from(aws).timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}
