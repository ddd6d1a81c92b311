//! Pairs that a reader of their words alone would take for the same: a clause that changes the rows, a function
//! that means another thing in this dialect. Neither is ever called the same.

use sqm_domain::Dialect::{self, *};
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, Verdict, Verification, verify};

const SCHEMA: &str = "
    CREATE TABLE t (
        id INT PRIMARY KEY, a INT, b INT, s VARCHAR(20), d DATE, ts TIMESTAMP, n NUMERIC(10, 2),
        f DOUBLE PRECISION
    );
    CREATE TABLE u (id INT PRIMARY KEY, a INT, b INT);
";

fn verdict(dialect: Dialect, first: &str, second: &str) -> Verification {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Postgres).expect("the schema is read");
    verify(first, second, dialect, &catalog, &Options::default())
}

fn check(dialect: Dialect, first: &str, second: &str, expected: &[&str]) {
    let found = verdict(dialect, first, second);
    let name = found.verdict.name();
    assert!(expected.contains(&name), "{name} in {dialect}\n{first}\n{second}\n{}", found.verdict.reason());
}

fn column(expression: &str) -> String {
    format!("SELECT {expression} AS x FROM t")
}

#[test]
fn a_clause_that_is_not_read_is_not_passed_over() {
    for (dialect, query) in [
        (Snowflake, "SELECT a FROM t SAMPLE (10)"),
        (Postgres, "SELECT a FROM t TABLESAMPLE BERNOULLI (10)"),
        (DuckDb, "SELECT a FROM t USING SAMPLE 10%"),
        (BigQuery, "SELECT a FROM t TABLESAMPLE SYSTEM (10 PERCENT)"),
        (Hive, "SELECT a FROM t TABLESAMPLE(BUCKET 1 OUT OF 4 ON id)"),
        (Teradata, "SELECT a FROM t SAMPLE 10"),
        (BigQuery, "SELECT a FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01'"),
        (TSql, "SELECT a FROM t FOR SYSTEM_TIME ALL"),
        (Snowflake, "SELECT a FROM t AT (OFFSET => -60)"),
        (Snowflake, "SELECT a FROM t BEFORE (STATEMENT => 'x')"),
        (Snowflake, "SELECT a FROM t CHANGES (INFORMATION => DEFAULT) AT (OFFSET => -60)"),
        (Databricks, "SELECT a FROM t VERSION AS OF 1"),
        (Databricks, "SELECT a FROM t@v1"),
        (Oracle, "SELECT a FROM t AS OF TIMESTAMP SYSDATE"),
        (Oracle, "SELECT a FROM t PARTITION (p1)"),
        (MySql, "SELECT a FROM t PARTITION (p0)"),
        (ClickHouse, "SELECT a FROM t FINAL"),
        (ClickHouse, "SELECT a FROM t LIMIT 1 BY a"),
        (ClickHouse, "SELECT a FROM t SETTINGS limit = 1"),
        (Postgres, "SELECT a FROM ONLY t"),
        (Postgres, "SELECT a FROM t FOR UPDATE SKIP LOCKED"),
        (TSql, "SELECT a FROM t FOR JSON AUTO"),
        (TSql, "SELECT a FROM t FOR XML PATH"),
        (TSql, "SELECT a FROM t WITH (READPAST)"),
        (BigQuery, "SELECT AS STRUCT a FROM t"),
        (BigQuery, "SELECT AS VALUE a FROM t"),
        (Vertica, "SELECT a FROM t LIMIT 2 OVER (PARTITION BY a ORDER BY b)"),
    ] {
        check(dialect, query, "SELECT a FROM t", &["unknown"]);
    }
    check(Snowflake, "SELECT * ILIKE '%a%' FROM t", "SELECT * FROM t", &["unknown"]);
    check(Snowflake, "SELECT * RENAME (a AS c) FROM t", "SELECT * FROM t", &["unknown"]);
    let joined = "SELECT t.a FROM t ASOF JOIN u ON t.a = u.a AND t.b >= u.b";
    check(ClickHouse, joined, &joined.replace("ASOF ", ""), &["unknown"]);
}

#[test]
fn groups_of_groups_are_there() {
    let (plain, both) = ("SELECT a, b, COUNT(*) FROM t GROUP BY a, b", ["ROLLUP", "CUBE"]);
    for sets in both {
        check(MySql, &format!("{plain} WITH {sets}"), plain, &["refuted"]);
        check(TSql, &format!("{plain} WITH {sets}"), &plain.replace("a, b", "b, a"), &["refuted"]);
    }
    let rolled = "SELECT a, b, COUNT(*) FROM t GROUP BY ROLLUP (a, b)";
    check(TSql, &format!("{plain} WITH ROLLUP"), rolled, &["proved", "tested"]);
    check(ClickHouse, &format!("{plain} WITH TOTALS"), plain, &["unknown"]);
}

#[test]
fn what_changes_no_row_is_passed_over() {
    for (dialect, query) in [
        (Postgres, "SELECT a FROM t FOR UPDATE"),
        (MySql, "SELECT SQL_NO_CACHE a FROM t"),
        (MySql, "SELECT a FROM t USE INDEX (i)"),
        (TSql, "SELECT a FROM t WITH (NOLOCK)"),
        (Postgres, "WITH x AS MATERIALIZED (SELECT a FROM t) SELECT a FROM x"),
    ] {
        check(dialect, query, "SELECT a FROM t", &["proved"]);
    }
}

#[test]
fn a_function_is_what_the_dialect_makes_of_it() {
    for (dialect, first, second) in [
        (MySql, "DAYOFWEEK(d)", "WEEKDAY(d)"),
        (MySql, "WEEK(d)", "WEEKOFYEAR(d)"),
        (BigQuery, "EXTRACT(WEEK FROM d)", "EXTRACT(ISOWEEK FROM d)"),
        (BigQuery, "DATE_TRUNC(d, WEEK)", "DATE_TRUNC(d, ISOWEEK)"),
        (TSql, "DATEPART(week, d)", "DATEPART(iso_week, d)"),
        (Postgres, "EXTRACT(DOW FROM d)", "EXTRACT(ISODOW FROM d)"),
        (MySql, "LENGTH(s)", "CHAR_LENGTH(s)"),
        (TSql, "LEN(s)", "LEN(CONCAT(s, 'x')) - 1"),
        (MySql, "STD(a)", "STDDEV_SAMP(a)"),
        (MySql, "VARIANCE(a)", "VAR_SAMP(a)"),
        (Hive, "STDDEV(a)", "STDDEV_SAMP(a)"),
        (Oracle, "STDDEV(a)", "STDDEV_SAMP(a)"),
        (Snowflake, "ADD_MONTHS(d, 1)", "DATEADD(month, 1, d)"),
        (Oracle, "ADD_MONTHS(d, 1)", "d + INTERVAL '1' MONTH"),
        (MySql, "n DIV 2", "n / 2"),
        (Postgres, "div(n, 2)", "n / 2"),
        (Snowflake, "DIV0NULL(a, b)", "a / NULLIF(b, 0)"),
        (Snowflake, "DIV0(a, b)", "DIV0NULL(a, b)"),
        (BigQuery, "SAFE_DIVIDE(a, 2)", "DIV(a, 2)"),
        (TSql, "GETDATE()", "GETUTCDATE()"),
        (Postgres, "APPROX_COUNT_DISTINCT(a)", "COUNT(DISTINCT a)"),
        (MySql, "LOG(f)", "LOG10(f)"),
        (BigQuery, "LOG(f)", "LOG10(f)"),
        (TSql, "LOG(f, 2)", "LOG(2, f)"),
        (MySql, "DATE_FORMAT(ts, '%i')", "DATE_FORMAT(ts, '%M')"),
        (SparkSql, "DATE_FORMAT(ts, 'yyyy')", "DATE_FORMAT(ts, 'yyyy-MM')"),
        (Postgres, "to_char(ts, 'YYYY')", "to_char(ts, 'YYYY-MM')"),
        (MySql, "SUBSTRING(s, -2)", "s"),
        (MySql, "SUBSTRING(s, 0)", "s"),
        (BigQuery, "SUBSTR(s, 0, 2)", "SUBSTR(s, 1, 1)"),
        (Oracle, "SUBSTR(s, -1)", "s"),
        (MySql, "LEFT(s, -1)", "SUBSTR(s, 1, CHAR_LENGTH(s) - 1)"),
    ] {
        check(dialect, &column(first), &column(second), &["refuted", "unknown"]);
    }
    for (first, second) in [
        ("1 + a DIV 2 > 1", "(1 + a) DIV 2 > 1"),
        ("a DIV 2 + 1 > 1", "a DIV (2 + 1) > 1"),
        ("a = 1 || b = 2", "a = (1 || b)"),
    ] {
        let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
        check(MySql, &select(first), &select(second), &["unknown"]);
    }
    for (dialect, first, second) in [
        (Postgres, "-a ^ 2 = 4", "-(a ^ 2) = 4"),
        (Postgres, "CAST(f AS REAL) = f", "f IS NOT NULL"),
        (SparkSql, "CAST(f AS FLOAT) = f", "f IS NOT NULL"),
        (Postgres, "INTERVAL '1 month' = INTERVAL '30 days'", "FALSE"),
        (MySql, "s = 0", "s = '0'"),
        (Sqlite, "s = 1", "s = '1'"),
        (TSql, "s = 1", "s = '1'"),
        (Postgres, "TRIM(s) = 'a'", "LTRIM(s) = 'a'"),
        (TSql, "a & b + 1 = 1", "(a & (b + 1)) = 1"),
        (Postgres, "1 | a & 2 = 1", "(1 | (a & 2)) = 1"),
        (Sqlite, "a = b < 1", "(a = b) < 1"),
        (Postgres, "a < b IN (TRUE)", "(a < b) IN (TRUE)"),
        (Oracle, "'1' || a + 1 = '11'", "'1' || (a + 1) = '11'"),
        (Sqlite, "'1' || a * 2 = '12'", "'1' || (a * 2) = '12'"),
        (DuckDb, "a ^ 2 = 4", "a = 2"),
        (Postgres, "s SIMILAR TO 'a'", "s LIKE '%a%'"),
        (DuckDb, "s ~ 'a'", "s LIKE '%a%'"),
        (Sqlite, "s COLLATE NOCASE = 'a'", "s = 'a'"),
        (Postgres, "ROUND(f) = 1", "FLOOR(f + 0.5) = 1"),
        (DuckDb, "ROUND(f) = 0", "FLOOR(f + 0.5) = 0"),
    ] {
        let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
        check(dialect, &select(first), &select(second), &["refuted", "unknown"]);
    }
    let (one, two, three) = ("SELECT a FROM t", "SELECT a FROM u", "SELECT b FROM u");
    for dialect in [Sqlite, Oracle] {
        let flat = format!("{one} UNION {two} INTERSECT {three}");
        let nested = format!("{one} UNION SELECT * FROM ({two} INTERSECT {three}) x");
        check(dialect, &flat, &nested, &["refuted", "unknown"]);
        check(Postgres, &flat, &nested, &["proved"]);
    }
    let like = "SELECT a FROM t WHERE s LIKE '[ab]%'";
    check(TSql, like, "SELECT a FROM t WHERE s LIKE 'a%' OR s LIKE 'b%'", &["unknown"]);
}

#[test]
fn a_function_has_its_names_in_other_dialects() {
    for (dialect, first, second) in [
        (MySql, "WEEKDAY(d) = 6", "DAYOFWEEK(d) = 1"),
        (DuckDb, "DAYOFWEEK(d) = 0", "EXTRACT(DOW FROM d) = 0"),
        (MySql, "LENGTH(s) = 1", "OCTET_LENGTH(s) = 1"),
        (MySql, "DATE_FORMAT(ts, '%Y-%m') = '2024-01'", "ts >= '2024-01-01' AND ts < '2024-02-01'"),
        (SparkSql, "DATE_FORMAT(ts, 'yyyy-MM') = '2024-01'", "ts >= '2024-01-01' AND ts < '2024-02-01'"),
        (Postgres, "to_char(ts, 'YYYY-MM') = '2024-01'", "ts >= '2024-01-01' AND ts < '2024-02-01'"),
        (Snowflake, "DIV0(a, b) = 0", "CASE WHEN b = 0 THEN 0 ELSE a / b END = 0"),
        (MySql, "(a DIV 2) = 1", "a IN (2, 3)"),
        (Postgres, "a IN (1, 2) = TRUE", "a IN (1, 2)"),
    ] {
        let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
        check(dialect, &select(first), &select(second), &["proved", "tested"]);
    }
}

#[test]
fn what_a_comparison_or_a_cast_rests_on_is_said() {
    for (cast, words) in [("SMALLINT", "fits into it"), ("CHAR(3)", "no blanks fill it up")] {
        let found = verdict(Postgres, &format!("SELECT CAST(s AS {cast}) FROM t"), "SELECT s FROM t");
        assert!(found.assumptions.iter().any(|said| said.contains(words)), "{:?}", found.assumptions);
    }
    let found = verdict(TSql, "SELECT ISNULL(s, 'x') FROM t", "SELECT COALESCE(s, 'x') FROM t");
    assert!(found.assumptions.iter().any(|said| said.contains("ISNULL")), "{:?}", found.assumptions);
    let found = verdict(MySql, "SELECT a FROM t WHERE s = 'ab'", "SELECT a FROM t WHERE s LIKE 'ab'");
    assert!(["proved", "tested"].contains(&found.verdict.name()), "{}", found.verdict.reason());
    assert!(
        found.assumptions.iter().any(|said| said.contains("with their case and the blanks")),
        "{:?}",
        found.assumptions
    );
}

#[test]
fn a_truth_is_a_number_where_the_dialect_has_no_other() {
    let (truth, number) = ("a > 1", "CASE WHEN a > 1 THEN 1 WHEN a <= 1 THEN 0 END");
    for dialect in [MySql, MariaDb, Sqlite] {
        check(dialect, &column(truth), &column(number), &["tested"]);
    }
    check(Postgres, &column(truth), &column(number), &["refuted", "unknown"]);
}

#[test]
fn halves_of_floats_go_where_the_dialect_takes_them() {
    let (rounded, cast) = (column("ROUND(f)"), column("CAST(f AS INTEGER)"));
    for dialect in [Postgres, DuckDb] {
        check(dialect, &rounded, &cast, &["proved", "tested"]);
    }
    let from_halves = column("SIGN(f) * FLOOR(ABS(f) + 0.5)");
    check(Postgres, &rounded, &from_halves, &["refuted"]);
    check(DuckDb, &rounded, &from_halves, &["tested"]);
    // Only SQLite executes a membership among the outputs.
    let member = |number: &str| format!("SELECT {number}, a IN (SELECT a FROM u) FROM t");
    check(Postgres, &member("CAST(f AS INT)"), &member("CAST(ROUND(f) AS INT)"), &["tested"]);
    check(Postgres, &member("CAST(f AS INT)"), &member("CAST(f AS INT) + 1"), &["refuted"]);
}

#[test]
fn a_counterexample_is_written_for_the_database_it_is_meant_for() {
    const NAMED: &str = "CREATE TABLE \"My Table\" (\"Id\" INT, \"order\" INT, d DATE)";
    let (catalog, _) = Catalog::from_ddl(NAMED, Postgres).expect("the schema is read");
    let query = |day: &str| format!("SELECT \"Id\" FROM \"My Table\" WHERE d > '{day}' AND \"order\" = 1");
    let inserts = |dialect| {
        let (first, second) = (query("2020-01-01"), query("2020-01-02"));
        match verify(&first, &second, dialect, &catalog, &Options::default()).verdict {
            Verdict::Refuted { counterexample } => counterexample.inserts.join("\n"),
            other => panic!("{other:?}"),
        }
    };
    let start = "INSERT INTO \"My Table\" (\"Id\", \"order\", d) VALUES (0, 1, ";
    assert_eq!(inserts(Postgres), format!("{start}DATE '2020-01-02');"));
    assert_eq!(inserts(Sqlite), "INSERT INTO \"My Table\" (Id, \"order\", d) VALUES (0, 1, '2020-01-02');");
    assert_eq!(inserts(TSql), "INSERT INTO [My Table] (Id, [order], d) VALUES (0, 1, '2020-01-02');");
}

#[test]
fn what_differs_seldom_is_not_taken_for_the_same() {
    for (first, second) in [
        (
            "SELECT id FROM t WHERE EXISTS (SELECT COUNT(*) FROM u WHERE u.a = t.id)",
            "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.id)",
        ),
        (
            "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.id OFFSET 1)",
            "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.id)",
        ),
        (
            "SELECT id FROM t WHERE a IN (SELECT COUNT(*) FROM u WHERE u.a = t.id)",
            "SELECT id FROM t WHERE a IN (SELECT COUNT(*) FROM u WHERE u.a = t.id GROUP BY u.a)",
        ),
        (
            "SELECT id, SUM(b) OVER (ORDER BY a) FROM t",
            "SELECT id, SUM(b) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING) FROM t",
        ),
        ("SELECT id, ROW_NUMBER() OVER (ORDER BY a) FROM t", "SELECT id, RANK() OVER (ORDER BY a) FROM t"),
        ("SELECT id FROM t LIMIT 5000", "SELECT id FROM t"),
        (
            "SELECT MAX(NULLIF(u.b, 0)) FROM t FULL JOIN u ON t.a = u.a WHERE t.b > (SELECT COUNT(*) FROM t q WHERE q.b = u.b)",
            "SELECT MAX(NULLIF(u.b, 0)) FROM t FULL JOIN u ON t.a IS NOT DISTINCT FROM u.a
             WHERE t.b > (SELECT COUNT(*) FROM t q WHERE q.b = u.b)",
        ),
        (
            "SELECT COUNT(u.b) FROM t JOIN u ON t.id = u.b WHERE t.b > (SELECT MAX(q.b) FROM t q WHERE q.a = t.id)",
            "SELECT COUNT(u.b) FROM t JOIN u ON t.id = u.b
             WHERE t.b > (SELECT MAX(q.b) FROM t q WHERE t.s IS NOT NULL AND q.a = t.id)",
        ),
        ("SELECT id FROM t WHERE ts <= '2020-12-31 23:59:59'", "SELECT id FROM t WHERE ts < '2021-01-01'"),
        ("SELECT (d + INTERVAL '1 month') - INTERVAL '1 month' FROM t", "SELECT CAST(d AS TIMESTAMP) FROM t"),
        ("SELECT LEFT(s, 12) FROM t", "SELECT s FROM t"),
        (
            "SELECT id FROM t WHERE EXTRACT(YEAR FROM ts) = 2020",
            "SELECT id FROM t WHERE ts BETWEEN '2020-01-01' AND '2020-12-31 23:59:59'",
        ),
    ] {
        check(Postgres, first, second, &["refuted", "unknown"]);
    }
    // One that may choose is no other than one that has no choice.
    check(
        Postgres,
        "SELECT RANK() OVER (ORDER BY a) FROM t",
        "SELECT ROW_NUMBER() OVER (ORDER BY a) FROM t",
        &["refuted"],
    );
    let cast = |kind: &str| column(&format!("{kind}(a AS SMALLINT)"));
    check(DuckDb, &cast("TRY_CAST"), &column("a"), &["unknown"]);
}

#[test]
fn a_date_of_oracle_has_a_time_of_day() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    let check = |first: &str, second: &str, expected: &[&str]| {
        check(Oracle, &rows(first), &rows(second), expected);
    };
    let same: &[&str] = &["proved", "tested"];
    check("TRUNC(d) = DATE '2024-01-02'", "d = DATE '2024-01-02'", &["refuted"]);
    check("TRUNC(d) = DATE '2024-01-02'", "d >= DATE '2024-01-02' AND d < DATE '2024-01-02' + 1", same);
    check("TRUNC(d, 'MM') = DATE '2024-02-01'", "d >= DATE '2024-02-01' AND d < DATE '2024-03-01'", same);
    check("CAST(ts AS DATE) = DATE '2024-01-02'", "TRUNC(ts) = DATE '2024-01-02'", &["refuted"]);
    check("d > SYSDATE - 30", "d > SYSDATE - 31", &["refuted"]);
    check("d = TO_DATE('2024-01-02', 'YYYY-MM-DD')", "d = DATE '2024-01-02'", same);
    check("d = TO_DATE('2024-01-02')", "d = DATE '2024-01-02'", &["unknown"]);
}

#[test]
fn the_empty_text_of_oracle_is_null() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    let joined = rows("s || CAST(a AS VARCHAR(10)) IS NULL");
    check(Oracle, &joined, &rows("s IS NULL OR a IS NULL"), &["refuted"]);
    check(Oracle, &joined, &rows("s IS NULL AND a IS NULL"), &["proved", "tested"]);
    check(Oracle, &column("s || NULL"), &column("s"), &["proved", "tested"]);
    check(Oracle, &rows("LENGTH(s) > 0"), &rows("s IS NOT NULL"), &["proved", "tested"]);
    check(Postgres, &rows("LENGTH(s) > 0"), &rows("s IS NOT NULL"), &["refuted"]);
    check(Oracle, &column("REPLACE(s, 'a', '')"), &column("REPLACE(s, 'a', NULL)"), &["proved", "unknown"]);
    check(Oracle, &column("TRIM(s)"), &column("COALESCE(TRIM(s), '')"), &["proved", "tested"]);
}

#[test]
fn a_backslash_escapes_where_it_does() {
    let like = r"SELECT id FROM t WHERE s LIKE 'a\_b'";
    let (plain, whole) = ("SELECT id FROM t WHERE s = 'a_b'", r"SELECT id FROM t WHERE s LIKE 'a\\_b'");
    for dialect in [DuckDb, Trino, TSql, Oracle, Db2, Teradata, Sqlite] {
        check(dialect, like, plain, &["refuted"]);
    }
    check(Postgres, like, plain, &["proved", "tested"]);
    check(Postgres, whole, plain, &["refuted"]);
}

#[test]
fn keys_take_nulls_as_the_database_lets_them() {
    const KEYS: &str = "CREATE TABLE k (a INT, b INT, UNIQUE (a), UNIQUE (a, b))";
    let verdict = |dialect, schema: &str, first: &str, second: &str| {
        let (catalog, _) = Catalog::from_ddl(schema, dialect).expect("the schema is read");
        verify(first, second, dialect, &catalog, &Options::default()).verdict.name()
    };
    // One NULL at most, or as many as there are rows.
    let (rows, one) = ("SELECT a FROM k WHERE a IS NULL", "SELECT DISTINCT a FROM k WHERE a IS NULL");
    assert_eq!(verdict(Postgres, KEYS, rows, one), "refuted");
    assert_ne!(verdict(TSql, KEYS, rows, one), "refuted");
    let text_key = "CREATE TABLE k (a TEXT PRIMARY KEY, b INT)";
    let (all, there) = ("SELECT b FROM k", "SELECT b FROM k WHERE a IS NOT NULL");
    assert_eq!(verdict(Sqlite, text_key, all, there), "refuted");
    assert_eq!(verdict(Postgres, text_key, all, there), "proved");
}

#[test]
fn what_is_taken_on_trust_is_said() {
    let says = |dialect, first: &str, second: &str, what: &str| {
        let found = verdict(dialect, first, second);
        assert!(found.assumptions.iter().any(|text| text.contains(what)), "{dialect}: {found:?}");
    };
    let (different, rows) = ("SELECT DISTINCT id FROM t", "SELECT id FROM t");
    for dialect in [Snowflake, BigQuery, Redshift, Databricks] {
        check(dialect, different, rows, &["proved"]);
        says(dialect, different, rows, "does not enforce");
    }
    let (itself, there) = ("SELECT id FROM t WHERE f = f", "SELECT id FROM t WHERE f IS NOT NULL");
    for dialect in [BigQuery, Trino, ClickHouse] {
        says(dialect, itself, there, "NaN");
    }
    assert!(verdict(Postgres, itself, there).assumptions.is_empty());
    let now = |clock: &str| format!("SELECT id FROM t WHERE d > {clock} OR d > DATE '2025-01-01'");
    says(Postgres, &now("CURRENT_DATE"), "SELECT id FROM t WHERE d > CURRENT_DATE", "clock");
    says(Oracle, &now("SYSDATE"), "SELECT id FROM t WHERE d > SYSDATE", "clock");
}

#[test]
fn sqlite_has_the_last_word_in_its_own_dialect() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    check(Sqlite, &rows("s LIKE 'A%'"), &rows("s LIKE 'a%'"), &["proved", "tested"]);
    check(Sqlite, &rows("s LIKE 'a%'"), &rows("SUBSTR(s, 1, 1) = 'a'"), &["refuted"]);
    check(Sqlite, &column("CAST(s AS VARCHAR(2))"), &column("s"), &["proved", "tested"]);
    for (first, second) in [(rows("s LIKE 'a%'"), rows("SUBSTR(s, 1, 1) = 'a'")), (column("a"), column("b"))]
    {
        let Verdict::Refuted { counterexample } = verdict(Sqlite, &first, &second).verdict else {
            panic!("{first}");
        };
        assert!(counterexample.confirmed_by.contains(&"SQLite".to_owned()), "{counterexample:?}");
    }
}

#[test]
fn numbers_and_texts_are_those_of_the_dialect() {
    let mean = |of: &str| format!("SELECT AVG({of}) AS x FROM t");
    check(TSql, &mean("a"), &mean("a * 1.0"), &["refuted"]);
    check(TSql, &mean("a"), "SELECT SUM(a) / COUNT(a) AS x FROM t", &["proved", "tested"]);
    check(TSql, &mean("n"), "SELECT SUM(n) / COUNT(n) AS x FROM t", &["proved", "tested"]);
    check(Postgres, &mean("a"), &mean("CAST(a AS DOUBLE PRECISION)"), &["proved", "tested"]);
    check(Trino, &column("REPLACE(s, '', 'x')"), &column("s"), &["unknown"]);
    let (compact, dashed) =
        ("SELECT id FROM t WHERE d = '20240229'", "SELECT id FROM t WHERE d = '2024-02-29'");
    check(TSql, compact, dashed, &["proved"]);
    check(
        Postgres,
        "SELECT id FROM t WHERE f + 0.1 - 0.1 = f",
        "SELECT id FROM t WHERE f IS NOT NULL",
        &["refuted"],
    );
    let lag = |rows: u8| column(&format!("LAG(a, {rows}) OVER (ORDER BY id)"));
    check(Postgres, &lag(5), &lag(6), &["refuted", "unknown"]);
    check(Postgres, &lag(1), &lag(2), &["refuted"]);
    let month = |month: u8| format!("SELECT id FROM t WHERE EXTRACT(MONTH FROM ts) = {month}");
    check(Postgres, &month(7), &month(10), &["refuted"]);
}

#[test]
fn what_a_query_compares_with_is_tried() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for (first, second) in [
        ("f < 2.5", "f <= 2.5"),
        ("f >= 1.5 AND f < 2.5", "f >= 1.5 AND f <= 2.5"),
        ("f = 7", "f = 7 AND a > 0"),
        ("s LIKE '%green%'", "s LIKE 'green%'"),
        ("s LIKE '%green'", "s = 'green'"),
        ("s LIKE 'a%b'", "s LIKE 'ab'"),
        ("TRIM(s) = 'green'", "s = 'green'"),
        ("UPPER(s) = 'GREEN'", "s IN ('green', 'GREEN')"),
        ("s ILIKE 'green'", "s IN ('green', 'GREEN', 'Green')"),
        ("a / b = 1", "a = b AND b <> 0"),
    ] {
        for dialect in [Postgres, DuckDb] {
            if !(dialect == DuckDb && first.contains('/')) {
                check(dialect, &rows(first), &rows(second), &["refuted"]);
            }
        }
    }
    let count = |condition: &str| format!("SELECT COUNT(*) AS n FROM t WHERE {condition}");
    check(Postgres, &count("f = 7.25"), &count("FALSE"), &["refuted"]);
}

#[test]
fn what_is_further_than_rows_go_is_not_called_tested() {
    let frame =
        |from: &str| column(&format!("SUM(a) OVER (ORDER BY id ROWS BETWEEN {from} AND CURRENT ROW)"));
    check(Postgres, &frame("6 PRECEDING"), &frame("UNBOUNDED PRECEDING"), &["refuted", "unknown"]);
    check(Postgres, &frame("1 PRECEDING"), &frame("UNBOUNDED PRECEDING"), &["refuted"]);
    let ranked = |most: u8| {
        format!("SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) r FROM t) x WHERE r <= {most}")
    };
    check(Postgres, &ranked(7), "SELECT id FROM t", &["refuted", "unknown"]);
    check(Postgres, &ranked(2), "SELECT id FROM t", &["refuted"]);
    // One that may put the texts in any order is no other than one that may not.
    let joined = |order: &str| column(&format!("STRING_AGG(s, ','{order})"));
    check(Postgres, &joined(""), &joined(" ORDER BY id"), &["refuted", "unknown"]);
}

#[test]
fn what_a_database_does_not_see_to_is_said() {
    let schema = "CREATE TABLE c (id INTEGER PRIMARY KEY);
                  CREATE TABLE o (id INTEGER PRIMARY KEY, cid INTEGER REFERENCES c (id), u UUID, w NUMERIC)";
    let assumed = |dialect: Dialect, first: &str, second: &str| {
        let (catalog, _) = Catalog::from_ddl(schema, Postgres).expect("the schema is read");
        let found = verify(first, second, dialect, &catalog, &Options::default());
        (found.verdict.name(), found.assumptions.join("; "))
    };
    let (joined, alone) =
        ("SELECT o.id FROM o JOIN c ON o.cid = c.id", "SELECT id FROM o WHERE cid IS NOT NULL");
    for dialect in [Sqlite, Greenplum, SingleStore] {
        let (verdict, assumptions) = assumed(dialect, joined, alone);
        assert_eq!(verdict, "proved");
        assert!(assumptions.contains("foreign keys"), "{dialect}: {assumptions}");
    }
    assert!(assumed(Sqlite, joined, alone).1.contains("declared types"));
    assert!(assumed(Postgres, joined, alone).1.contains("o.u"), "{:?}", assumed(Postgres, joined, alone));
    assert!(!assumed(Postgres, joined, alone).1.contains("foreign keys"));
    assert_eq!(assumed(Postgres, "SELECT ROUND(w, 2) FROM o", "SELECT w FROM o").0, "refuted");
    let (verdict, assumptions) = assumed(
        Postgres,
        "SELECT id FROM o WHERE CAST(u AS TEXT) >= 'c0ffee00-0000-4000-8000-000000000000'",
        "SELECT id FROM o WHERE CAST(u AS TEXT) > 'c0ffee00-0000-4000-8000-000000000000'",
    );
    assert_eq!(verdict, "refuted");
    assert!(assumptions.contains("collation"), "{assumptions}");
}

#[test]
fn a_zone_is_not_passed_over() {
    let pairs = [
        (
            "extract(hour from ts at time zone 'America/New_York')",
            "extract(hour from ts at time zone 'Asia/Tokyo')",
        ),
        ("(ts at time zone 'America/New_York')::date", "(ts at time zone 'UTC')::date"),
        ("date_trunc('day', ts, 'America/New_York')", "date_trunc('day', ts)"),
        ("timezone('America/New_York', ts)", "timezone('UTC', ts)"),
    ];
    for (first, second) in pairs {
        check(Postgres, &column(first), &column(second), &["unknown", "refuted"]);
    }
    for (dialect, first, second) in [
        (BigQuery, "DATE(ts, 'America/New_York')", "DATE(ts)"),
        (BigQuery, "TIMESTAMP_TRUNC(ts, DAY, 'America/New_York')", "TIMESTAMP_TRUNC(ts, DAY)"),
        (BigQuery, "EXTRACT(HOUR FROM ts AT TIME ZONE 'America/New_York')", "EXTRACT(HOUR FROM ts)"),
        (Snowflake, "CONVERT_TIMEZONE('America/New_York', ts)", "ts"),
        (SparkSql, "from_utc_timestamp(ts, 'America/New_York')", "ts"),
        (Trino, "ts AT TIME ZONE 'America/New_York'", "ts"),
    ] {
        check(dialect, &column(first), &column(second), &["unknown", "refuted"]);
    }
    let zoned =
        verdict(Postgres, &column("extract(hour from ts)"), &column("extract(hour from ts::timestamptz)"));
    assert!(zoned.assumptions.iter().any(|a| a == "the time zone of the session is UTC"), "{zoned:?}");
}

#[test]
fn where_clickhouse_gives_defaults_nothing_is_verified() {
    let first = "SELECT t.id FROM t LEFT JOIN u ON u.a = t.id WHERE u.id IS NULL";
    let second = "SELECT t.id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.id)";
    check(ClickHouse, first, second, &["unknown"]);
    check(Postgres, first, second, &["proved"]);
    for (first, second) in [
        ("SELECT MAX(b) IS NULL AS x FROM t WHERE 1 = 0", "SELECT TRUE AS x"),
        ("SELECT a, SUM(b) AS s FROM t GROUP BY ROLLUP (a)", "SELECT a, SUM(b) AS s FROM t GROUP BY a"),
        (
            "SELECT id FROM t WHERE (SELECT COUNT(*) FROM u WHERE u.a = t.a) = 0",
            "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
        ),
    ] {
        check(ClickHouse, first, second, &["unknown"]);
    }
    check(ClickHouse, "SELECT COUNT(*) AS n FROM t", "SELECT COUNT(id) AS n FROM t", &["proved"]);
    check(
        ClickHouse,
        "SELECT a, SUM(b) AS s FROM t GROUP BY a",
        "SELECT a, SUM(b) AS s FROM t GROUP BY a",
        &["proved"],
    );
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Postgres).expect("the schema is read");
    for sql in [first, second] {
        let proposed = sqm_sql::rewrites::propose(sql, ClickHouse, &catalog).expect("the text is read");
        assert!(proposed.iter().all(|candidate| !candidate.sql.contains("LEFT JOIN")), "{proposed:?}");
        assert!(!sql.contains("LEFT JOIN") || proposed.is_empty(), "{proposed:?}");
    }
}

#[test]
fn windows_without_a_frame() {
    let values = |frame: &str| {
        format!("SELECT id, LAST_VALUE(a) OVER (PARTITION BY b ORDER BY id{frame}) AS x FROM t")
    };
    let whole = values(" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
    let up_to_here = values(" RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
    for (dialect, same, other) in [(Snowflake, &whole, &up_to_here), (Postgres, &up_to_here, &whole)] {
        check(dialect, &values(""), same, &["proved", "tested"]);
        check(dialect, &values(""), other, &["refuted"]);
    }
}

#[test]
fn a_name_inside_a_key_of_order_by_may_be_a_column() {
    let first = "SELECT id, COALESCE(s, 'x') AS s FROM t ORDER BY LOWER(s), id";
    let second = "SELECT id, COALESCE(s, 'x') AS s FROM t ORDER BY LOWER(COALESCE(s, 'x')), id";
    for dialect in [Postgres, DuckDb, Sqlite] {
        check(dialect, first, second, &["unknown", "refuted"]);
    }
    let limited =
        |key: &str| format!("SELECT * FROM (SELECT a AS b, id FROM t ORDER BY {key}, id LIMIT 1) q");
    check(Postgres, &limited("b % 3"), &limited("a % 3"), &["unknown", "refuted"]);
    // A name by itself is the output's; so is one inside where outputs come first.
    let plain = "SELECT id, COALESCE(s, 'x') AS z FROM t ORDER BY z, id";
    check(
        Postgres,
        plain,
        "SELECT id, COALESCE(s, 'x') AS z FROM t ORDER BY COALESCE(s, 'x'), id",
        &["proved"],
    );
    check(MySql, first, second, &["proved", "tested"]);
}

#[test]
fn unsigned_numbers_are_not_below_zero() {
    for (dialect, of) in [
        (MySql, "INT UNSIGNED"),
        (MariaDb, "DECIMAL(8, 2) UNSIGNED"),
        (TSql, "TINYINT"),
        (ClickHouse, "UInt16"),
        (DuckDb, "UINTEGER"),
    ] {
        let (catalog, _) = Catalog::from_ddl(&format!("CREATE TABLE t (a {of} NOT NULL, b INT)"), dialect)
            .expect("the schema is read");
        let verdict = |first: &str, second: &str| {
            verify(first, second, dialect, &catalog, &Options::default()).verdict.name()
        };
        let all = "SELECT b FROM t";
        assert_ne!(verdict(all, "SELECT b FROM t WHERE a >= 0"), "refuted", "{dialect}");
        assert_eq!(verdict(all, "SELECT b FROM t WHERE a > 0"), "refuted", "{dialect}");
        assert_eq!(verdict(all, "SELECT b FROM t WHERE b >= 0"), "refuted", "{dialect}");
    }
}

#[test]
fn a_day_is_compared_with_a_number_where_no_dialect_is_named_alone() {
    let (first, second) =
        ("SELECT a FROM t WHERE d >= 1 AND d < 1 + 3", "SELECT a FROM t WHERE d < 4 AND d >= 1 AND b = b");
    let found = verdict(Generic, first, second);
    assert_eq!(found.verdict.name(), "refuted");
    let found = verdict(Generic, first, "SELECT a FROM t WHERE NOT (d < 1 OR d >= 4)");
    assert!(found.assumptions.iter().any(|text| text.contains("counts days since 1970")), "{found:?}");
    for dialect in [Postgres, MySql, Snowflake] {
        check(dialect, first, second, &["unknown"]);
    }
}

#[test]
fn a_counterexample_can_be_inserted_where_texts_have_a_form() {
    let schema = "CREATE TABLE t (id UUID PRIMARY KEY, doc JSONB NOT NULL, tags TEXT[] NOT NULL, n INT);
        CREATE TABLE u (t UUID NOT NULL REFERENCES t (id), ip INET NOT NULL)";
    let (catalog, _) = Catalog::from_ddl(schema, Postgres).expect("the schema is read");
    let first = "SELECT t.n FROM t JOIN u ON u.t = t.id";
    let second = "SELECT t.n FROM t WHERE t.id IN (SELECT u.t FROM u)";
    let found = verify(first, second, Postgres, &catalog, &Options::default());
    let Verdict::Refuted { counterexample } = found.verdict else { panic!("{found:?}") };
    let inserts = counterexample.inserts.join("\n");
    assert!(inserts.contains("'00000000-0000-4000-8000-"), "{inserts}");
    assert!(!inserts.contains("'a'"), "{inserts}");
}

#[test]
fn texts_that_are_one_to_the_dialect_refute_nothing() {
    let over = |dialect: Dialect, schema: &str, first: &str, second: &str| {
        let (catalog, _) = Catalog::from_ddl(schema, dialect).expect("the schema is read");
        verify(first, second, dialect, &catalog, &Options::default())
    };
    let plain = "CREATE TABLE t (a INT, c VARCHAR(20), k CHAR(3))";
    for dialect in [MySql, TSql] {
        let (first, second) = ("SELECT a FROM t WHERE c = 'A'", "SELECT a FROM t WHERE c = 'a'");
        assert_eq!(over(dialect, plain, first, second).verdict.name(), "unknown", "{dialect}");
        let upper = "SELECT COUNT(DISTINCT UPPER(c)) FROM t";
        let found = over(dialect, plain, "SELECT COUNT(DISTINCT c) FROM t", upper);
        assert_ne!(found.verdict.name(), "refuted", "{dialect}");
        assert!(found.assumptions.iter().any(|text| text.contains("binary collation")), "{found:?}");
        // Other texts do.
        let other = "SELECT a FROM t WHERE c = 'b'";
        assert_eq!(over(dialect, plain, second, other).verdict.name(), "refuted", "{dialect}");
    }
    let padded = over(Postgres, plain, "SELECT a FROM t WHERE k = 'a'", "SELECT a FROM t WHERE k = 'a  '");
    assert_eq!(padded.verdict.name(), "unknown");
    for schema in [
        "CREATE TABLE t (a INT, c TEXT COLLATE NOCASE)",
        "CREATE TABLE t (a INT, c TEXT COLLATE utf8mb4_0900_ai_ci)",
    ] {
        let (first, second) = ("SELECT c FROM t WHERE c = 'A'", "SELECT 'A' FROM t WHERE c = 'A'");
        let found = over(Sqlite, schema, first, second);
        assert_eq!(found.verdict.name(), "unknown");
        assert!(found.verdict.reason().contains("t.c"), "{}", found.verdict.reason());
    }
}

#[test]
fn what_arithmetic_rests_on_is_said() {
    let said = |first: &str, second: &str| {
        let found = verdict(
            Sqlite,
            &format!("SELECT id FROM t WHERE {first}"),
            &format!("SELECT id FROM t WHERE {second}"),
        );
        found.assumptions.join("; ")
    };
    assert!(said("a + 2 > b + 2", "a > b").contains("too large"));
    assert!(said("f - f = 0", "f IS NOT NULL").contains("infinite"));
    assert!(!said("a > 1", "a >= 2").contains("too large"));
}

#[test]
fn kinds_of_values_are_compared() {
    let found = verdict(Postgres, &column("d"), &column("CAST(d AS TIMESTAMP)"));
    assert_eq!(found.verdict.name(), "unknown");
    assert!(found.verdict.reason().contains("column 1 is a day"), "{}", found.verdict.reason());
}

#[test]
fn generated_columns_are_computed() {
    let schema = "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, g INT GENERATED ALWAYS AS (a) STORED)";
    let (catalog, _) = Catalog::from_ddl(schema, Postgres).expect("the schema is read");
    let found = |first: &str, second: &str| verify(first, second, Postgres, &catalog, &Options::default());
    assert_ne!(found("SELECT g FROM t", "SELECT a FROM t").verdict.name(), "refuted");
    let Verdict::Refuted { counterexample } = found("SELECT g FROM t", "SELECT id FROM t").verdict else {
        panic!("not refuted")
    };
    assert!(counterexample.inserts[0].contains("(id, a)"), "{:?}", counterexample.inserts);
}

#[test]
fn what_functions_look_for_is_tried() {
    for (first, second) in [
        ("REPLACE(s, 'a', '')", "TRIM(BOTH 'a' FROM s)"),
        ("REPLACE(s, 'x', 'y')", "s"),
        ("LTRIM(s, '0')", "s"),
    ] {
        check(Postgres, &column(first), &column(second), &["refuted"]);
    }
    let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for (first, second) in [
        ("a % 10 = 3", "a = 3"),
        ("f > 0 AND f < 1", "f = 0.5"),
        ("f BETWEEN 0.1 AND 0.2", "f IN (0.1, 0.2)"),
        ("LENGTH(s) > 5", "LENGTH(s) > 6"),
    ] {
        check(Postgres, &select(first), &select(second), &["refuted"]);
    }
}
