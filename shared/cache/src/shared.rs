//! Redis or Valkey as a level that several processes share, for those who run one. It is asked for a quarter of a second at
//! most, and left alone for some seconds where it did not answer.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, RedisError, TlsCertificates};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use crate::level::{Doing, Level, LevelError};
use crate::{Address, Analysis};

/// Longest wait for an answer: whoever asks could have done the work in not much more.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long it is left alone after it did not answer, in milliseconds.
const REST_MS: u64 = 5_000;

/// Longest time that something is kept there: what is asked for again comes back from the table.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Longest value, compressed, and longest document: Redis answers one after the other, and long ones hold all others up.
const MOST_BYTES: usize = 4 << 20;
const MOST_DOCUMENT: u64 = 64 << 20;

/// The form of a value, its first byte.
const FORM: u8 = 1;

/// Bytes of the hash that follows.
const HASH: usize = 32;

/// How a Redis is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedConfig {
    /// Its address, `redis://` or, encrypted, `rediss://`; of a cluster several, divided by commas.
    pub url: String,
    /// Whether it is a cluster.
    pub cluster: bool,
    /// Certificates in PEM, by which it is trusted besides the system's.
    pub certificates: Option<Vec<u8>>,
}

/// The address is none.
#[derive(Debug, thiserror::Error)]
#[error("the address of Redis is not valid: {0}")]
pub struct InvalidUrl(String);

/// Redis as a level.
pub struct Shared {
    server: Server,
    begun: Instant,
    /// Until when it is left alone, in milliseconds since it was made.
    rests_until: AtomicU64,
}

enum Server {
    One(Box<Client>, OnceCell<ConnectionManager>),
    Cluster(Box<redis::cluster::ClusterClient>, OnceCell<ClusterConnection>),
}

/// What a value holds.
#[derive(Serialize, Deserialize)]
struct Value {
    needs: Vec<String>,
    until: Timestamp,
    document: Arc<str>,
}

impl Shared {
    /// One that was not asked yet.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(config: &SharedConfig) -> Result<Self, InvalidUrl> {
        // The provider that all our TLS uses; where one is set already, that is it.
        let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
        // What is wrong with an address may quote its password.
        let invalid = |error: RedisError| InvalidUrl(error.category().to_owned());
        let tls = config
            .certificates
            .clone()
            .map(|root| TlsCertificates { client_tls: None, root_cert: Some(root) });
        let server = if config.cluster {
            let mut builder = ClusterClientBuilder::new(config.url.split(',').map(str::trim))
                .connection_timeout(PATIENCE)
                .response_timeout(PATIENCE)
                .retries(1);
            if let Some(tls) = tls {
                builder = builder.certs(tls);
            }
            Server::Cluster(Box::new(builder.build().map_err(invalid)?), OnceCell::new())
        } else {
            let client = match tls {
                Some(tls) => Client::build_with_tls(config.url.as_str(), tls),
                None => Client::open(config.url.as_str()),
            };
            Server::One(Box::new(client.map_err(invalid)?), OnceCell::new())
        };
        Ok(Self { server, begun: Instant::now(), rests_until: AtomicU64::new(0) })
    }

    /// Asks, unless it rests; and lets it rest where it does not answer in time.
    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, LevelError> {
        let now = || u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now() < self.rests_until.load(Relaxed) {
            return Err(LevelError::Unavailable("Redis did not answer a moment ago".to_owned()));
        }
        let answered = match timeout(PATIENCE, self.request(command)).await {
            Ok(answered) => answered.map_err(|error| error.category().to_owned()),
            Err(_) => Err(format!("no answer within {} ms", PATIENCE.as_millis())),
        };
        let value =
            answered.and_then(|value| redis::from_redis_value(value).map_err(|error| error.to_string()));
        value.map_err(|why| {
            self.rests_until.store(now() + REST_MS, Relaxed);
            LevelError::Unavailable(format!("Redis: {why}"))
        })
    }

    async fn request(&self, command: &Cmd) -> Result<redis::Value, RedisError> {
        match &self.server {
            Server::One(client, connection) => {
                let connect = || {
                    let config = ConnectionManagerConfig::new().set_number_of_retries(1);
                    ConnectionManager::new_with_config(Client::clone(client), config)
                };
                connection.get_or_try_init(connect).await?.clone().req_packed_command(command).await
            }
            Server::Cluster(client, connection) => {
                let connect = || client.get_async_connection();
                connection.get_or_try_init(connect).await?.clone().req_packed_command(command).await
            }
        }
    }
}

impl Level for Shared {
    fn name(&self) -> &'static str {
        "shared"
    }

    fn get<'a>(&'a self, address: &'a Address, now: Timestamp) -> Doing<'a, Option<Analysis>> {
        Box::pin(async move {
            let key = key(address);
            let found: Option<Vec<u8>> = self.ask(redis::cmd("GET").arg(&key)).await?;
            let Some(bytes) = found else { return Ok(None) };
            match opened(address, &bytes) {
                Ok(analysis) => Ok(Some(analysis).filter(|analysis| analysis.until >= now)),
                Err(why) => {
                    self.ask::<()>(redis::cmd("DEL").arg(&key)).await?;
                    Err(LevelError::Corrupt(why))
                }
            }
        })
    }

    fn put<'a>(&'a self, address: &'a Address, analysis: &'a Analysis, now: Timestamp) -> Doing<'a, ()> {
        Box::pin(async move {
            let bytes = sealed(address, analysis)?;
            let seconds = analysis.until.duration_since(now).min(KEPT).as_secs().max(1);
            self.ask(redis::cmd("SET").arg(key(address)).arg(bytes).arg("EX").arg(seconds)).await
        })
    }
}

fn key(Address { workspace, id }: &Address) -> String {
    format!("sqm:a:{workspace}:{id}")
}

/// The bytes of a value: its form, a hash of its address and of what follows, and that, compressed.
fn sealed(address: &Address, Analysis { needs, document, until }: &Analysis) -> Result<Vec<u8>, LevelError> {
    let value = Value { needs: needs.clone(), until: *until, document: document.clone() };
    let unexpected = |error: String| LevelError::Unavailable(error);
    let json = serde_json::to_vec(&value).map_err(|error| unexpected(error.to_string()))?;
    let packed = zstd::bulk::compress(&json, 3).map_err(|error| unexpected(error.to_string()))?;
    if packed.len() > MOST_BYTES {
        return Err(LevelError::TooLarge);
    }
    Ok([&[FORM], hash(address, &packed).as_slice(), &packed].concat())
}

/// The value of these bytes, if it is what was put under this address.
fn opened(address: &Address, bytes: &[u8]) -> Result<Analysis, String> {
    let (form, rest) = bytes.split_first().ok_or("it is empty")?;
    let (found, packed) =
        rest.split_at_checked(HASH).filter(|_| *form == FORM).ok_or("it has another form")?;
    if found != hash(address, packed) {
        return Err("it is not what was put there".to_owned());
    }
    let mut json = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|error| error.to_string())?;
    decoder.take(MOST_DOCUMENT).read_to_end(&mut json).map_err(|error| error.to_string())?;
    let Value { needs, until, document } =
        serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    Ok(Analysis { needs, document, until })
}

fn hash(address: &Address, packed: &[u8]) -> [u8; HASH] {
    Sha256::new().chain_update(key(address)).chain_update([0]).chain_update(packed).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Addressing;

    fn address(workspace: &str) -> Address {
        Addressing::new(&workspace.parse().unwrap(), "test", "1").finish()
    }

    fn analysis() -> Analysis {
        Analysis {
            needs: vec!["lineage:read".to_owned()],
            document: "{\"a\":1}".into(),
            until: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn no_byte_can_be_another_one() {
        let good = sealed(&address("acme"), &analysis()).unwrap();
        assert_eq!(opened(&address("acme"), &good), Ok(analysis()));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(opened(&address("acme"), &bad).is_err(), "{at}");
        }
        for length in 0..good.len() {
            assert!(opened(&address("acme"), &good[..length]).is_err(), "{length}");
        }
        assert!(opened(&address("other"), &good).is_err(), "of another workspace");
    }

    #[test]
    fn an_address_that_is_none_is_told_without_its_password() {
        for url in ["", "http://h", "redis://:secret@h:port", "rediss://:secret@"] {
            let config = SharedConfig { url: url.to_owned(), cluster: false, certificates: None };
            let why = Shared::new(&config).err().unwrap().to_string();
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
