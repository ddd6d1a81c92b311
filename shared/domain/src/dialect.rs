use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The dialect in which a text is written, as its author names it.
///
/// Several dialects share a grammar; which one, is the business of the parser. Here only the name is
/// kept, so that what was stored is what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Dialect {
    Generic,
    Ansi,
    Postgres,
    MySql,
    Sqlite,
    DuckDb,
    Snowflake,
    BigQuery,
    Redshift,
    Databricks,
    SparkSql,
    Hive,
    TSql,
    Oracle,
    ClickHouse,
    Trino,
    Presto,
    Athena,
    Teradata,
    Exasol,
    Impala,
    Greenplum,
    Vertica,
    Db2,
    Materialize,
    StarRocks,
    Doris,
    Drill,
    Dremio,
    Fabric,
    RisingWave,
    SingleStore,
    MariaDb,
}

/// Every dialect with its canonical name, followed by the other names it is known by.
const NAMES: &[(Dialect, &[&str])] = &[
    (Dialect::Generic, &["generic", ""]),
    (Dialect::Ansi, &["ansi", "ansisql"]),
    (Dialect::Postgres, &["postgres", "postgresql", "pg"]),
    (Dialect::MySql, &["mysql"]),
    (Dialect::Sqlite, &["sqlite", "sqlite3"]),
    (Dialect::DuckDb, &["duckdb"]),
    (Dialect::Snowflake, &["snowflake"]),
    (Dialect::BigQuery, &["bigquery", "bq"]),
    (Dialect::Redshift, &["redshift"]),
    (Dialect::Databricks, &["databricks"]),
    (Dialect::SparkSql, &["sparksql", "spark", "spark2", "spark3"]),
    (Dialect::Hive, &["hive"]),
    (Dialect::TSql, &["tsql", "mssql", "sqlserver", "synapse"]),
    (Dialect::Oracle, &["oracle", "plsql"]),
    (Dialect::ClickHouse, &["clickhouse"]),
    (Dialect::Trino, &["trino"]),
    (Dialect::Presto, &["presto", "prestodb"]),
    (Dialect::Athena, &["athena"]),
    (Dialect::Teradata, &["teradata"]),
    (Dialect::Exasol, &["exasol"]),
    (Dialect::Impala, &["impala"]),
    (Dialect::Greenplum, &["greenplum"]),
    (Dialect::Vertica, &["vertica"]),
    (Dialect::Db2, &["db2"]),
    (Dialect::Materialize, &["materialize"]),
    (Dialect::StarRocks, &["starrocks"]),
    (Dialect::Doris, &["doris"]),
    (Dialect::Drill, &["drill"]),
    (Dialect::Dremio, &["dremio"]),
    (Dialect::Fabric, &["fabric"]),
    (Dialect::RisingWave, &["risingwave"]),
    (Dialect::SingleStore, &["singlestore", "memsql"]),
    (Dialect::MariaDb, &["mariadb"]),
];

/// No dialect has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect {0:?}; known are {known}", known = Dialect::all().map(Dialect::name).collect::<Vec<_>>().join(", "))]
pub struct UnknownDialect(pub String);

impl Dialect {
    /// Every dialect, in a fixed order.
    pub fn all() -> impl Iterator<Item = Dialect> {
        NAMES.iter().map(|(dialect, _)| *dialect)
    }

    /// Whether databases of this dialect refuse rows that break a declared key; the others take PRIMARY
    /// KEY, UNIQUE and FOREIGN KEY on trust.
    pub fn enforces_keys(self) -> bool {
        use Dialect as D;
        !matches!(
            self,
            D::Snowflake
                | D::BigQuery
                | D::Redshift
                | D::Databricks
                | D::SparkSql
                | D::Hive
                | D::Impala
                | D::Trino
                | D::Presto
                | D::Athena
                | D::Vertica
                | D::Materialize
                | D::Doris
                | D::StarRocks
                | D::Fabric
                | D::Drill
                | D::Dremio
        )
    }

    /// Whether databases of this dialect refuse rows that refer to nothing, without being told to.
    pub fn enforces_foreign_keys(self) -> bool {
        use Dialect as D;
        self.enforces_keys()
            && !matches!(
                self,
                D::Sqlite
                    | D::Greenplum
                    | D::SingleStore
                    | D::RisingWave
                    | D::Materialize
                    | D::Doris
                    | D::StarRocks
            )
    }

    /// The canonical name, in lower case.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(dialect, _)| *dialect == self).map_or("generic", |(_, names)| names[0])
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    /// Reads a name in any case; `_`, `-` and spaces in it do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folded: String =
            text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect();
        NAMES
            .iter()
            .find(|(_, names)| names.contains(&folded.as_str()))
            .map(|(dialect, _)| *dialect)
            .ok_or_else(|| UnknownDialect(text.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Dialect {
    type Error = UnknownDialect;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dialect> for &'static str {
    fn from(dialect: Dialect) -> Self {
        dialect.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_reads_its_own_name() {
        for dialect in Dialect::all() {
            assert_eq!(dialect.name().parse(), Ok(dialect));
        }
    }

    #[test]
    fn names_fold() {
        assert_eq!("PostgreSQL".parse(), Ok(Dialect::Postgres));
        assert_eq!("spark-sql".parse(), Ok(Dialect::SparkSql));
        assert_eq!("klingon".parse::<Dialect>(), Err(UnknownDialect("klingon".into())));
    }
}
