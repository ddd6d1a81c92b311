//! The records: one JSON object a line, told apart by `kind`. What an export writes and what an import reads are the
//! same types.

use std::num::NonZeroU64;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqm_domain::{
    CatalogName, Dialect, EngineLabel, Note, ParametersHash, QueryId, RunId, Subject, Tag, Title,
    VersionNumber,
};

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A catalog of tables.
    Catalog,
    /// A query as some tool keeps it.
    Query,
    /// A version of a query, as it was exported.
    Version,
    /// Executions of a query.
    Runs,
    /// What a database has counted of a query up to now.
    Statistics,
    /// Up to where such counters are counted already, as it was exported.
    Counters,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A catalog.
    Catalog(CatalogRecord),
    /// A query.
    Query(QueryRecord),
    /// A version of a query.
    Version(VersionRecord),
    /// Executions.
    Runs(RunsRecord),
    /// What a database has counted.
    Statistics(StatisticsRecord),
    /// Up to where that is counted already.
    Counters(CountersRecord),
}

/// What a query is called where it comes from, so that the same one coming again is known: the path of a file, the id
/// of a model, a hash. One printable line of at most 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Longest origin, in bytes.
const MAX_ORIGIN_BYTES: usize = 512;

/// A catalog of tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogRecord {
    /// [`Kind::Catalog`].
    pub kind: Kind,
    /// Its name.
    pub name: CatalogName,
    /// The dialect of the source.
    pub dialect: Dialect,
    /// The tables as DDL; either this or `tables`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ddl: Option<String>,
    /// The tables as JSON, in the form of `PUT /v1/catalogs/{name}`, byte by byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Box<RawValue>>,
    /// Of an export: the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
    /// Of an export: when the first version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Of an export: when this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Of an export: who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Subject>,
}

impl PartialEq for CatalogRecord {
    fn eq(&self, other: &Self) -> bool {
        let tables = |record: &Self| record.tables.as_ref().map(|tables| tables.get().to_owned());
        let rest = |record: &Self| {
            let Self { name, dialect, ddl, version, created_at, updated_at, author, .. } = record.clone();
            (name, dialect, ddl, version, created_at, updated_at, author)
        };
        tables(self) == tables(other) && rest(self) == rest(other)
    }
}

/// A query as some tool keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryRecord {
    /// [`Kind::Query`].
    pub kind: Kind,
    /// What it is called where it comes from; without it, all that is said of it stands for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What people call it.
    pub title: Title,
    /// The text.
    pub sql: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// What it is for.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub description: Note,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Who answers for it; without it, who imports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Subject>,
    /// The catalog that describes its tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogName>,
    /// Why this version was made.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub message: Note,
}

/// A version of a query, as it was exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRecord {
    /// [`Kind::Version`].
    pub kind: Kind,
    /// The query.
    pub query: QueryId,
    /// Which version.
    pub version: VersionNumber,
    /// When the first version was made.
    pub created_at: Timestamp,
    /// When this one was made.
    pub updated_at: Timestamp,
    /// Who made it.
    pub author: Subject,
    /// Why.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub message: Note,
    /// What it is called where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What was imported last under that name, as a hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// What people call it.
    pub title: Title,
    /// What it is for.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub description: Note,
    /// Its dialect.
    pub dialect: Dialect,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Who answers for it.
    pub owner: Subject,
    /// The catalog that describes its tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogName>,
    /// The text.
    pub sql: String,
}

/// Executions of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsRecord {
    /// [`Kind::Runs`].
    pub kind: Kind,
    /// The query; either this or `origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryId>,
    /// What the query is called where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The executions.
    pub runs: Vec<Execution>,
}

/// An execution, or several that are known by their mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    /// What it is called, so that it counts once however often it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RunId>,
    /// When it began.
    pub at: Timestamp,
    /// How long it took; of several the mean.
    pub duration_ms: f64,
    /// How many executions it stands for; one where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<NonZeroU64>,
    /// Rows given, by all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes read, by all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineLabel>,
    /// Its parameters, as a hash or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_hash: Option<ParametersHash>,
    /// What EXPLAIN printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Value>,
    /// The outline of its plan, where that was made already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_outline: Option<String>,
}

/// What a database has counted of a query since it began to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatisticsRecord {
    /// [`Kind::Statistics`].
    pub kind: Kind,
    /// What the query is called where it comes from.
    pub origin: Origin,
    /// What the counters are called there: those of several databases do not mix.
    pub source: RunId,
    /// When they were read.
    pub at: Timestamp,
    /// How often it was run.
    pub calls: u64,
    /// How long that took together.
    pub total_ms: f64,
    /// How many rows it gave together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Up to where counters are counted already, as it was exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountersRecord {
    /// [`Kind::Counters`].
    pub kind: Kind,
    /// The query.
    pub query: QueryId,
    /// What the counters are called.
    pub source: RunId,
    /// When they were read.
    pub at: Timestamp,
    /// How often the query had been run.
    pub calls: u64,
    /// How long that had taken together.
    pub total_ms: f64,
    /// How many rows it had given together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl Serialize for Record {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Catalog(record) => record.serialize(serializer),
            Self::Query(record) => record.serialize(serializer),
            Self::Version(record) => record.serialize(serializer),
            Self::Runs(record) => record.serialize(serializer),
            Self::Statistics(record) => record.serialize(serializer),
            Self::Counters(record) => record.serialize(serializer),
        }
    }
}

impl QueryRecord {
    /// A query of which only this is known.
    pub fn new(origin: Origin, title: Title, sql: String, dialect: Dialect) -> Self {
        Self {
            kind: Kind::Query,
            origin: Some(origin),
            title,
            sql,
            dialect,
            description: Note::default(),
            tags: Vec::new(),
            owner: None,
            catalog: None,
            message: Note::default(),
        }
    }

    /// All that is said of it, as a hash: the same again is the same import.
    pub fn content(&self) -> String {
        // Written by us, so that neither spaces nor the order of fields count.
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{:x}", Sha256::digest(text))
    }

    /// What it is called where it comes from, or else what stands for that.
    pub fn named(&self) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin(format!("content:{}", self.content())))
    }
}

impl Origin {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() || text.len() > MAX_ORIGIN_BYTES || text.chars().any(char::is_control) {
            return Err(format!("origin: one printable line of 1 to {MAX_ORIGIN_BYTES} bytes"));
        }
        Ok(Self(text))
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

fn is_empty(note: &Note) -> bool {
    note.as_str().is_empty()
}
