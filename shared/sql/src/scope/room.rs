//! How many columns a text may make that it does not list: by stars, pivots and structs.
//!
//! Forty common table expressions, each of which joins the one before with itself, are two kilobytes of text
//! and 2^40 columns.

/// Columns of one list. BigQuery, which allows most, takes 10,000.
const MOST_WIDTH: usize = 20_000;

/// Columns of all lists of a text.
const MOST_COLUMNS: usize = 1_000_000;

/// What is left of it.
#[derive(Debug)]
pub(crate) struct Room {
    left: usize,
    is_exceeded: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: MOST_COLUMNS, is_exceeded: false }
    }
}

impl Room {
    /// Takes room for so many columns more in a list that has some; says whether there was any.
    pub(super) fn take(&mut self, present: usize, wanted: usize) -> bool {
        let left = self.left.checked_sub(wanted).filter(|_| present.saturating_add(wanted) <= MOST_WIDTH);
        match left {
            Some(left) => self.left = left,
            None => self.is_exceeded = true,
        }
        left.is_some()
    }

    /// Whether there was too little at any time.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }
}

/// What there is room for, in words.
pub(crate) fn limits() -> String {
    format!("{MOST_WIDTH} columns of one query, or {MOST_COLUMNS} of all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_list_nor_all_of_them_grow_beyond() {
        let mut room = Room::default();
        assert!(room.take(MOST_WIDTH - 1, 1) && !room.is_exceeded());
        assert!(!room.take(MOST_WIDTH, 1) && room.is_exceeded());
        let lists = (0..).take_while(|_| room.take(0, MOST_WIDTH)).count();
        assert_eq!(lists, MOST_COLUMNS / MOST_WIDTH - 1);
    }
}
