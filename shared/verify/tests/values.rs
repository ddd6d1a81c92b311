//! Pairs that differ on few values alone: the end of a year, the last second of a day, a half, a blank. Each is
//! told apart, and what is right beside it is exercised and not refuted.

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, verify};

const SCHEMA: &str = "
    CREATE TABLE t (
        id INT PRIMARY KEY, n NUMERIC(10,2), f DOUBLE PRECISION, s VARCHAR(20), moment TIMESTAMP, day DATE
    );
";

fn check(dialect: Dialect, first: &str, second: &str, expected: &[&str]) {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let found = verify(first, second, dialect, &catalog, &Options::default());
    let name = found.verdict.name();
    assert!(expected.contains(&name), "{name}\n{first}\n{second}\n{}", found.verdict.reason());
}

/// The condition is that on the range, and not the same as any of the others.
fn range(condition: &str, same: &str, others: &[&str]) {
    let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    check(Dialect::Postgres, &select(condition), &select(same), &["tested", "proved"]);
    for other in others {
        check(Dialect::Postgres, &select(condition), &select(other), &["refuted"]);
    }
}

#[test]
fn the_year_of_a_moment_ends_with_its_last_day() {
    range(
        "EXTRACT(YEAR FROM moment) = 2024",
        "moment >= '2024-01-01' AND moment < '2025-01-01'",
        &[
            "moment BETWEEN '2024-01-01' AND '2024-12-31'",
            "moment > '2024-01-01' AND moment < '2025-01-01'",
            "moment >= '2024-01-01' AND moment <= '2025-01-01'",
        ],
    );
    range(
        "EXTRACT(YEAR FROM day) = 2024",
        "day BETWEEN '2024-01-01' AND '2024-12-31'",
        &["day >= '2024-01-01' AND day < '2024-12-31'"],
    );
}

#[test]
fn parts_of_the_calendar_meet() {
    range(
        "EXTRACT(YEAR FROM moment) = 2023 AND EXTRACT(MONTH FROM moment) = 2",
        "moment >= '2023-02-01' AND moment < '2023-03-01'",
        &["moment >= '2023-02-01' AND moment <= '2023-02-28'", "moment >= '2023-02-01'"],
    );
    range(
        "EXTRACT(HOUR FROM moment) = 10",
        "EXTRACT(HOUR FROM moment) IN (10)",
        &["EXTRACT(HOUR FROM moment) = 11"],
    );
}

#[test]
fn moments_are_cut_down_to_the_month_and_the_day() {
    range(
        "DATE_TRUNC('month', moment) = '2024-05-01'",
        "moment >= '2024-05-01' AND moment < '2024-06-01'",
        &["moment >= '2024-05-01' AND moment <= '2024-05-31'", "moment = '2024-05-01'"],
    );
    range(
        "CAST(moment AS DATE) > '2024-05-15'",
        "moment >= '2024-05-16'",
        &["moment > '2024-05-15'", "moment > '2024-05-16'"],
    );
    range(
        "CAST(moment AS DATE) <= '2024-05-15'",
        "moment < '2024-05-16'",
        &["moment <= '2024-05-15'", "moment <= '2024-05-16'"],
    );
}

#[test]
fn a_bound_is_in_or_out() {
    for moment in ["TIMESTAMP '2024-01-01'", "TIMESTAMP '2024-01-01 10:30:00'", "'2024-01-01'"] {
        let (at_least, above) = (format!("moment >= {moment}"), format!("moment > {moment}"));
        range(&at_least, &format!("NOT moment < {moment}"), &[&above]);
    }
}

#[test]
fn a_cast_to_an_integer_rounds_where_the_dialect_does() {
    for fraction in ["n", "f"] {
        let (cast, cut) = (
            format!("SELECT CAST({fraction} AS INT) FROM t"),
            format!("SELECT CAST(TRUNC({fraction}) AS INT) FROM t"),
        );
        for dialect in [Dialect::Postgres, Dialect::Snowflake, Dialect::MySql] {
            check(dialect, &cast, &cut, &["refuted"]);
        }
        check(Dialect::SparkSql, &cast, &cut, &["tested"]);
        check(
            Dialect::Postgres,
            &cast,
            &format!("SELECT CAST(ROUND({fraction}) AS INT) FROM t"),
            &["tested"],
        );
    }
    check(
        Dialect::Postgres,
        "SELECT CAST(id AS BIGINT) FROM t WHERE CAST(id AS INT) = 1",
        "SELECT id FROM t WHERE id = 1",
        &["proved"],
    );
}

#[test]
fn texts_differ_in_case_length_and_blanks() {
    for (first, second) in [
        ("SELECT TRIM(s) FROM t", "SELECT s FROM t"),
        ("SELECT id FROM t WHERE s ILIKE 'ab'", "SELECT id FROM t WHERE s = 'ab'"),
        ("SELECT CHAR_LENGTH(s) FROM t", "SELECT OCTET_LENGTH(s) FROM t"),
        ("SELECT CAST(s AS CHAR(3)) FROM t", "SELECT s FROM t"),
        ("SELECT LEFT(s, 5) FROM t", "SELECT s FROM t"),
    ] {
        check(Dialect::Postgres, first, second, &["refuted"]);
    }
}

#[test]
fn texts_are_values_however_they_are_quoted() {
    for (dialect, first, second) in [
        (Dialect::Postgres, "$$ABC$$", "$$abc$$"),
        (Dialect::Postgres, "$tag$ABC$tag$", "$tag$abc$tag$"),
        (Dialect::Postgres, r"E'\'ABC'", r"E'\'abc'"),
        (Dialect::MySql, r"'a\'ABC'", r"'a\'abc'"),
        (Dialect::BigQuery, "'''it's ABC'''", "'''it's abc'''"),
        (Dialect::BigQuery, r"r'ABC'", r"r'abc'"),
        (Dialect::Snowflake, "$$it's ABC$$", "$$it's abc$$"),
    ] {
        let select = |text: &str| format!("SELECT id, {text} AS x FROM t");
        check(dialect, &select(first), &select(second), &["refuted", "unknown"]);
        check(dialect, &select(first), &select(first), &["proved", "unknown"]);
    }
}

/// The two differ on few values, which no literal of theirs names.
#[test]
fn functions_are_told_apart_by_values_that_none_of_them_mentions() {
    let select = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for (one, other) in [
        ("10 / id > 1", "10 / id >= 1"),
        ("id::text < '2'", "id < 2"),
        ("id % 7 = 3", "id % 7 = 4"),
        ("id * id = 144", "id = 12"),
        ("ABS(id) > 40", "id > 40"),
        ("TO_CHAR(day, 'MM') = '01'", "TO_CHAR(day, 'MM') = '02'"),
        ("EXTRACT(DOW FROM day) = 0", "EXTRACT(DOW FROM day) = 6"),
        ("EXTRACT(MONTH FROM day) = 3", "day >= '2024-03-01' AND day < '2024-04-01'"),
        ("s LIKE '_x'", "s LIKE '%x'"),
        ("s LIKE '_x%'", "s LIKE '__x%'"),
        ("SPLIT_PART(s, ',', 2) = 'x'", "SPLIT_PART(s, ',', 1) = 'x'"),
        ("POSITION('-' IN s) > 2", "POSITION('-' IN s) > 1"),
        ("s ~ '^a[0-9]+$'", "s ~ '^a[0-9]*$'"),
    ] {
        check(Dialect::Postgres, &select(one), &select(other), &["refuted"]);
    }
    for (one, other) in [
        ("REGEXP_REPLACE(s, 'a', 'b')", "REGEXP_REPLACE(s, 'a', 'b', 'g')"),
        ("INITCAP(s)", "UPPER(s)"),
        (
            "CASE WHEN id BETWEEN 1 AND 17 THEN 1 ELSE 2 END",
            "CASE WHEN id BETWEEN 1 AND 18 THEN 1 ELSE 2 END",
        ),
    ] {
        let select = |output: &str| format!("SELECT {output} AS r FROM t");
        check(Dialect::Postgres, &select(one), &select(other), &["refuted"]);
    }
    // Behind names that a query gives.
    check(
        Dialect::Postgres,
        "WITH q AS (SELECT id AS k, s AS text FROM t WHERE f > 0) SELECT k FROM q WHERE text LIKE '_x'",
        "WITH q AS (SELECT id AS k, s AS text FROM t WHERE f > 0) SELECT k FROM q WHERE text LIKE '%x'",
        &["refuted"],
    );
}
