//! Indexes that are no keys: by what they are led, and the names by which they are dropped.
//!
//! Most say how rows are found and nothing about which rows there are. Unique ones on expressions, or on some of the
//! rows, do: generated databases keep them. No proof looks at either.

use serde::{Deserialize, Serialize};

use super::constraint::Name;
use super::mentions::mentions;

/// A part of what an index is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IndexPart {
    /// The column at this position.
    Column(u32),
    /// An expression, as the parser prints it.
    Expression(String),
}

/// A unique index that is no key of its table: on expressions, or on some of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueIndex {
    /// What occurs once, where nothing of it is NULL.
    pub parts: Vec<IndexPart>,
    /// The condition of the rows among which it does, as the parser prints it; all rows where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether NULL is a value like another: NULLS NOT DISTINCT.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_one_null: bool,
}

/// An index under construction.
pub(super) struct DeclaredIndex {
    pub(super) name: Name,
    pub(super) parts: Vec<IndexPart>,
    /// What is unique about it, if anything is.
    pub(super) unique: Option<Uniqueness>,
}

/// What a [`UniqueIndex`] says besides its parts.
#[derive(Clone)]
pub(super) struct Uniqueness {
    pub(super) condition: Option<String>,
    pub(super) has_one_null: bool,
}

impl DeclaredIndex {
    /// Whether it is ordered by the column of this name and position, or says an expression that may read it.
    pub(super) fn reads(&self, position: usize, name: &str) -> bool {
        let mentions = |text: &String| mentions(text, name);
        let condition = self.unique.as_ref().and_then(|unique| unique.condition.as_ref());
        condition.is_some_and(mentions)
            || self.parts.iter().any(|part| match part {
                IndexPart::Column(column) => *column as usize == position,
                IndexPart::Expression(text) => mentions(text),
            })
    }

    /// Says that a column before others is gone.
    pub(super) fn move_up(&mut self, position: usize) {
        for part in &mut self.parts {
            if let IndexPart::Column(column) = part {
                *column -= u32::from(*column as usize > position);
            }
        }
    }
}
