//! The answer: tables, edges and findings, in the form that the command line's contract describes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::text::{Position, Span};

/// The lineage of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// Whether at least one statement was read, or there was none.
    pub ok: bool,
    /// Why the whole was not looked at, or the error of the first statement when none was read.
    pub error: Option<Failure>,
    /// Each statement's own lineage, in order; those inside of a procedure one by one.
    pub statements: Vec<StatementLineage>,
    /// What the script reads and does not make itself.
    pub tables_in: Vec<TableRef>,
    /// What it writes, apart from what is only a step to something else.
    pub tables_out: Vec<TableRef>,
    /// Edges from end to end.
    pub columns: Vec<Edge>,
    /// What could not be told.
    pub findings: Vec<Finding>,
    /// Every table that it finds or leaves, steps on the way as well; not a part of the answer.
    pub touched: Touched,
}

/// Where the text names a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TablePlaces<'a> {
    /// Its full name, parts joined by dots.
    pub name: &'a str,
    /// Every place, in the order of the text.
    pub spans: BTreeSet<Span>,
}

/// The tables by which a script is found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Touched {
    /// Those that it reads at any place and has not made itself.
    pub reads: Vec<TableRef>,
    /// Those that it changes, makes or removes, apart from what it makes and removes again.
    pub writes: Vec<TableRef>,
}

/// The lineage of one statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementLineage {
    /// What it is: `SELECT`, `INSERT`, `CREATE TABLE AS`, …
    pub kind: String,
    /// Where it stands.
    pub span: Span,
    /// What it reads.
    pub tables_in: Vec<TableRef>,
    /// What it writes or changes.
    pub tables_out: Vec<TableRef>,
    /// Its edges.
    pub columns: Vec<Edge>,
    /// Why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A table and where the text names it. Written as its name; the places stand in the answer's `tables`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRef {
    /// Its full name, parts joined by dots.
    pub name: Arc<str>,
    /// Every place.
    pub spans: Vec<Span>,
}

impl Serialize for TableRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ColumnRef {
    /// The table; `?` where it is not known, `<query>` for the output of a plain query.
    pub table: Arc<str>,
    /// The column; `*` for columns that no catalog expands, `<expr>` for one without a name.
    pub column: Arc<str>,
}

/// One column influences another, or, without a target, all columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Where it comes from.
    pub source: ColumnRef,
    /// Where it goes; `None` where it influences every column of a table, because it chooses, groups or
    /// orders the rows.
    pub target: Option<ColumnRef>,
    /// That table, where there is no target.
    pub rows_of: Option<Arc<str>>,
    /// How.
    pub subtype: Subtype,
    /// Whether the value cannot be told from what arrives.
    pub masking: bool,
    /// The expressions that made it: the output's, and the reference to the source.
    pub spans: Vec<Span>,
}

impl Edge {
    /// Whether the value comes through.
    pub fn edge_type(&self) -> EdgeType {
        match self.subtype {
            Subtype::Identity | Subtype::Transformation | Subtype::Aggregation => EdgeType::Direct,
            _ => EdgeType::Indirect,
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut edge = serializer.serialize_struct("Edge", 7)?;
        edge.serialize_field("source", &self.source)?;
        edge.serialize_field("target", &self.target)?;
        match &self.rows_of {
            Some(table) => edge.serialize_field("rows_of", table)?,
            None => edge.skip_field("rows_of")?,
        }
        edge.serialize_field("type", &self.edge_type())?;
        edge.serialize_field("subtype", &self.subtype)?;
        edge.serialize_field("masking", &self.masking)?;
        edge.serialize_field("spans", &self.spans)?;
        edge.end()
    }
}

/// Whether a value comes through, or only decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EdgeType {
    /// The value comes through.
    Direct,
    /// It only decides.
    Indirect,
}

/// How a column influences another, as OpenLineage's column lineage facet has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subtype {
    /// As it is.
    Identity,
    /// Changed.
    Transformation,
    /// With the values of other rows.
    Aggregation,
    /// In a join's condition.
    Join,
    /// As a grouping key.
    GroupBy,
    /// In a predicate.
    Filter,
    /// As a key of an order.
    Sort,
    /// As a key of a window.
    Window,
    /// As the condition of a CASE or IF.
    Conditional,
}

/// Why something has no lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What is wrong.
    pub message: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

impl Failure {
    pub(super) fn new(message: String, at: Option<Position>) -> Self {
        Self { message, line: at.map(|at| at.line), column: at.map(|at| at.column) }
    }
}

/// Something that could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its kind: `ambiguous_column`, `unknown_column`, `unknown_relation`, `open_star`, `mismatch`, `opaque`,
    /// `dialect`, `plan`, `too_many_edges`, `too_many_columns`.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is.
    pub message: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The relations that could be meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An edge lacks its source.
    Warning,
    /// Something a catalog would tell.
    Info,
}

impl Serialize for Lineage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lineage = serializer.serialize_struct("Lineage", 8)?;
        lineage.serialize_field("ok", &self.ok)?;
        lineage.serialize_field("error", &self.error)?;
        lineage.serialize_field("statements", &self.statements)?;
        lineage.serialize_field("tables", &self.tables())?;
        lineage.serialize_field("tables_in", &self.tables_in)?;
        lineage.serialize_field("tables_out", &self.tables_out)?;
        lineage.serialize_field("columns", &self.columns)?;
        lineage.serialize_field("findings", &self.findings)?;
        lineage.end()
    }
}

impl Lineage {
    /// Whether every statement was read.
    pub fn is_whole(&self) -> bool {
        self.ok && self.statements.iter().all(|statement| statement.error.is_none())
    }

    /// Every table that a statement reads or writes, by name, with the places where the text names it.
    pub fn tables(&self) -> Vec<TablePlaces<'_>> {
        let mut places: BTreeMap<&str, BTreeSet<Span>> = BTreeMap::new();
        for statement in &self.statements {
            for table in statement.tables_in.iter().chain(&statement.tables_out) {
                places.entry(&table.name).or_default().extend(&table.spans);
            }
        }
        places.into_iter().map(|(name, spans)| TablePlaces { name, spans }).collect()
    }

    /// One that knows which tables are read, and nothing of their columns.
    pub(crate) fn of_tables<'a>(tables: impl Iterator<Item = &'a str>, findings: Vec<Finding>) -> Self {
        let table = |name: &str| TableRef { name: name.into(), spans: Vec::new() };
        Self {
            ok: true,
            error: None,
            statements: Vec::new(),
            tables_in: tables.map(table).collect(),
            tables_out: Vec::new(),
            columns: Vec::new(),
            findings,
            touched: Touched::default(),
        }
    }

    pub(super) fn refused(message: String, at: Option<Position>) -> Self {
        Self {
            ok: false,
            error: Some(Failure::new(message, at)),
            statements: Vec::new(),
            tables_in: Vec::new(),
            tables_out: Vec::new(),
            columns: Vec::new(),
            findings: Vec::new(),
            touched: Touched::default(),
        }
    }
}
