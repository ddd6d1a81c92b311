use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_SCRIPT_BYTES;

/// A text that cannot be SQL that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSql {
    /// Nothing but white space.
    #[error("the SQL is empty")]
    Empty,
    /// Over [`MAX_SCRIPT_BYTES`].
    #[error("the SQL has {bytes} bytes; at most {most} are taken", most = MAX_SCRIPT_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A NUL byte, which no database takes.
    #[error("the SQL holds a NUL character at line {line}, column {column}")]
    Nul {
        /// Line of the character, from 1.
        line: u64,
        /// Column of the character, from 1, in characters.
        column: u64,
    },
}

/// SQL as somebody wrote it: not empty, at most [`MAX_SCRIPT_BYTES`], not necessarily well formed.
///
/// It has no `Display`, and `Debug` shows only its length, so that no literal reaches a log by accident.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SqlText(String);

impl SqlText {
    /// The text, asked for by name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlText({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for SqlText {
    type Error = InvalidSql;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() > MAX_SCRIPT_BYTES {
            return Err(InvalidSql::TooLong { bytes: text.len() });
        }
        if text.trim().is_empty() {
            return Err(InvalidSql::Empty);
        }
        if let Some(at) = text.find('\0') {
            let before = &text[..at];
            let line = before.matches('\n').count() as u64 + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u64 + 1;
            return Err(InvalidSql::Nul { line, column });
        }
        Ok(Self(text))
    }
}

impl From<SqlText> for String {
    fn from(text: SqlText) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_literal() {
        let text = SqlText::try_from("SELECT 'secret'".to_owned()).unwrap();
        assert_eq!(format!("{text:?}"), "SqlText(15 bytes)");
    }

    #[test]
    fn refuses_what_cannot_be_sql() {
        let refuse = |text: String| SqlText::try_from(text).unwrap_err();
        assert_eq!(refuse(" \n".into()), InvalidSql::Empty);
        assert_eq!(refuse("SELECT\n 1\0".into()), InvalidSql::Nul { line: 2, column: 3 });
        assert!(matches!(refuse("x".repeat(MAX_SCRIPT_BYTES + 1)), InvalidSql::TooLong { .. }));
    }
}
