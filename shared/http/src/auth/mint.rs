//! Tokens for those who hold the key: a development token for a machine, tokens for tests.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::{Expected, KeyError, MIN_KEY_BYTES};
use crate::caller::Scope;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// Who made it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// Whom it stands for.
    pub sub: String,
    /// The workspace that it opens.
    pub workspace: String,
    /// What it allows: names separated by spaces.
    pub scope: String,
    /// Until when, in seconds since the Unix epoch.
    pub exp: i64,
}

impl Claims {
    /// A token for `sub` in `workspace` that allows everything until `exp`.
    pub fn everything(expected: &Expected, sub: &str, workspace: &str, exp: i64) -> Self {
        let names: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        Self {
            iss: expected.issuer.clone(),
            aud: expected.audience.clone(),
            sub: sub.to_owned(),
            workspace: workspace.to_owned(),
            scope: names.join(" "),
            exp,
        }
    }
}

/// Signs the claims with HS256. The key is what the secret or the key file holds.
pub fn mint(key: &[u8], claims: &impl Serialize) -> Result<String, KeyError> {
    if key.len() < MIN_KEY_BYTES {
        return Err(KeyError::Short { bytes: key.len() });
    }
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(key))
        .map_err(|error| KeyError::Signing(error.to_string()))
}
