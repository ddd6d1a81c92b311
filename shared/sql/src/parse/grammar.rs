//! Which grammar reads which dialect, and which others are tried where that one gives up.

use serde::Serialize;
use sqlparser::dialect;
use sqm_domain::Dialect;

/// A grammar of the parser. Several dialects share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Grammar {
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
    Spark,
    Hive,
    MsSql,
    Oracle,
    ClickHouse,
    Teradata,
}

impl Grammar {
    /// The grammar of a dialect, or the nearest where it has none of its own.
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Generic | Dialect::Db2 | Dialect::Exasol => Self::Generic,
            Dialect::Ansi => Self::Ansi,
            Dialect::Postgres
            | Dialect::Greenplum
            | Dialect::Vertica
            | Dialect::Materialize
            | Dialect::RisingWave => Self::Postgres,
            Dialect::MySql
            | Dialect::MariaDb
            | Dialect::SingleStore
            | Dialect::StarRocks
            | Dialect::Doris => Self::MySql,
            Dialect::Sqlite => Self::Sqlite,
            Dialect::DuckDb => Self::DuckDb,
            Dialect::Snowflake => Self::Snowflake,
            Dialect::BigQuery => Self::BigQuery,
            Dialect::Redshift => Self::Redshift,
            Dialect::Databricks => Self::Databricks,
            Dialect::SparkSql => Self::Spark,
            Dialect::Hive | Dialect::Impala => Self::Hive,
            Dialect::TSql | Dialect::Fabric => Self::MsSql,
            Dialect::Oracle => Self::Oracle,
            Dialect::ClickHouse => Self::ClickHouse,
            Dialect::Teradata => Self::Teradata,
            Dialect::Trino | Dialect::Presto | Dialect::Athena | Dialect::Drill | Dialect::Dremio => {
                Self::Generic
            }
        }
    }

    /// Whether the dialect has this grammar as its own, not merely as the nearest.
    pub fn is_own(self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::MariaDb => true,
            _ => self.name() == dialect.name(),
        }
    }

    /// The name of the dialect that the grammar was written for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Ansi => "ansi",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
            Self::DuckDb => "duckdb",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::Redshift => "redshift",
            Self::Databricks => "databricks",
            Self::Spark => "sparksql",
            Self::Hive => "hive",
            Self::MsSql => "tsql",
            Self::Oracle => "oracle",
            Self::ClickHouse => "clickhouse",
            Self::Teradata => "teradata",
        }
    }

    /// The grammars to try in turn where this one gives up, without itself.
    pub fn fallbacks(self) -> impl Iterator<Item = Self> {
        let nearest: &[Self] = match self {
            Self::Generic | Self::Ansi => &[Self::Generic, Self::DuckDb, Self::Snowflake, Self::BigQuery],
            Self::Postgres => &[Self::Redshift, Self::Generic, Self::DuckDb],
            Self::MySql | Self::Sqlite => &[Self::Generic],
            Self::DuckDb => &[Self::Postgres, Self::Generic],
            Self::Snowflake => &[Self::Generic, Self::Databricks],
            Self::BigQuery => &[Self::Generic, Self::Databricks],
            Self::Redshift => &[Self::Postgres, Self::Generic, Self::Snowflake],
            Self::Databricks => &[Self::Spark, Self::Hive, Self::Generic, Self::Snowflake],
            Self::Spark => &[Self::Databricks, Self::Hive, Self::Generic],
            Self::Hive => &[Self::Databricks, Self::Spark, Self::Generic],
            Self::MsSql | Self::Oracle | Self::ClickHouse | Self::Teradata => {
                &[Self::Generic, Self::Snowflake]
            }
        };
        nearest.iter().copied().filter(move |grammar| *grammar != self)
    }

    pub(crate) fn parser(self) -> &'static dyn dialect::Dialect {
        match self {
            Self::Generic => &dialect::GenericDialect,
            Self::Ansi => &dialect::AnsiDialect {},
            Self::Postgres => &dialect::PostgreSqlDialect {},
            Self::MySql => &dialect::MySqlDialect {},
            Self::Sqlite => &dialect::SQLiteDialect {},
            Self::DuckDb => &dialect::DuckDbDialect {},
            Self::Snowflake => &dialect::SnowflakeDialect,
            Self::BigQuery => &dialect::BigQueryDialect,
            Self::Redshift => &dialect::RedshiftSqlDialect {},
            Self::Databricks => &dialect::DatabricksDialect {},
            Self::Spark => &dialect::SparkSqlDialect {},
            Self::Hive => &dialect::HiveDialect {},
            Self::MsSql => &dialect::MsSqlDialect {},
            Self::Oracle => &dialect::OracleDialect {},
            Self::ClickHouse => &dialect::ClickHouseDialect {},
            Self::Teradata => &dialect::TeradataDialect {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_dialects_have_a_grammar_of_their_own() {
        let borrowed: Vec<_> = Dialect::all()
            .filter(|&dialect| !Grammar::of(dialect).is_own(dialect))
            .map(Dialect::name)
            .collect();
        assert_eq!(
            borrowed.join(" "),
            "trino presto athena exasol impala greenplum vertica db2 materialize starrocks doris drill \
             dremio fabric risingwave singlestore"
        );
    }
}
