//! Where the keys come from that sign tokens: a secret of Secrets Manager, with the key before the last
//! rotation, or a file on a developer's machine.

use std::path::PathBuf;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use jsonwebtoken::DecodingKey;

use crate::cursor::{CursorKey, CursorKeys};

/// Shortest key, in bytes: RFC 7518, 3.2 asks for at least the size of the hash.
pub const MIN_KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the key file {path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Secrets Manager does not give the secret out.
    #[error("cannot read the secret {id}: {why}")]
    Secret {
        /// Its id or ARN.
        id: String,
        /// What the service, or the way to it, says.
        why: String,
    },
    /// Under [`MIN_KEY_BYTES`].
    #[error("the key has {bytes} bytes; HS256 needs at least {}", MIN_KEY_BYTES)]
    Short {
        /// Its length.
        bytes: usize,
    },
    /// The token could not be signed.
    #[error("cannot sign: {0}")]
    Signing(String),
}

/// Where keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file whose first line is the key, and whose second, if there is one, the key before it.
    File(PathBuf),
    /// A secret: its stage `AWSCURRENT` is the key, `AWSPREVIOUS` the key before it.
    SecretsManager {
        /// The client.
        client: Client,
        /// Name or ARN of the secret.
        secret_id: String,
    },
}

/// The keys whose signatures are accepted: the current one first.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

/// A key, ready for use.
#[derive(Clone)]
pub(super) struct Key {
    /// Checks tokens.
    pub(super) decoding: DecodingKey,
    cursors: CursorKey,
}

impl Keys {
    fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, KeyError> {
        let key = |text: Vec<u8>| match text.trim_ascii() {
            short if short.len() < MIN_KEY_BYTES => Err(KeyError::Short { bytes: short.len() }),
            key => Ok(Key { decoding: DecodingKey::from_secret(key), cursors: CursorKey::new(key) }),
        };
        let keys = texts.into_iter().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyError::Short { bytes: 0 }) } else { Ok(Self(keys)) }
    }

    pub(super) fn accepted(&self) -> &[Key] {
        &self.0
    }

    /// The keys of cursors for a caller whose token one of these has signed.
    pub(super) fn cursors(&self, signed: &Key) -> CursorKeys {
        let accepted = self.0.iter().map(|key| key.cursors.clone()).collect();
        CursorKeys { signing: signed.cursors.clone(), accepted }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl KeySource {
    /// Fetches the keys.
    pub async fn fetch(&self) -> Result<Keys, KeyError> {
        match self {
            Self::File(path) => {
                let text =
                    tokio::fs::read(path).await.map_err(|why| KeyError::File { path: path.clone(), why })?;
                let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
                Keys::new(lines.filter(|line| !line.is_empty()).take(2).map(<[u8]>::to_vec))
            }
            Self::SecretsManager { client, secret_id } => {
                let (current, previous) = tokio::join!(
                    stage(client, secret_id, "AWSCURRENT"),
                    stage(client, secret_id, "AWSPREVIOUS")
                );
                let current = current?.ok_or_else(|| KeyError::Secret {
                    id: secret_id.clone(),
                    why: "there is no such secret, or it has no current value".to_owned(),
                })?;
                // A previous key that is too short to be accepted must not shut out the current one.
                let previous = previous?.filter(|key| key.trim_ascii().len() >= MIN_KEY_BYTES);
                Keys::new([Some(current), previous].into_iter().flatten())
            }
        }
    }
}

/// One stage of a secret; `None` where it has no such stage, as before the first rotation.
async fn stage(client: &Client, id: &str, stage: &str) -> Result<Option<Vec<u8>>, KeyError> {
    match client.get_secret_value().secret_id(id).version_stage(stage).send().await {
        Ok(value) => Ok(value
            .secret_string
            .map(String::into_bytes)
            .or_else(|| value.secret_binary.map(aws_sdk_secretsmanager::primitives::Blob::into_inner))),
        Err(error) => match error.as_service_error() {
            Some(service) if service.is_resource_not_found_exception() => Ok(None),
            _ => Err(KeyError::Secret { id: id.to_owned(), why: DisplayErrorContext(&error).to_string() }),
        },
    }
}
