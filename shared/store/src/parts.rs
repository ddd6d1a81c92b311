//! A hash of several parts, each with its length, so that no two lists of parts are the same bytes.

use sha2::{Digest, Sha256};

/// The hash so far.
#[derive(Debug, Clone, Default)]
pub struct PartsHash(Sha256);

impl PartsHash {
    /// Of these, in this order.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        parts.into_iter().fold(Self::default(), Self::part)
    }

    /// One part more.
    pub fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// SHA-256 of them all.
    pub fn bytes(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// The same in hexadecimal.
    pub fn hex(self) -> String {
        format!("{:x}", self.0.finalize())
    }
}
