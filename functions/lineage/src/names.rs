//! Names that a request gives for what the names in a text leave out.

use serde::Deserialize;

/// Longest name of a database or schema, in bytes: what databases take, with room.
const MAX_BYTES: usize = 256;

/// The name of a database or schema: of at most 256 bytes, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Qualifier(String);

impl Qualifier {
    /// The name as text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for Qualifier {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name.trim().is_empty() || name.len() > MAX_BYTES || name.chars().any(char::is_control) {
            return Err(format!("expected a name of 1 to {MAX_BYTES} bytes without control characters"));
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_printable() {
        for good in ["db", "My Schema", "größe", &"x".repeat(MAX_BYTES)] {
            assert!(Qualifier::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", " ", "a\nb", "a\0b", &"x".repeat(MAX_BYTES + 1)] {
            assert!(Qualifier::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
