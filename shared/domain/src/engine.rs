use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;

/// What kind of database a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum DatabaseEngine {
    /// PostgreSQL.
    Postgres,
}

/// No engine has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown engine {0:?}; known is postgres")]
pub struct UnknownEngine(String);

impl DatabaseEngine {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
        }
    }

    /// Whether it understands this dialect. Relatives of PostgreSQL have clauses of their own.
    pub fn speaks(self, dialect: Dialect) -> bool {
        match self {
            Self::Postgres => dialect == Dialect::Postgres,
        }
    }
}

impl fmt::Display for DatabaseEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DatabaseEngine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "postgres" => Ok(Self::Postgres),
            other => Err(UnknownEngine(other.chars().take(40).collect())),
        }
    }
}

impl TryFrom<String> for DatabaseEngine {
    type Error = UnknownEngine;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<DatabaseEngine> for &'static str {
    fn from(engine: DatabaseEngine) -> Self {
        engine.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_dialects() {
        assert_eq!("postgres".parse(), Ok(DatabaseEngine::Postgres));
        assert!("mysql".parse::<DatabaseEngine>().is_err());
        let spoken: Vec<_> =
            Dialect::all().filter(|dialect| DatabaseEngine::Postgres.speaks(*dialect)).collect();
        assert_eq!(spoken, [Dialect::Postgres]);
    }
}
