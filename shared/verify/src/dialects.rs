//! Where dialects differ in what a query means: the facts, one function each, that binding, generating and
//! printing ask for. What is not listed follows PostgreSQL.

use datafusion::sql::planner::NullOrdering;
use sqm_domain::Dialect::{self, self as D};

/// PostgreSQL, what speaks as it does, and what follows it where nothing else is said.
pub fn is_postgres(dialect: Dialect) -> bool {
    matches!(dialect, D::Generic | D::Ansi | D::Postgres | D::Greenplum | D::Materialize | D::RisingWave)
}

/// SQL as the standard has it, of no database in particular.
pub fn is_standard(dialect: Dialect) -> bool {
    matches!(dialect, D::Generic | D::Ansi)
}

/// MySQL and what is made from it.
pub fn is_mysql(dialect: Dialect) -> bool {
    matches!(dialect, D::MySql | D::MariaDb | D::SingleStore)
}

/// MySQL, what is made from it, and what speaks as it does.
fn speaks_mysql(dialect: Dialect) -> bool {
    is_mysql(dialect) || matches!(dialect, D::Doris | D::StarRocks)
}

/// Spark and Hive, whose functions are those of Java.
pub fn is_java(dialect: Dialect) -> bool {
    matches!(dialect, D::SparkSql | D::Databricks | D::Hive)
}

/// Trino and its kin.
fn is_trino(dialect: Dialect) -> bool {
    matches!(dialect, D::Trino | D::Presto | D::Athena)
}

/// SQL Server and its kin.
pub fn is_transact(dialect: Dialect) -> bool {
    matches!(dialect, D::TSql | D::Fabric)
}

/// Whether a name inside an expression of ORDER BY means a column where one has it, and an output at most where
/// none has: only a name by itself means the output first.
pub fn orders_by_alias_alone(dialect: Dialect) -> bool {
    is_postgres(dialect)
        || is_transact(dialect)
        || matches!(
            dialect,
            D::Redshift | D::DuckDb | D::Sqlite | D::Oracle | D::Db2 | D::Vertica | D::Exasol
        )
}

/// Whether an outer join gives default values, not NULL, for a row without a partner.
pub fn fills_with_defaults(dialect: Dialect) -> bool {
    dialect == D::ClickHouse
}

/// Whether a scalar subquery that names the query around it is run for each of its rows. Others make a join of it.
pub fn runs_subqueries_by_row(dialect: Dialect) -> bool {
    is_mysql(dialect) || matches!(dialect, D::Postgres | D::Sqlite)
}

/// Whether FIRST_VALUE, LAST_VALUE and NTH_VALUE look at all rows of an ordered window that has no frame.
pub fn looks_at_whole_windows(dialect: Dialect) -> bool {
    dialect == D::Snowflake
}

/// Whether LEFT and RIGHT with a negative length leave out so many characters.
pub fn takes_negative_lengths(dialect: Dialect) -> bool {
    is_postgres(dialect) || dialect == D::DuckDb
}

/// Whether a week is that of ISO 8601: it begins with Monday, and the first one has four days of the year.
pub fn has_iso_weeks(dialect: Dialect) -> bool {
    is_postgres(dialect)
        || is_java(dialect)
        || is_trino(dialect)
        || matches!(dialect, D::Redshift | D::DuckDb | D::Snowflake)
}

/// What DAYOFWEEK says of a Sunday, where the days that follow count on from it.
pub fn first_day(dialect: Dialect) -> Option<i64> {
    match dialect {
        D::Snowflake | D::DuckDb => Some(0),
        D::MySql
        | D::MariaDb
        | D::SingleStore
        | D::Doris
        | D::StarRocks
        | D::SparkSql
        | D::Databricks
        | D::Hive
        | D::Impala => Some(1),
        _ => None,
    }
}

/// Whether WEEKDAY is 0 on a Monday.
pub fn counts_from_monday(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || matches!(dialect, D::SparkSql | D::Databricks)
}

/// Whether a difference of two moments counts units that have passed, not boundaries between them.
pub fn counts_whole_units(dialect: Dialect) -> bool {
    speaks_mysql(dialect)
        || is_trino(dialect)
        || matches!(dialect, D::SparkSql | D::Databricks | D::Oracle | D::Db2)
}

/// Whether LENGTH counts bytes.
pub fn counts_bytes(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || matches!(dialect, D::ClickHouse | D::Impala | D::Db2)
}

/// Whether STDDEV and VARIANCE are those of the population.
pub fn is_of_population(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || dialect == D::Hive
}

/// Whether LOG of one argument is the natural logarithm.
pub fn has_natural_log(dialect: Dialect) -> bool {
    speaks_mysql(dialect)
        || is_java(dialect)
        || is_transact(dialect)
        || matches!(dialect, D::BigQuery | D::ClickHouse)
}

/// Whether the base of LOG stands behind the number.
pub fn has_base_last(dialect: Dialect) -> bool {
    is_transact(dialect) || dialect == D::BigQuery
}

/// Whether `7 / 2` is 3 in the dialect. The generic dialect follows the standard, and with it PostgreSQL.
pub fn divides_whole(dialect: Dialect) -> bool {
    !(speaks_mysql(dialect)
        || is_java(dialect)
        || matches!(
            dialect,
            D::Oracle
                | D::Snowflake
                | D::BigQuery
                | D::DuckDb
                | D::ClickHouse
                | D::Impala
                | D::Exasol
                | D::Drill
        ))
}

/// Whether `1 / 0` is NULL in the dialect rather than an error.
pub fn divides_by_zero_to_null(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || matches!(dialect, D::Sqlite | D::SparkSql | D::Hive | D::Impala)
}

/// Whether texts of other case or accents are equal under the collation.
pub fn ignores_case(collation: &str) -> bool {
    let lower = collation.to_ascii_lowercase();
    let mut parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| matches!(part, "ci" | "ai" | "nocase" | "rtrim"))
}

/// Whether texts that differ in case alone are equal under the usual collation.
pub fn compares_without_case(dialect: Dialect) -> bool {
    is_mysql(dialect) || is_transact(dialect)
}

/// Whether a cast of a fraction to an integer goes to the nearest one in the dialect, away from zero where two
/// are equally near, rather than towards zero. The generic dialect follows PostgreSQL.
pub fn casts_to_nearest(dialect: Dialect) -> bool {
    is_mysql(dialect)
        || is_trino(dialect)
        || matches!(
            dialect,
            D::Generic
                | D::Ansi
                | D::Postgres
                | D::Greenplum
                | D::Materialize
                | D::Snowflake
                | D::BigQuery
                | D::Oracle
                | D::DuckDb
                | D::Vertica
        )
}

/// Whether a text keeps its length in a cast, whatever the type says.
pub fn ignores_lengths(dialect: Dialect) -> bool {
    matches!(dialect, D::Sqlite | D::DuckDb)
}

/// Whether the texts of a CHAR column are filled up with blanks to its length, which functions see.
pub fn pads_texts(dialect: Dialect) -> bool {
    !is_mysql(dialect)
        && !matches!(
            dialect,
            D::Sqlite | D::DuckDb | D::Snowflake | D::BigQuery | D::ClickHouse | D::SingleStore
        )
}

/// Whether functions get the texts of a CHAR column with the blanks that fill them up. PostgreSQL takes these away
/// from all but patterns.
pub fn passes_blanks_on(dialect: Dialect) -> bool {
    pads_texts(dialect) && !is_postgres(dialect)
}

/// How long a text is that is cast to CHAR without a length, or to VARCHAR (`varies`).
pub fn implied_length(varies: bool, dialect: Dialect) -> Option<i64> {
    match dialect {
        _ if is_transact(dialect) => Some(30),
        _ if varies || is_mysql(dialect) || ignores_lengths(dialect) => None,
        D::SingleStore | D::BigQuery | D::ClickHouse => None,
        _ => Some(1),
    }
}

/// Whether GREATEST and LEAST are NULL where one argument is, rather than skip it.
pub fn greatest_keeps_null(dialect: Dialect) -> bool {
    is_mysql(dialect)
        || is_trino(dialect)
        || matches!(dialect, D::Oracle | D::Snowflake | D::BigQuery | D::Sqlite | D::Hive)
}

/// Whether CONCAT is NULL where one argument is, rather than skip it.
pub fn concat_keeps_null(dialect: Dialect) -> bool {
    is_mysql(dialect)
        || is_java(dialect)
        || is_trino(dialect)
        || matches!(dialect, D::Snowflake | D::BigQuery | D::Redshift | D::ClickHouse | D::Impala)
}

/// Whether `^` is the exclusive OR of bits.
pub fn has_caret_of_bits(dialect: Dialect) -> bool {
    speaks_mysql(dialect)
        || is_java(dialect)
        || is_transact(dialect)
        || matches!(dialect, D::BigQuery | D::Impala)
}

/// Whether a text that is no number can be compared with one: it is zero, NULL or greater than all.
pub fn reads_numbers(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || matches!(dialect, D::Sqlite | D::Hive | D::SparkSql | D::Impala)
}

/// Whether TRUE is 1, and FALSE 0.
pub fn says_truth_by_number(dialect: Dialect) -> bool {
    is_mysql(dialect) || is_transact(dialect) || dialect == D::Sqlite
}

/// Whether a number is a condition, true unless it is zero, and a condition a number that can be computed with.
pub fn takes_numbers_for_truth(dialect: Dialect) -> bool {
    is_mysql(dialect) || dialect == D::Sqlite
}

/// Whether it is an error to compare a truth value with a number.
pub fn keeps_truth_apart(dialect: Dialect) -> bool {
    is_postgres(dialect) && !is_standard(dialect)
        || matches!(dialect, D::BigQuery | D::Trino | D::Presto | D::Athena)
}

/// Whether rows are compared as values of their own, so that two NULLs inside of them are equal.
pub fn compares_rows_as_values(dialect: Dialect) -> bool {
    is_java(dialect) || matches!(dialect, D::DuckDb | D::ClickHouse)
}

/// Whether `*` begins with the columns that USING or NATURAL joins. Elsewhere each stays where the left side has it.
pub fn puts_joined_columns_first(dialect: Dialect) -> bool {
    !matches!(dialect, D::Sqlite | D::DuckDb | D::ClickHouse)
}

/// Whether HAVING may name outputs, and prefers them, or may, to columns of the same name.
pub fn prefers_outputs_in_having(dialect: Dialect) -> bool {
    !orders_by_alias_alone(dialect) || dialect == D::DuckDb
}

/// Whether MAX_BY and MIN_BY pass over rows whose key is NULL, and over no other.
pub fn skips_null_keys(dialect: Dialect) -> bool {
    is_trino(dialect) || matches!(dialect, D::Snowflake | D::BigQuery | D::SparkSql | D::Databricks)
}

/// Whether a table DUAL of one row is there without being declared.
pub fn has_dual(dialect: Dialect) -> bool {
    is_mysql(dialect) || matches!(dialect, D::Oracle | D::Db2 | D::Snowflake | D::Exasol)
}

/// Whether `||` makes texts of integers.
pub fn joins_numbers_as_texts(dialect: Dialect) -> bool {
    matches!(dialect, D::Sqlite | D::Oracle | D::Snowflake | D::Databricks | D::SparkSql)
}

/// Where NULLs stand when ORDER BY does not say.
pub fn null_order(dialect: Dialect) -> NullOrdering {
    match dialect {
        D::MySql
        | D::MariaDb
        | D::SingleStore
        | D::Sqlite
        | D::TSql
        | D::Fabric
        | D::BigQuery
        | D::SparkSql
        | D::Databricks
        | D::Hive
        | D::Doris
        | D::StarRocks => NullOrdering::NullsMin,
        D::DuckDb | D::Trino | D::Presto | D::Athena | D::ClickHouse => NullOrdering::NullsLast,
        _ => NullOrdering::NullsMax,
    }
}

/// Whether a name without quotes means one in quotes, in whatever case.
pub fn keeps_case(dialect: Dialect) -> bool {
    !matches!(
        dialect,
        D::Generic
            | D::Ansi
            | D::Postgres
            | D::Redshift
            | D::Greenplum
            | D::Materialize
            | D::RisingWave
            | D::Snowflake
            | D::Oracle
            | D::Db2
            | D::Exasol
    )
}

/// Whether a name without quotes is one in small letters.
pub fn folds_to_lower(dialect: Dialect) -> bool {
    is_postgres(dialect) && !is_standard(dialect) || dialect == D::Redshift
}

/// Whether a column whose numbers the database makes is given one by OVERRIDING SYSTEM VALUE.
pub fn overrides_system_values(dialect: Dialect) -> bool {
    matches!(dialect, D::Generic | D::Ansi | D::Postgres | D::Greenplum | D::Db2)
}

/// Whether it is given one where the session says so.
pub fn sets_identity_insert(dialect: Dialect) -> bool {
    matches!(dialect, D::TSql | D::Fabric)
}

/// What a name in quotes stands between.
pub fn quotes(dialect: Dialect) -> (char, char) {
    match dialect {
        D::TSql | D::Fabric => ('[', ']'),
        D::MySql
        | D::MariaDb
        | D::SingleStore
        | D::Doris
        | D::StarRocks
        | D::BigQuery
        | D::Hive
        | D::SparkSql
        | D::Databricks
        | D::Impala
        | D::ClickHouse
        | D::Drill => ('`', '`'),
        _ => ('"', '"'),
    }
}

/// The name in quotes.
pub fn quoted(name: &str, dialect: Dialect) -> String {
    match quotes(dialect) {
        ('[', close) => format!("[{}]", name.replace(close, "]]")),
        (quote, _) => format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}"))),
    }
}

/// Whether a DATE has a time of day.
pub fn dates_have_time(dialect: Dialect) -> bool {
    dialect == D::Oracle
}

/// Whether a day and an interval make a moment.
pub fn makes_moments(dialect: Dialect) -> bool {
    is_postgres(dialect) && !is_standard(dialect) || matches!(dialect, D::Redshift | D::DuckDb)
}

/// Whether a column of this written type holds no number below zero.
pub fn is_unsigned(written: &str, dialect: Dialect) -> bool {
    let lower = written.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let name = words.next().unwrap_or_default();
    // ClickHouse wraps types: `Nullable(UInt8)`.
    let is_marked = lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        matches!(
            word,
            "unsigned" | "zerofill" | "utinyint" | "usmallint" | "uinteger" | "ubigint" | "uhugeint"
        ) || word.strip_prefix("uint").is_some_and(|bits| bits.parse::<u16>().is_ok())
    });
    is_marked || (name == "tinyint" && is_transact(dialect))
}

/// Whether a column may hold values of another type than it declares.
pub fn keeps_types_loosely(dialect: Dialect) -> bool {
    dialect == D::Sqlite
}

/// Whether the empty text is NULL.
pub fn empty_is_null(dialect: Dialect) -> bool {
    dialect == D::Oracle
}

/// Whether NaN is unequal to itself and neither less nor greater than a number; elsewhere it is one number,
/// greater than the others, or there is none.
pub fn has_unequal_nan(dialect: Dialect) -> bool {
    is_trino(dialect) || matches!(dialect, D::BigQuery | D::ClickHouse | D::Impala)
}

/// Whether a backslash in the pattern of a LIKE without ESCAPE stands before a letter that means itself.
pub fn escapes_by_backslash(dialect: Dialect) -> bool {
    !(is_trino(dialect)
        || is_transact(dialect)
        || matches!(dialect, D::DuckDb | D::Oracle | D::Db2 | D::Teradata | D::Sqlite | D::Snowflake))
}

/// Whether the average of integers is an integer.
pub fn averages_whole(dialect: Dialect) -> bool {
    is_transact(dialect) || matches!(dialect, D::Db2 | D::Redshift)
}

/// Whether REPLACE of the empty text puts the new one before, between and behind all letters.
pub fn replaces_the_empty_text(dialect: Dialect) -> bool {
    is_trino(dialect)
}

/// Whether moments without digits after the second hold whole seconds.
pub fn keeps_whole_seconds(dialect: Dialect) -> bool {
    is_mysql(dialect)
}

/// Whether a cast to the nearest integer, and ROUND, take floats that lie in the middle to the even one.
pub fn rounds_to_even(dialect: Dialect) -> bool {
    matches!(dialect, D::Generic | D::Ansi | D::Postgres | D::Greenplum | D::Materialize)
}

/// Whether REAL is a float of 64 bits.
pub fn has_long_real(dialect: Dialect) -> bool {
    is_mysql(dialect) || matches!(dialect, D::Sqlite | D::Oracle | D::Snowflake | D::Teradata)
}

/// Whether FLOAT without digits is one of 32 bits.
pub fn has_short_float(dialect: Dialect) -> bool {
    speaks_mysql(dialect) || is_java(dialect) || matches!(dialect, D::DuckDb | D::Impala)
}

/// Whether SUBSTRING counts places before the first one, as the standard has it, and nothing from the end.
pub fn counts_from_the_start(dialect: Dialect) -> bool {
    is_postgres(dialect) || is_transact(dialect) || matches!(dialect, D::Redshift | D::Vertica | D::Teradata)
}

/// Whether DATE, TIME and TIMESTAMP may stand before a literal.
pub fn has_typed_literals(dialect: Dialect) -> bool {
    !is_transact(dialect) && dialect != D::Sqlite
}
