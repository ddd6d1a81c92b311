//! Cursors: positions in lists as callers hold them, signed, so that nobody can make one.
//!
//! The keys are derived from those that sign tokens. A cursor is signed with that of the token that asked for
//! the page, and accepted with every key that tokens are accepted with: whoever comes back with the same
//! token, or a newer one, goes on where they were, whichever process answers, across a rotation, too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sqm_store::Position;

use crate::problem::Problem;

/// Bytes of the signature: 128 bits cannot be guessed, and keep the cursor short.
const SIGNATURE: usize = 16;
/// Longest cursor: a catalog's name of 128 characters of four bytes, its list and the signature, in base 64.
const MAX_CHARS: usize = 1024;

/// The key that signs cursors.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// A key of its own, derived from a secret that serves other ends, too.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut derive = keyed(secret);
        derive.update(b"sqm list cursor");
        Self(keyed(&derive.finalize().into_bytes()))
    }

    fn sign(&self, position: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(position)
    }
}

/// The keys of one caller.
#[derive(Clone)]
pub(crate) struct CursorKeys {
    /// The one that signs.
    pub(crate) signing: CursorKey,
    /// Those that are accepted.
    pub(crate) accepted: Vec<CursorKey>,
}

impl CursorKeys {
    pub(crate) fn seal(&self, position: &Position) -> String {
        let position = position.to_bytes();
        let signature = self.signing.sign(&position).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&signature[..SIGNATURE], &position].concat())
    }

    /// What tells apart by which key positions are signed: pages of one list differ by it.
    pub(crate) fn mark(&self) -> String {
        let signature = self.signing.sign(b"mark").finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&signature[..6])
    }

    pub(crate) fn open(&self, cursor: &str) -> Result<Position, Problem> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= MAX_CHARS)?;
            let (signature, position) = bytes.split_at_checked(SIGNATURE)?;
            let is_signed = |key: &CursorKey| key.sign(position).verify_truncated_left(signature).is_ok();
            self.accepted.iter().any(is_signed).then(|| Position::from_bytes(position))?
        };
        read().ok_or_else(Problem::invalid_cursor)
    }
}

impl std::fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CursorKeys({})", self.accepted.len())
    }
}

/// HMAC with a key of any length.
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    #[allow(clippy::expect_used)] // HMAC takes keys of every length (RFC 2104, section 2).
    Hmac::new_from_slice(secret).expect("HMAC takes every key")
}

#[cfg(test)]
mod tests {
    use sqm_store::Position;

    use super::*;

    fn keys(signing: &str, accepted: &[&str]) -> CursorKeys {
        let key = |secret: &str| CursorKey::new(secret.as_bytes());
        CursorKeys { signing: key(signing), accepted: accepted.iter().copied().map(key).collect() }
    }

    fn position() -> Position {
        Position::from_bytes(b"sixteen bytes ofa list, and a place in it").unwrap()
    }

    #[test]
    fn a_cursor_opens_with_every_key_that_is_accepted() {
        let cursor = keys("old", &["old"]).seal(&position());
        assert_eq!(keys("new", &["new", "old"]).open(&cursor).unwrap(), position());
        assert_eq!(keys("old", &["new", "old"]).open(&cursor).unwrap(), position());
        assert!(keys("newest", &["newest", "new"]).open(&cursor).is_err());
    }

    #[test]
    fn no_character_can_be_changed() {
        let keys = keys("secret", &["secret"]);
        let good = keys.seal(&position());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad.replace_range(at..=at, if &good[at..=at] == "A" { "B" } else { "A" });
            assert!(keys.open(&bad).is_err(), "{at}");
        }
        let long = "A".repeat(2_000);
        for bad in ["", "A", "****", "YWJj", &long] {
            assert!(keys.open(bad).is_err(), "{bad}");
        }
    }
}
