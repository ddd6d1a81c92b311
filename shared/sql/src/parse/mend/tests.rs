use super::super::grammar::Grammar;
use super::super::tokens::tokenize;
use super::*;

/// The mended text, words separated as they come.
fn check(dialect: Dialect, sql: &str, expected: &str) {
    let tokens = tokenize(Grammar::of(dialect).parser(), sql, Position::START).unwrap();
    let mended = match mend(&tokens, dialect) {
        Some((tokens, _)) => tokens.iter().map(|token| token.token.to_string()).collect::<String>(),
        None => "nothing".to_owned(),
    };
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&mended), squeezed(expected), "{sql}");
}

#[test]
fn set_operations_by_name() {
    check(
        Dialect::BigQuery,
        "SELECT 1 AS a LEFT OUTER UNION ALL BY NAME ON (a) SELECT 2 AS a",
        "SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS a",
    );
    check(Dialect::BigQuery, "SELECT 1 UNION ALL BY NAME SELECT 2", "nothing");
    let tokens = tokenize(
        Grammar::BigQuery.parser(),
        "SELECT 1 UNION ALL CORRESPONDING BY (x) SELECT 2",
        Position::START,
    );
    let (_, mends) = mend(&tokens.unwrap(), Dialect::BigQuery).unwrap();
    let kind = MendKind::SetByName { side: SetSide::Inner, columns: vec!["x".into()] };
    assert_eq!(mends[0], Mend { position: Position { line: 1, column: 10 }, kind });
}

#[test]
fn a_subquery_in_top_gets_brackets_of_its_own() {
    check(
        Dialect::TSql,
        "SELECT TOP (SELECT n FROM cfg) a FROM t",
        "SELECT TOP ( (SELECT n FROM cfg) ) a FROM t",
    );
    check(Dialect::TSql, "SELECT TOP (5) a FROM t", "nothing");
}

#[test]
fn top_of_a_change_is_left_out_unless_it_reads_a_table() {
    let mended = |sql, expected| check(Dialect::TSql, sql, expected);
    mended("DELETE TOP (5) FROM t WHERE a = 1", "DELETE FROM t WHERE a = 1");
    mended("UPDATE TOP (5) PERCENT t SET a = 1", "UPDATE t SET a = 1");
    mended("INSERT TOP (5) INTO u SELECT a FROM t", "INSERT INTO u SELECT a FROM t");
    mended("WITH c AS (SELECT 1 a) DELETE TOP (@n) FROM c", "WITH c AS (SELECT 1 a) DELETE FROM c");
    mended("DELETE TOP (1 + (SELECT n FROM cfg)) FROM t", "nothing");
}

#[test]
fn modifiers_of_select_are_no_columns() {
    check(Dialect::Oracle, "SELECT UNIQUE a FROM t", "SELECT DISTINCT a FROM t");
    check(Dialect::MySql, "SELECT SQL_CACHE * FROM t", "SELECT * FROM t");
    check(Dialect::MySql, "SELECT sql_cache, a FROM t", "nothing");
}

#[test]
fn templates() {
    check(
        Dialect::Generic,
        "SELECT {{ x }}, ${y} FROM ${db}.t_${n} JOIN {{ ref('o') }} ON a = %(b)s AND c = %s",
        "SELECT {{ x }}, ${y} FROM \"${db}\".\"t_${n}\" JOIN o ON a = %(b)s AND c = %s",
    );
    check(Dialect::Generic, "{% if a %} SELECT 1 {# b #} {% endif %}", "SELECT 1");
    check(Dialect::Generic, "SELECT a % s FROM t", "nothing");
}

#[test]
fn tables_keep_names_columns_keys_and_query() {
    check(
        Dialect::Teradata,
        "CREATE MULTISET VOLATILE TABLE t, NO FALLBACK AS (SELECT a FROM s) WITH DATA PRIMARY INDEX (a)",
        "CREATE TEMPORARY TABLE t AS (SELECT a FROM s)",
    );
    check(
        Dialect::ClickHouse,
        "CREATE TABLE t (a UInt64 CODEC(ZSTD) NOT NULL, b Array(Tuple(x Int8)), INDEX i a TYPE minmax, PRIMARY KEY (a DESC)) \
         ENGINE = Log",
        "CREATE TABLE t (a UInt64 NOT NULL , b Array(Tuple(x Int8)) , PRIMARY KEY (a))",
    );
    check(Dialect::Databricks, "CREATE TABLE t DEEP CLONE s VERSION AS OF 2", "CREATE TABLE t CLONE s");
    check(Dialect::Teradata, "REPLACE VIEW v AS SEL a FROM t", "CREATE OR REPLACE VIEW v AS SELECT a FROM t");
}

#[test]
fn inserts_keep_target_and_query() {
    check(
        Dialect::SparkSql,
        "INSERT OVERWRITE TABLE t PARTITION (d, h = '1') IF NOT EXISTS SELECT a FROM s",
        "INSERT OVERWRITE TABLE t PARTITION (d, h = '1') SELECT a FROM s",
    );
    check(
        Dialect::SparkSql,
        "INSERT INTO t FROM s JOIN u SELECT a WHERE b",
        "INSERT INTO t SELECT a FROM s JOIN u WHERE b",
    );
    check(
        Dialect::Redshift,
        "INSERT INTO t (WITH c AS (SELECT 1) SELECT * FROM c)",
        "INSERT INTO t WITH c AS (SELECT 1) SELECT * FROM c",
    );
}

#[test]
fn pivots() {
    check(
        Dialect::DuckDb,
        "PIVOT t ON a USING sum(b) GROUP BY c",
        "SELECT * FROM ( SELECT c , a ,b FROM t ) PIVOT ( sum(b) FOR a IN ( ANY ) )",
    );
    check(
        Dialect::DuckDb,
        "SELECT * FROM t PIVOT (sum(a) FOR b IN ('x') GROUP BY c)",
        "SELECT * FROM ( SELECT c , b ,a FROM t ) PIVOT (sum(a) FOR b IN ('x'))",
    );
    check(
        Dialect::DuckDb,
        "UNPIVOT t ON a, b INTO NAME k VALUE v",
        "SELECT * FROM t UNPIVOT ( v FOR k IN ( a, b ) )",
    );
}

#[test]
fn clauses_tables_and_operators() {
    check(Dialect::TSql, "SELECT a FROM t OPTION (RECOMPILE)", "SELECT a FROM t");
    check(Dialect::TSql, "UPDATE t SET x.a += 1", "UPDATE t SET x.a = x.a + 1");
    check(Dialect::TSql, "SELECT 1 WHERE a ! = 2", "SELECT 1 WHERE a <> 2");
    check(Dialect::Ansi, "SELECT * FROM a CROSS JOIN b ON a.x = b.x", "SELECT * FROM a JOIN b ON a.x = b.x");
    check(Dialect::Ansi, "SELECT * FROM ((t AS x)) AS y", "SELECT * FROM t AS y");
    check(
        Dialect::Teradata,
        "SEL a (TITLE 'x'), b (NAMED c) FROM t WHERE d EQ 1",
        "SELECT a, b AS c FROM t WHERE d = 1",
    );
    check(
        Dialect::BigQuery,
        "SELECT ARRAY<STRUCT<a INT64>>[(1)]",
        "SELECT CAST ([(1)] AS ARRAY<STRUCT<a INT64>> )",
    );
    check(Dialect::Ansi, "SELECT t.$f0 FROM t", "SELECT t. $f0 FROM t");
    check(Dialect::SparkSql, "VALUES (1) AS t(a)", "SELECT * FROM (VALUES (1) ) AS t(a)");
    check(
        Dialect::Databricks,
        "MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        "MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET \"*\" = \"*\" WHEN NOT MATCHED THEN INSERT ROW",
    );
    check(Dialect::Sqlite, "SELECT a IS NOT b", "SELECT a IS DISTINCT FROM b");
}
