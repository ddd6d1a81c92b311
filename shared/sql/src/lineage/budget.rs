//! How much an answer may hold: a text of a few hundred kilobytes can ask for hundreds of millions of edges.

use crate::text::Position;

/// Column influences that one answer may hold, those of its statements and those of the whole script each
/// for themselves. A pipeline of a thousand statements with forty columns each stays far below.
pub(super) const MOST_INFLUENCES: usize = 100_000;

/// What is left of the answer.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    /// The statement that asked for more than was left.
    exceeded: Option<Position>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: MOST_INFLUENCES, exceeded: None }
    }

    /// Takes so many for the statement at this place; says whether there were so many.
    pub(super) fn take(&mut self, wanted: usize, at: Position) -> bool {
        match self.left.checked_sub(wanted) {
            Some(left) if self.exceeded.is_none() => {
                self.left = left;
                true
            }
            _ => {
                self.exceeded.get_or_insert(at);
                wanted == 0
            }
        }
    }

    /// Says that something had to be left out.
    pub(super) fn exceed(&mut self, at: Position) {
        self.exceeded.get_or_insert(at);
    }

    /// Whether something was left out, and from which statement on.
    pub(super) fn exceeded(&self) -> Option<Position> {
        self.exceeded
    }
}
