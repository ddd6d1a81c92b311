//! The columns that a script has written, in the order of their first value, by table.

use crate::ids::IdMap;
use crate::scope::{ColumnId, TableId};

/// Columns in order; what is taken out leaves a gap.
#[derive(Debug, Default)]
pub(super) struct Written {
    order: Vec<Option<ColumnId>>,
    by_table: IdMap<TableId, Vec<usize>>,
}

impl Written {
    /// Adds a column that was not there.
    pub(super) fn push(&mut self, table: TableId, column: ColumnId) {
        self.by_table.entry(table).or_default().push(self.order.len());
        self.order.push(Some(column));
    }

    /// All columns, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = ColumnId> + '_ {
        self.order.iter().copied().flatten()
    }

    /// The columns of a table, in order.
    pub(super) fn of(&self, table: TableId) -> impl Iterator<Item = ColumnId> + '_ {
        self.by_table.get(&table).into_iter().flatten().filter_map(|&at| self.order[at])
    }

    /// Takes out the columns of a table.
    pub(super) fn remove(&mut self, table: TableId) -> Vec<ColumnId> {
        let places = self.by_table.remove(&table).unwrap_or_default();
        places.into_iter().filter_map(|at| self.order[at].take()).collect()
    }

    /// Puts other columns into the places of those of a table, which are those of another table then.
    pub(super) fn replace(&mut self, from: TableId, to: TableId, mut new: impl FnMut(ColumnId) -> ColumnId) {
        let places = self.by_table.remove(&from).unwrap_or_default();
        for &at in &places {
            self.order[at] = self.order[at].map(&mut new);
        }
        self.by_table.entry(to).or_default().extend(places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_places() {
        let (t, u) = (TableId(2), TableId(3));
        let mut written = Written::default();
        written.push(t, ColumnId(1));
        written.push(u, ColumnId(2));
        written.push(t, ColumnId(3));
        assert_eq!(written.of(t).collect::<Vec<_>>(), [ColumnId(1), ColumnId(3)]);
        written.replace(t, TableId(4), |column| ColumnId(column.0 + 10));
        assert_eq!(written.all().collect::<Vec<_>>(), [ColumnId(11), ColumnId(2), ColumnId(13)]);
        assert_eq!(written.remove(TableId(4)), [ColumnId(11), ColumnId(13)]);
        assert_eq!(written.all().collect::<Vec<_>>(), [ColumnId(2)]);
        assert_eq!(written.of(t).count(), 0);
    }
}
