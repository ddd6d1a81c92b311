//! Statements that the parser has no tree for, as far as tables are concerned.

use sqlparser::ast::{ObjectName, Query};

/// A statement that is known by its first words and by the tables that it touches.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What it does, in capitals: `REFRESH TABLE`, `EXCHANGE PARTITION`.
    pub kind: String,
    /// What it reads, in the order of the text, the query's own tables excluded.
    pub reads: Vec<Relation>,
    /// What it writes or changes, in the order of the text.
    pub writes: Vec<Relation>,
    /// A query whose result it writes, or whose tables it reads.
    pub query: Option<Box<Query>>,
}

/// Something that holds rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// A table or view, named as written.
    Table(ObjectName),
    /// A file, folder, bucket or stage, as written without quotes.
    Path(String),
}
