//! Plans that EXPLAIN prints, of five databases and in all their forms, brought to one form, and what is
//! wrong with them.
//!
//! One file a form, one file a finding. Nothing is run, and nothing is guessed: a finding has the figures that
//! it rests on, and where the SQL is given the place in it that it is about.

mod detect;
mod document;
mod duckdb;
mod findings;
mod mysql;
mod mysql_blocks;
mod mysql_tree;
mod outline;
mod postgres_json;
mod postgres_kind;
mod postgres_text;
mod predicate;
mod rows;
mod snowflake;
mod source;
mod sqlite;
mod tree;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqm_domain::Dialect;
use sqm_domain::limits::MAX_PLAN_BYTES;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};

pub use findings::{Code, Finding};
pub use tree::{
    MOST_LEVELS, MOST_NODES, Node, Operation, Partitions, Plan, Predicate, Relation, Role, Spill, Spilled,
    Total, Workers,
};

/// Whose plan it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// DuckDB.
    DuckDb,
    /// SQLite.
    Sqlite,
    /// Snowflake.
    Snowflake,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Postgres, Self::MySql, Self::DuckDb, Self::Sqlite, Self::Snowflake];

    /// What it is called in answers and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::DuckDb => "duckdb",
            Self::Sqlite => "sqlite",
            Self::Snowflake => "snowflake",
        }
    }

    /// The dialect that it understands.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Postgres => Dialect::Postgres,
            Self::MySql => Dialect::MySql,
            Self::DuckDb => Dialect::DuckDb,
            Self::Sqlite => Dialect::Sqlite,
            Self::Snowflake => Dialect::Snowflake,
        }
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|engine| engine.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no engine is called {name}; known are {names}")
        })
    }
}

impl TryFrom<String> for Engine {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// Lines for people, with indentation or in boxes.
    Text,
    /// One row a step.
    Rows,
}

/// Why a plan was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// Over [`MAX_PLAN_BYTES`].
    #[error("the plan has {bytes} bytes; at most {most} are taken", most = MAX_PLAN_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is the plan of no database that is known.
    #[error(
        "this is no plan that is understood: send what EXPLAIN of PostgreSQL, MySQL, DuckDB, SQLite (EXPLAIN QUERY PLAN) or Snowflake prints, and say the engine where it cannot be told"
    )]
    Unknown,
    /// The engine that was named has no plans such as this one.
    #[error("this is no plan of {name} that is understood", name = .0.name())]
    NotOf(Engine),
    /// There is no step in it.
    #[error("there is no step in this plan of {name}", name = .0.name())]
    Empty(Engine),
    /// It starts as JSON and is none.
    #[error("the plan starts as JSON and is none: {0}")]
    Json(String),
    /// What is expected at a place of it is not there.
    #[error("{place}: expected {expected}")]
    Malformed {
        /// A path into JSON, or a line.
        place: String,
        /// What should be there.
        expected: &'static str,
    },
    /// It has several topmost steps.
    #[error("the plan has more than one topmost step: send one plan at a time")]
    SeveralRoots,
    /// More than [`MOST_NODES`].
    #[error("the plan has more than {MOST_NODES} steps")]
    TooManyNodes,
    /// More than [`MOST_LEVELS`].
    #[error("the plan is nested more than {MOST_LEVELS} levels deep")]
    TooDeep,
    /// The guard refused the work.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// A plan as it came.
#[derive(Debug, Clone, Copy)]
pub enum Printed<'a> {
    /// What was printed, whatever its form.
    Text(&'a str),
    /// JSON that was read already.
    Json(&'a Value),
}

/// The text that a plan was made for.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The statement.
    pub sql: &'a str,
    /// Its dialect.
    pub dialect: Dialect,
}

/// A plan that was read, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// Whose plan it is.
    pub engine: Engine,
    /// How it was written.
    pub format: Format,
    /// The topmost step.
    pub plan: Node,
    /// What is wrong with it, the gravest first.
    pub findings: Vec<Finding>,
    /// Of the plan as a whole.
    pub total: Total,
}

/// Reads a plan and says what is wrong with it, and where in the text, if there is one.
///
/// # Errors
/// Why it was not read.
pub fn read(
    printed: Printed<'_>,
    engine: Option<Engine>,
    text: Option<Text<'_>>,
    catalog: &Catalog,
) -> Result<Explained, ExplainError> {
    examine(parse(printed, engine)?, text, catalog)
}

/// Brings a plan to the one form. Without an engine its form says whose it is.
///
/// # Errors
/// Why it was not read.
pub fn parse(printed: Printed<'_>, engine: Option<Engine>) -> Result<Plan, ExplainError> {
    match printed {
        Printed::Json(value) => detect::json(value, engine),
        Printed::Text(text) if text.len() > MAX_PLAN_BYTES => {
            Err(ExplainError::TooLong { bytes: text.len() })
        }
        Printed::Text(text) => detect::text(text, engine),
    }
}

/// Says what is wrong with a plan, and where in the text, if there is one.
///
/// # Errors
/// The guard's, about the text.
pub fn examine(plan: Plan, text: Option<Text<'_>>, catalog: &Catalog) -> Result<Explained, ExplainError> {
    if let Some(text) = text {
        guard::check_limits(text.sql)?;
    }
    let findings = guard::on_large_stack(|| findings::of(&plan, text, catalog))?;
    let Plan { engine, format, root, total } = plan;
    Ok(Explained { engine, format, plan: root, findings, total })
}
