//! What a function is told by its environment. All of it is read here, once, before anything starts, and
//! everything that is missing is told at once.

use std::path::PathBuf;

use crate::auth::Expected;
use crate::caching::Edge;

/// Where the key is that signs tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKey {
    /// `SQM_TOKEN_KEY_FILE`: a file, for development. Its first line is the key, of at least 32 bytes; a
    /// second line is a key that is still accepted.
    File(PathBuf),
    /// `SQM_TOKEN_SECRET_ID`: name or ARN of a secret whose value is the key, of at least 32 bytes.
    Secret(String),
}

/// The settings of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `SQM_TABLE`: the name of the DynamoDB table.
    pub table: String,
    /// `SQM_DYNAMODB_ENDPOINT`: where DynamoDB answers, if not in AWS.
    pub dynamodb_endpoint: Option<String>,
    /// Where the key is that signs tokens.
    pub token_key: TokenKey,
    /// `SQM_SECRETS_ENDPOINT`: where Secrets Manager answers, if not in AWS.
    pub secrets_endpoint: Option<String>,
    /// `SQM_CONNECTION_SECRETS`: what the names of the secrets of connections begin with, before the name of the
    /// workspace; `sqm/` where it is not given.
    pub connection_secrets: String,
    /// `SQM_DATABASE_HOSTS`: to which hosts and addresses connections may lead, and to no others. Without it to
    /// all but this machine and the metadata of the cloud.
    pub database_hosts: Option<String>,
    /// `SQM_DATABASE_CA`: a PEM file with certificates to trust besides those of the system.
    pub database_ca: Option<PathBuf>,
    /// The model that may be asked, if any.
    pub model: Option<ModelSettings>,
    /// `SQM_TOKEN_ISSUER` and `SQM_TOKEN_AUDIENCE`: whose tokens are accepted.
    pub expected: Expected,
    /// `SQM_EDGE`: `tenants` where an edge stands before the function that keeps workspaces apart. Without it no shared
    /// cache is told that it may keep anything.
    pub edge: Edge,
    /// The Redis or Valkey that several processes share, if any.
    pub redis: Option<RedisSettings>,
    /// `SQM_CACHE_BYTES`: how much the process may keep of analyses, in bytes; 64 MiB where it is not given.
    pub cache_bytes: u64,
    /// `SQM_LOG`: which lines are logged, as `RUST_LOG` has it; `info` where it is not given.
    pub log: String,
    /// `SQM_LISTEN`: an address to serve plain HTTP at, such as `127.0.0.1:8080`. Without it the function
    /// takes its requests from the Lambda runtime.
    pub listen: Option<String>,
}

/// A model that may be asked: only the deployment says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSettings {
    /// `SQM_MODEL_URL`: the base URL of a chat endpoint, such as `https://api.openai.com/v1`.
    pub url: String,
    /// `SQM_MODEL`: the name of the model there.
    pub name: String,
    /// `SQM_MODEL_SECRET`: the name of the secret that holds the key, where the endpoint wants one.
    pub secret: Option<String>,
    /// `SQM_MODEL_HOSTS`: to which hosts and addresses the URL may lead, and to no others. Without it to all but this
    /// machine and the metadata of the cloud, and by TLS alone.
    pub hosts: Option<String>,
    /// `SQM_MODEL_CA`: a PEM file with certificates to trust besides those of the system.
    pub certificates: Option<PathBuf>,
    /// `SQM_MODEL_REQUESTS_PER_DAY`: for how many requests a workspace may have it asked; 200 where it is not given.
    pub requests_per_day: u64,
    /// `SQM_MODEL_TOKENS_PER_DAY`: how many tokens a workspace may spend; a million where it is not given.
    pub tokens_per_day: u64,
    /// `SQM_MODEL_PRICES`: what a million tokens cost in dollars, of questions and of answers, as `0.15/0.60`; here in
    /// billionths of a dollar for one. Nothing where it is not given.
    pub prices: [u64; 2],
}

/// A Redis or Valkey, for those who run one.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `SQM_REDIS_URL`: its address, `redis://` or, encrypted, `rediss://`, with user and password where it wants them; of a
    /// cluster one or several, divided by commas.
    pub url: String,
    /// `SQM_REDIS_CLUSTER`: `true` where it is a cluster.
    pub cluster: bool,
    /// `SQM_REDIS_CA`: a PEM file with certificates to trust besides those of the system.
    pub certificates: Option<PathBuf>,
}

impl std::fmt::Debug for RedisSettings {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSettings").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// What is missing or wrong in the environment, all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct InvalidSettings(pub Vec<String>);

impl Settings {
    /// Reads the environment of the process.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads settings from wherever `get` finds them. An empty value counts as none.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut read = Reading::new(get);
        let table = read.table();
        let issuer = read.needed("SQM_TOKEN_ISSUER", "the iss of accepted tokens");
        let audience = read.needed("SQM_TOKEN_AUDIENCE", "the aud of accepted tokens");
        let token_key = match (read.given("SQM_TOKEN_KEY_FILE"), read.given("SQM_TOKEN_SECRET_ID")) {
            (Some(file), None) => TokenKey::File(file.into()),
            (None, Some(id)) => TokenKey::Secret(id),
            (Some(_), Some(_)) => {
                read.wrong("SQM_TOKEN_KEY_FILE and SQM_TOKEN_SECRET_ID are both given".to_owned());
                TokenKey::Secret(String::new())
            }
            (None, None) => {
                read.wrong(
                    "SQM_TOKEN_SECRET_ID or SQM_TOKEN_KEY_FILE is missing (the key of tokens)".to_owned(),
                );
                TokenKey::Secret(String::new())
            }
        };
        let edge = match read.given("SQM_EDGE").as_deref() {
            None => Edge::Unknown,
            Some("tenants") => Edge::KnowsTenants,
            Some(_) => {
                read.wrong("SQM_EDGE is neither empty nor tenants".to_owned());
                Edge::Unknown
            }
        };
        let settings = Self {
            table,
            dynamodb_endpoint: read.dynamodb_endpoint(),
            token_key,
            secrets_endpoint: read.given("SQM_SECRETS_ENDPOINT"),
            connection_secrets: read.given("SQM_CONNECTION_SECRETS").unwrap_or_else(|| "sqm/".to_owned()),
            database_hosts: read.given("SQM_DATABASE_HOSTS"),
            database_ca: read.given("SQM_DATABASE_CA").map(PathBuf::from),
            model: read.model(),
            expected: Expected { issuer, audience },
            edge,
            cache_bytes: read.cache_bytes(),
            redis: read.redis(),
            log: read.log(),
            listen: read.given("SQM_LISTEN"),
        };
        read.done(settings)
    }
}

/// The environment as it is read, and what of it is missing or wrong: all of that is told at once.
pub(crate) struct Reading<G> {
    get: G,
    wrong: Vec<String>,
}

impl<G: Fn(&str) -> Option<String>> Reading<G> {
    pub(crate) fn new(get: G) -> Self {
        Self { get, wrong: Vec::new() }
    }

    /// A value; a blank one counts as none.
    pub(crate) fn given(&self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.trim().is_empty())
    }

    /// One that has to be there.
    pub(crate) fn needed(&mut self, name: &str, what: &str) -> String {
        self.given(name).unwrap_or_else(|| {
            self.wrong(format!("{name} is missing ({what})"));
            String::new()
        })
    }

    /// A whole number of at least so much.
    pub(crate) fn number(&mut self, name: &str, least: u64, default: u64) -> u64 {
        match self.given(name).map(|text| text.trim().parse()) {
            None => default,
            Some(Ok(number)) if number >= least => number,
            Some(_) => {
                let from = if least > 0 { format!(" from {least}") } else { String::new() };
                self.wrong(format!("{name} is no whole number{from}"));
                default
            }
        }
    }

    pub(crate) fn wrong(&mut self, told: String) {
        self.wrong.push(told);
    }

    /// The settings that were read, if nothing is missing or wrong.
    pub(crate) fn done<S>(self, settings: S) -> Result<S, InvalidSettings> {
        if self.wrong.is_empty() { Ok(settings) } else { Err(InvalidSettings(self.wrong)) }
    }

    pub(crate) fn table(&mut self) -> String {
        self.needed("SQM_TABLE", "the name of the DynamoDB table")
    }

    pub(crate) fn dynamodb_endpoint(&self) -> Option<String> {
        self.given("SQM_DYNAMODB_ENDPOINT")
    }

    pub(crate) fn log(&self) -> String {
        self.given("SQM_LOG").unwrap_or_else(|| "info".to_owned())
    }

    /// How much of analyses is kept in the process.
    pub(crate) fn cache_bytes(&mut self) -> u64 {
        self.number("SQM_CACHE_BYTES", 0, sqm_cache::DEFAULT_BYTES)
    }

    /// What is said of Redis.
    pub(crate) fn redis(&mut self) -> Option<RedisSettings> {
        let cluster = match self.given("SQM_REDIS_CLUSTER").as_deref().map(str::trim) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.wrong("SQM_REDIS_CLUSTER is neither true nor false".to_owned());
                false
            }
        };
        let certificates = self.given("SQM_REDIS_CA").map(PathBuf::from);
        self.given("SQM_REDIS_URL").map(|url| RedisSettings { url, cluster, certificates })
    }

    fn model(&mut self) -> Option<ModelSettings> {
        let (url, name) = match (self.given("SQM_MODEL_URL"), self.given("SQM_MODEL")) {
            (None, None) => return None,
            (Some(url), Some(name)) => (url, name),
            _ => {
                self.wrong("of SQM_MODEL_URL and SQM_MODEL only one is given".to_owned());
                return None;
            }
        };
        let requests_per_day = self.number("SQM_MODEL_REQUESTS_PER_DAY", 0, 200);
        let tokens_per_day = self.number("SQM_MODEL_TOKENS_PER_DAY", 0, 1_000_000);
        let prices = self.given("SQM_MODEL_PRICES").map_or(Some([0, 0]), |text| {
            let (question, answer) = text.split_once('/')?;
            Some([price(question)?, price(answer)?])
        });
        if prices.is_none() {
            self.wrong("SQM_MODEL_PRICES is not of the form 0.15/0.60".to_owned());
        }
        Some(ModelSettings {
            url,
            name,
            secret: self.given("SQM_MODEL_SECRET"),
            hosts: self.given("SQM_MODEL_HOSTS"),
            certificates: self.given("SQM_MODEL_CA").map(PathBuf::from),
            requests_per_day,
            tokens_per_day,
            prices: prices.unwrap_or_default(),
        })
    }
}

/// Dollars for a million as billionths for one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within bounds that are looked at.
fn price(dollars: &str) -> Option<u64> {
    let dollars: f64 = dollars.trim().parse().ok()?;
    (0.0..=1e6).contains(&dollars).then(|| (dollars * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn everything_missing_is_told_at_once() {
        let InvalidSettings(wrong) = read(&[("SQM_TABLE", " ")]).unwrap_err();
        let names = ["SQM_TABLE", "SQM_TOKEN_ISSUER", "SQM_TOKEN_AUDIENCE", "SQM_TOKEN_SECRET_ID"];
        assert_eq!(wrong.len(), names.len());
        assert!(wrong.iter().zip(names).all(|(line, name)| line.starts_with(name)), "{wrong:?}");
    }

    #[test]
    fn a_model_has_an_address_a_name_and_prices() {
        let with = |more: &[(&str, &str)]| {
            let rest = [
                ("SQM_TABLE", "t"),
                ("SQM_TOKEN_ISSUER", "i"),
                ("SQM_TOKEN_AUDIENCE", "a"),
                ("SQM_TOKEN_SECRET_ID", "s"),
            ];
            read(&[&rest, more].concat()).map(|settings| settings.model)
        };
        assert_eq!(with(&[]), Ok(None));
        let (url, name) = (("SQM_MODEL_URL", "https://h/v1"), ("SQM_MODEL", "m"));
        let model = with(&[url, name, ("SQM_MODEL_PRICES", "0.15/0.60")]).unwrap().unwrap();
        assert_eq!((model.prices, model.requests_per_day), ([150, 600], 200));
        assert!(with(&[url]).is_err());
        for wrong in [("SQM_MODEL_PRICES", "cheap"), ("SQM_MODEL_TOKENS_PER_DAY", "-1")] {
            assert!(with(&[url, name, wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_key_comes_from_one_place() {
        let rest = [("SQM_TABLE", "t"), ("SQM_TOKEN_ISSUER", "i"), ("SQM_TOKEN_AUDIENCE", "a")];
        let with = |more: &[(&str, &str)]| read(&[&rest, more].concat());
        let file = with(&[("SQM_TOKEN_KEY_FILE", "/k")]).unwrap();
        assert_eq!(file.token_key, TokenKey::File("/k".into()));
        assert_eq!(file.log, "info");
        let secret = with(&[("SQM_TOKEN_SECRET_ID", "sqm/key")]).unwrap();
        assert_eq!(secret.token_key, TokenKey::Secret("sqm/key".into()));
        assert!(with(&[("SQM_TOKEN_KEY_FILE", "/k"), ("SQM_TOKEN_SECRET_ID", "s")]).is_err());
    }
}
