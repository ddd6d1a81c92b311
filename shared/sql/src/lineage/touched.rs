//! The tables that a script finds and leaves, whatever they are to it: steps on the way as well.

use super::edges::Labels;
use super::model::Touched;
use crate::ids::IdSet;
use crate::scope::{Action, Outcome, Scopes, TableId};
use crate::text::Span;

/// Follows a script statement by statement.
#[derive(Default)]
pub(super) struct Touching {
    reads: Vec<(TableId, Span)>,
    writes: Vec<(TableId, Span)>,
    /// Tables that the script made itself.
    own: IdSet<TableId>,
    /// Those of them that it removed again.
    gone: IdSet<TableId>,
}

impl Touching {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let found = outcome.reads.iter().filter(|(table, _)| !self.own.contains(table));
        self.reads.extend(found);
        for effect in &outcome.effects {
            let (table, span) = (effect.table, effect.span);
            match effect.action {
                Action::Create | Action::CreateMissing => {
                    self.own.insert(table);
                    self.gone.remove(&table);
                }
                Action::Drop if self.own.contains(&table) => {
                    self.gone.insert(table);
                }
                Action::Rename(from) if self.own.contains(&from) => {
                    self.gone.insert(from);
                    self.own.insert(table);
                    self.gone.remove(&table);
                }
                Action::Rename(other) | Action::Swap(other) => self.writes.push((other, span)),
                Action::Write
                | Action::Overwrite
                | Action::Update { .. }
                | Action::Change
                | Action::Empty
                | Action::Drop => {}
            }
            self.writes.push((table, span));
        }
    }

    pub(super) fn finish(self, scopes: &Scopes<'_>, labels: &mut Labels) -> Touched {
        let left = self.writes.into_iter().filter(|(table, _)| !self.gone.contains(table));
        Touched { reads: labels.list(scopes, self.reads.into_iter()), writes: labels.list(scopes, left) }
    }
}
