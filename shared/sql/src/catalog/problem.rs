//! What a declaration of tables says that the catalog cannot keep.

use std::fmt;

use serde::Serialize;

use crate::text::Position;

/// Where in a declaration something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// In DDL.
    Text(Position),
    /// In JSON: the keys on the way there, as `orders.pk`.
    Path(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(position) => position.fmt(f),
            Self::Path(path) => f.write_str(path),
        }
    }
}

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A statement that declares no table, so says nothing to the catalog.
    Ignored,
    /// A statement that does not parse.
    Unreadable,
    /// A declaration that contradicts itself or another; the message says what counts.
    Contradiction,
}

/// Something that the catalog does not hold although it was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogProblem {
    /// What kind.
    pub kind: ProblemKind,
    /// What is wrong, and what was made of it.
    pub message: String,
    /// Where.
    pub at: Place,
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// Why a declaration gave no catalog at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The text was not looked at.
    #[error(transparent)]
    Guard(#[from] crate::guard::GuardError),
    /// It is no JSON of either form.
    #[error("the schema is not understood: {0}")]
    Json(String),
}
