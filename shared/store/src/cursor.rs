//! Positions in lists, signed, so that a caller can neither make one nor use it for another list.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::StoreError;

/// Bytes of the signature: 128 bits cannot be guessed, and keep the cursor short.
const SIGNATURE: usize = 16;
/// Longest cursor: a catalog's name of 128 characters of four bytes, and the signature, in base 64.
const MAX_CHARS: usize = 1024;

/// A position in a list, opaque to who holds it. Any text of a plausible length reads as a cursor;
/// whether it belongs to a list shows when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > MAX_CHARS {
            return Err(StoreError::InvalidCursor);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The key that signs cursors.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

impl CursorKey {
    /// A key of its own, derived from a secret that may serve other ends too.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut derive = keyed(secret);
        derive.update(b"sqm list cursor");
        Self(keyed(&derive.finalize().into_bytes()))
    }

    /// The cursor for `position` in `list`. The list's name says whose it is and how it is filtered.
    pub(crate) fn seal(&self, list: &str, position: &str) -> Cursor {
        let mut bytes = self.sign(list, position).finalize().into_bytes()[..SIGNATURE].to_vec();
        bytes.extend_from_slice(position.as_bytes());
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position that `cursor` names in `list`.
    pub(crate) fn open(&self, list: &str, cursor: &Cursor) -> Result<String, StoreError> {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).map_err(|_| StoreError::InvalidCursor)?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE).ok_or(StoreError::InvalidCursor)?;
        let position = std::str::from_utf8(position).map_err(|_| StoreError::InvalidCursor)?;
        self.sign(list, position).verify_truncated_left(signature).map_err(|_| StoreError::InvalidCursor)?;
        Ok(position.to_owned())
    }

    fn sign(&self, list: &str, position: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        // The length keeps the border between the two.
        mac.update(&(list.len() as u64).to_be_bytes());
        mac.update(list.as_bytes());
        mac.update(position.as_bytes());
        mac
    }
}

/// HMAC with a key of any length.
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    #[allow(clippy::expect_used)] // HMAC takes keys of every length (RFC 2104, section 2).
    Hmac::new_from_slice(secret).expect("HMAC takes every key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_its_own_list_only() {
        let key = CursorKey::new(b"secret");
        let cursor = key.seal("acme", "position");
        assert_eq!(key.open("acme", &cursor).unwrap(), "position");
        assert!(key.open("other", &cursor).is_err());
        assert!(CursorKey::new(b"another").open("acme", &cursor).is_err());
    }

    #[test]
    fn no_character_can_be_changed() {
        let key = CursorKey::new(b"secret");
        let good = key.seal("acme", "0192").to_string();
        for at in 0..good.len() {
            let mut bad = good.clone();
            let other = if &good[at..=at] == "A" { "B" } else { "A" };
            bad.replace_range(at..=at, other);
            let cursor: Cursor = bad.parse().unwrap();
            assert!(key.open("acme", &cursor).is_err(), "{at}");
        }
        for bad in ["A", "****", "YWJj"] {
            assert!(key.open("acme", &bad.parse().unwrap()).is_err(), "{bad}");
        }
        assert!("".parse::<Cursor>().is_err());
    }
}
