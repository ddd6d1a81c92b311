//! Positions in lists. Each says of which list it is, so that it cannot be used in another one.

use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// Bytes that name a list: as many as keep two lists apart.
const LIST: usize = 16;

/// Where a list goes on. The store believes what it is given: who hands positions out and takes them back
/// signs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    list: [u8; LIST],
    at: String,
}

impl Position {
    /// The place called `at` in `list`. The list's name says whose it is and how it is filtered.
    pub(crate) fn new(list: &str, at: impl ToString) -> Self {
        Self { list: name(list), at: at.to_string() }
    }

    /// What the place is called, if it is one of this list.
    pub(crate) fn of(&self, list: &str) -> Result<&str, StoreError> {
        if self.list == name(list) { Ok(&self.at) } else { Err(StoreError::InvalidPosition) }
    }

    /// The position as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.list, self.at.as_bytes()].concat()
    }

    /// The position that [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (list, at) = bytes.split_first_chunk()?;
        Some(Self { list: *list, at: std::str::from_utf8(at).ok()?.to_owned() })
    }
}

fn name(list: &str) -> [u8; LIST] {
    let mut name = [0; LIST];
    name.copy_from_slice(&Sha256::digest(list)[..LIST]);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_one_of_its_own_list() {
        let position = Position::new("acme", 7);
        assert_eq!(position.of("acme").unwrap(), "7");
        assert!(matches!(position.of("other"), Err(StoreError::InvalidPosition)));
        assert_eq!(Position::from_bytes(&position.to_bytes()), Some(position));
        assert_eq!(Position::from_bytes(b"short"), None);
    }
}
