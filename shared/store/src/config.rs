use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Credentials, Region, SharedCredentialsProvider};

use crate::registry::Registered;
use crate::shards::Shards;

/// How the store reaches its table. Reading settings from the environment is its caller's business.
#[derive(Clone)]
pub struct StoreConfig {
    /// The table's name.
    pub table: String,
    /// A DynamoDB other than that of the region: `http://127.0.0.1:8000`. It is called with fixed
    /// credentials, so that a local run needs none.
    pub endpoint: Option<String>,
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("table", &self.table)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Time for one attempt. DynamoDB answers in under 10 ms; a transaction of 4 MB takes a few hundred.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Time for one operation with all its attempts, well under API Gateway's 30 s for the whole request.
const OPERATION: Duration = Duration::from_secs(12);
/// Time to connect: an address that drops packets should not eat the attempt.
const CONNECT: Duration = Duration::from_secs(2);
/// Attempts per operation; the client waits longer before each.
const ATTEMPTS: u32 = 4;

/// The table. Cloning is cheap and shares the client and its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) shards: Arc<Shards>,
    pub(crate) registered: Arc<Registered>,
}

impl Store {
    /// A store over the region's DynamoDB, or over `config.endpoint`.
    ///
    /// `shared` is the process's AWS configuration (region, credentials, the one HTTP client). No
    /// request is made.
    pub fn new(config: &StoreConfig, shared: &aws_config::SdkConfig) -> Self {
        let mut settings = Builder::from(shared);
        if let Some(endpoint) = &config.endpoint {
            settings = local(settings, endpoint);
        }
        let settings = settings
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ATTEMPT)
                    .operation_timeout(OPERATION)
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(settings),
            table: config.table.as_str().into(),
            shards: Arc::default(),
            registered: Arc::default(),
        }
    }

    /// A store over `config.endpoint` alone, with no other AWS configuration: for local runs and tests.
    pub fn local(config: &StoreConfig) -> Self {
        let shared =
            aws_config::SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest()).build();
        Self::new(config, &shared)
    }
}

fn local(settings: Builder, endpoint: &str) -> Builder {
    let credentials = Credentials::new("local", "local", None, None, "local");
    settings
        .endpoint_url(endpoint)
        // What may be retried is counted per process and partition, by default one for the whole service:
        // a database that fails would use up the retries of every other one.
        .retry_partition(RetryPartition::new(endpoint.to_owned()))
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
}
