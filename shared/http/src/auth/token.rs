//! One token: its size, its header, its signature and its claims, checked in this order, so that nothing
//! of a forged token is looked at beyond its header.

use std::collections::BTreeSet;

use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, crypto, decode_header};
use serde_json::{Map, Value};
use sqm_domain::{Subject, WorkspaceId};

use super::Expected;
use super::keys::{Key, Keys};
use crate::caller::Scope;

/// Longest token, in bytes: API Gateway takes 10,240 bytes of headers in all; ours are under 1 KB.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// How far the clocks of the issuer and ours may be apart, in seconds.
pub const LEEWAY_S: i64 = 30;

/// Why a token is not accepted. No message repeats any part of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Over [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than {} bytes", MAX_TOKEN_BYTES)]
    TooLong,
    /// No three parts of base64url with a JSON header.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// `alg` is not HS256, or the header asks for an extension.
    #[error("the token is not signed with HS256")]
    Algorithm,
    /// No key that is accepted made this signature.
    #[error("the signature is not valid")]
    Signature,
    /// A claim is not there.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim has a type or form that it must not have.
    #[error("the claim {0} is malformed")]
    MalformedClaim(&'static str),
    /// A claim is not ours: the issuer or the audience.
    #[error("the claim {0} is not accepted here")]
    Foreign(&'static str),
    /// `exp` has passed.
    #[error("the token has expired (exp)")]
    Expired,
    /// `nbf` has not come yet.
    #[error("the token is not valid yet (nbf)")]
    Early,
}

impl TokenError {
    /// The claim that it is about.
    pub fn claim(self) -> Option<&'static str> {
        match self {
            Self::Missing(claim) | Self::MalformedClaim(claim) | Self::Foreign(claim) => Some(claim),
            Self::Expired => Some("exp"),
            Self::Early => Some("nbf"),
            Self::TooLong | Self::Malformed | Self::Algorithm | Self::Signature => None,
        }
    }
}

/// A token whose header is acceptable.
pub(super) struct Unverified<'a>(&'a str);

impl<'a> Unverified<'a> {
    /// Looks at size and header alone.
    pub(super) fn read(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let parts = token.split('.').count();
        let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if parts != 3 || !token.bytes().all(base64url) {
            return Err(TokenError::Malformed);
        }
        let header = decode_header(token).map_err(|error| match error.kind() {
            // `alg` is an enumeration of algorithms that sign: `none` is no member of it.
            ErrorKind::Json(json) if json.is_data() => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?;
        // RFC 7515, 4.1.11: who does not understand an extension that is marked as critical must refuse. A key that
        // comes with the token proves nothing, and the rest belongs to tokens that are encrypted.
        let is_foreign = header.crit.is_some() || header.jwk.is_some();
        let is_encrypted = header.enc.is_some() || header.zip.is_some();
        if header.alg != Algorithm::HS256 || is_foreign || is_encrypted {
            return Err(TokenError::Algorithm);
        }
        Ok(Self(token))
    }

    /// The claims, if one of the keys made the signature, and which one.
    pub(super) fn verify<'k>(&self, keys: &'k Keys) -> Result<(Map<String, Value>, &'k Key), TokenError> {
        let (message, signature) = self.0.rsplit_once('.').ok_or(TokenError::Malformed)?;
        for key in keys.accepted() {
            match crypto::verify(signature, message.as_bytes(), &key.decoding, Algorithm::HS256) {
                // The claims are read as they are, and checked by us: with our clock, and with an error
                // that names the claim.
                Ok(true) => {
                    let claims = insecure_decode_claims(self.0).map_err(|_| TokenError::Malformed)?;
                    return Ok((claims, key));
                }
                Ok(false) => {}
                Err(_) => return Err(TokenError::Malformed),
            }
        }
        Err(TokenError::Signature)
    }
}

/// What a token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The workspace (`workspace`).
    pub workspace: WorkspaceId,
    /// Who it is (`sub`).
    pub subject: Subject,
    /// What it allows (`scope`, names separated by spaces as in RFC 8693; unknown ones allow nothing).
    pub scopes: BTreeSet<Scope>,
}

impl Verified {
    /// Checks every claim against what is expected and the time, in seconds since the Unix epoch.
    pub fn check(claims: &Map<String, Value>, expected: &Expected, now: i64) -> Result<Self, TokenError> {
        if seconds(claims, "exp")?.ok_or(TokenError::Missing("exp"))? + (LEEWAY_S as f64) <= now as f64 {
            return Err(TokenError::Expired);
        }
        if seconds(claims, "nbf")?.is_some_and(|nbf| nbf - (LEEWAY_S as f64) > now as f64) {
            return Err(TokenError::Early);
        }
        if text(claims, "iss")? != expected.issuer {
            return Err(TokenError::Foreign("iss"));
        }
        if !audience(claims)?.contains(&expected.audience.as_str()) {
            return Err(TokenError::Foreign("aud"));
        }
        let subject = text(claims, "sub")?.parse().map_err(|_| TokenError::MalformedClaim("sub"))?;
        let workspace =
            text(claims, "workspace")?.parse().map_err(|_| TokenError::MalformedClaim("workspace"))?;
        let scopes = text(claims, "scope")?.split(' ').filter_map(|name| name.parse().ok()).collect();
        Ok(Self { workspace, subject, scopes })
    }
}

fn text<'c>(claims: &'c Map<String, Value>, claim: &'static str) -> Result<&'c str, TokenError> {
    match claims.get(claim) {
        None => Err(TokenError::Missing(claim)),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(TokenError::MalformedClaim(claim)),
    }
}

/// A `NumericDate`, which may have a fraction (RFC 7519, 2).
fn seconds(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<f64>, TokenError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(TokenError::MalformedClaim(claim)),
    }
}

/// One audience or several (RFC 7519, 4.1.3).
fn audience(claims: &Map<String, Value>) -> Result<Vec<&str>, TokenError> {
    match claims.get("aud") {
        None => Err(TokenError::Missing("aud")),
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(several)) => {
            several.iter().map(|value| value.as_str().ok_or(TokenError::MalformedClaim("aud"))).collect()
        }
        Some(_) => Err(TokenError::MalformedClaim("aud")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn check(change: Value, expected: Result<(), TokenError>) {
        let mut claims = json!({
            "iss": "https://issuer.example", "aud": "sqm", "sub": "ada", "workspace": "acme",
            "scope": "queries:read lineage:read", "exp": NOW + 60,
        });
        for (claim, value) in change.as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(claim),
                value => claims.as_object_mut().unwrap().insert(claim.clone(), value.clone()),
            };
        }
        let ours = Expected { issuer: "https://issuer.example".into(), audience: "sqm".into() };
        let outcome = Verified::check(claims.as_object().unwrap(), &ours, NOW).map(|_| ());
        assert_eq!(outcome, expected, "{change}");
    }

    #[test]
    fn claims() {
        check(json!({}), Ok(()));
        check(json!({"aud": ["other", "sqm"]}), Ok(()));
        check(json!({"scope": ""}), Ok(()));
        check(json!({"exp": NOW - 29}), Ok(()));
        check(json!({"exp": NOW as f64 + 0.5}), Ok(()));
        check(json!({"exp": NOW - 30}), Err(TokenError::Expired));
        check(json!({"exp": -1}), Err(TokenError::Expired));
        check(json!({"exp": "tomorrow"}), Err(TokenError::MalformedClaim("exp")));
        check(json!({"nbf": NOW + 30}), Ok(()));
        check(json!({"nbf": NOW + 31}), Err(TokenError::Early));
        check(json!({"iss": "https://issuer.example/"}), Err(TokenError::Foreign("iss")));
        check(json!({"aud": "sq"}), Err(TokenError::Foreign("aud")));
        check(json!({"aud": []}), Err(TokenError::Foreign("aud")));
        check(json!({"aud": ["sqm", 1]}), Err(TokenError::MalformedClaim("aud")));
        check(json!({"sub": ""}), Err(TokenError::MalformedClaim("sub")));
        check(json!({"workspace": "ACME"}), Err(TokenError::MalformedClaim("workspace")));
        check(json!({"workspace": ["acme"]}), Err(TokenError::MalformedClaim("workspace")));
        check(json!({"scope": ["queries:read"]}), Err(TokenError::MalformedClaim("scope")));
        for claim in ["exp", "iss", "aud", "sub", "workspace", "scope"] {
            check(json!({claim: null}), Err(TokenError::Missing(claim)));
        }
    }
}
