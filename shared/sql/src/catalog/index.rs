//! Indexes that are no keys: by what they are led, and the names by which they are dropped.
//!
//! They say how rows are found and nothing about which rows there are, so no proof may look at them.

use serde::{Deserialize, Serialize};

use super::constraint::Name;

/// A part of what an index is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IndexPart {
    /// The column at this position.
    Column(u32),
    /// An expression, as the parser prints it.
    Expression(String),
}

/// An index under construction.
pub(super) struct DeclaredIndex {
    pub(super) name: Name,
    pub(super) parts: Vec<IndexPart>,
}

impl DeclaredIndex {
    /// Whether it is ordered by the column of this name and position, or by an expression that may read it.
    pub(super) fn reads(&self, position: usize, name: &str) -> bool {
        self.parts.iter().any(|part| match part {
            IndexPart::Column(column) => *column as usize == position,
            IndexPart::Expression(text) => text.to_lowercase().contains(&name.to_lowercase()),
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
