//! Constraints as they are declared, with the names by which they are dropped.

use super::problem::Place;

/// A foreign key as declared, before it is known whether what it refers to exists.
pub(super) struct DeclaredForeignKey {
    pub(super) columns: Vec<(String, Place)>,
    pub(super) table: Vec<String>,
    pub(super) referred: Vec<String>,
    /// MATCH FULL: either all of its values are NULL or none.
    pub(super) is_full: bool,
    pub(super) at: Place,
}

/// What a constraint demands; columns are positions in its table.
pub(super) enum Rule {
    /// `takes_null` where the database lets NULL into the columns of a primary key.
    PrimaryKey {
        columns: Vec<u32>,
        takes_null: bool,
    },
    /// `has_one_null` where NULL is a value like another, and two rows with it break the key.
    Unique {
        columns: Vec<u32>,
        has_one_null: bool,
    },
    NotNull(u32),
    Check(String),
    ForeignKey {
        columns: Vec<u32>,
        table: Vec<String>,
        referred: Vec<String>,
        is_full: bool,
        at: Place,
    },
}

impl Rule {
    /// Whether it rests on the column at this position.
    pub(super) fn reads(&self, column: usize) -> bool {
        self.columns().iter().any(|&other| other as usize == column)
    }

    pub(super) fn is_key(&self) -> bool {
        matches!(self, Self::Unique { .. } | Self::PrimaryKey { .. })
    }

    pub(super) fn columns(&self) -> &[u32] {
        match self {
            Self::PrimaryKey { columns, .. }
            | Self::Unique { columns, .. }
            | Self::ForeignKey { columns, .. } => columns,
            Self::NotNull(column) => std::slice::from_ref(column),
            Self::Check(_) => &[],
        }
    }

    pub(super) fn columns_mut(&mut self) -> &mut [u32] {
        match self {
            Self::PrimaryKey { columns, .. }
            | Self::Unique { columns, .. }
            | Self::ForeignKey { columns, .. } => columns,
            Self::NotNull(column) => std::slice::from_mut(column),
            Self::Check(_) => &mut [],
        }
    }
}

/// The name of a constraint: what it is dropped by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Name {
    /// As declared.
    Given(String),
    /// As the database makes it up, where that is known.
    Implied(String),
    /// Made up by the database.
    #[default]
    Unknown,
}

impl Name {
    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Self::Given(own) | Self::Implied(own) => own.eq_ignore_ascii_case(name),
            Self::Unknown => false,
        }
    }
}

pub(super) struct Constraint {
    pub(super) name: Name,
    pub(super) rule: Rule,
    /// The constraint as written, where rows that were there before it may break it.
    pub(super) doubt: Option<String>,
}
