use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct InvalidId {
    what: &'static str,
    why: &'static str,
}

/// An id that is a UUID of version 7 (RFC 9562), so that ids sort by the time at which they were made.
macro_rules! id_by_time {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// An id from milliseconds since the Unix epoch and 80 random bits.
            pub fn from_parts(unix_millis: u64, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid_by_time($what, text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id_by_time!(
    /// The id of a stored query, a UUID of version 7.
    QueryId,
    "query id"
);

id_by_time!(
    /// The id of a job, a UUID of version 7.
    JobId,
    "job id"
);

fn uuid_by_time(what: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    let invalid = |why| InvalidId { what, why };
    if text.len() != 36 {
        return Err(invalid("expected a UUID of 36 characters"));
    }
    let uuid = Uuid::try_parse(text).map_err(|_| invalid("not a UUID"))?;
    if uuid.get_version_num() != 7 {
        return Err(invalid("not a UUID of version 7"));
    }
    Ok(uuid)
}

/// The id of an analysis: a hash of everything that it is made from, in 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AnalysisId([u8; 32]);

impl AnalysisId {
    /// The id that is this hash.
    pub fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl fmt::Display for AnalysisId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for AnalysisId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid =
            || InvalidId { what: "analysis id", why: "expected 64 hexadecimal digits in lower case" };
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(invalid());
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for AnalysisId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AnalysisId> for String {
    fn from(id: AnalysisId) -> Self {
        id.to_string()
    }
}

/// The number of a version of a query: 1, 2, 3 …, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(NonZeroU32);

impl VersionNumber {
    /// The version that creation makes.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The version after this one; `None` after four thousand million.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The number itself.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The version of this number; `None` for zero.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VersionNumber {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidId { what: "version", why: "expected a number from 1" })
    }
}

/// A workspace: the tenant that every stored thing belongs to. Lower-case letters, digits and `-`, at
/// most 64, starting with a letter or digit, so that it can stand in a key without escaping.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspaceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let valid = (1..=64).contains(&bytes.len())
            && plain(bytes[0])
            && bytes.iter().all(|&byte| plain(byte) || byte == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId {
                what: "workspace",
                why: "expected 1 to 64 of a-z, 0-9 and -, not starting with -",
            })
        }
    }
}

impl TryFrom<String> for WorkspaceId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WorkspaceId> for String {
    fn from(id: WorkspaceId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_ids_sort_by_time_and_read_back() {
        let early = QueryId::from_parts(1_700_000_000_000, [9; 10]);
        let late = QueryId::from_parts(1_700_000_000_001, [0; 10]);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn other_uuids_are_no_query_ids() {
        assert!("936da01f-9abd-4d9d-80c7-02af85c822a8".parse::<QueryId>().is_err());
        assert!("936da01f9abd4d9d80c702af85c822a8".parse::<QueryId>().is_err());
        assert!("".parse::<QueryId>().is_err());
    }

    #[test]
    fn workspaces() {
        for good in ["acme", "a-b-c", "0", "team-42"] {
            assert_eq!(good.parse::<WorkspaceId>().map(String::from), Ok(good.to_owned()));
        }
        let long = "x".repeat(65);
        for bad in ["", "-a", "A", "a#b", "a/b", "ä", long.as_str()] {
            assert!(bad.parse::<WorkspaceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_start_at_one() {
        assert!("0".parse::<VersionNumber>().is_err());
        assert!("-1".parse::<VersionNumber>().is_err());
        assert_eq!("1".parse(), Ok(VersionNumber::FIRST));
        assert_eq!(VersionNumber::FIRST.next().map(VersionNumber::get), Some(2));
    }
}
