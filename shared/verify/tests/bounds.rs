//! What a query may cost: whatever is asked, there is a verdict in bounded time and memory.

use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, verify};

const SCHEMA: &str =
    "CREATE TABLE t (a INT, b INT NOT NULL, s VARCHAR(20)); CREATE TABLE u (a INT, x NUMERIC(10,2));";

/// After this time a verdict hangs. The budget is two seconds, planning apart; the rest is for a build that
/// is not optimized, on a machine that does other things.
const LONGEST: Duration = Duration::from_secs(60);

/// The verdict and its reason.
fn judged(first: &str, second: &str) -> (&'static str, String) {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let start = Instant::now();
    let found = verify(first, second, Dialect::Postgres, &catalog, &Options::default());
    assert!(start.elapsed() < LONGEST, "{:?} for {first}", start.elapsed());
    (found.verdict.name(), found.verdict.reason())
}

/// The query against one without a row, so that neither its text nor a proof settles anything.
fn unknown(sql: &str, why: &str) {
    let (verdict, reason) = judged(&format!("{sql} LIMIT 1"), &format!("{sql} LIMIT 0"));
    assert_eq!(verdict, "unknown", "{sql}: {reason}");
    assert!(reason.contains(why), "{sql}: {reason}");
}

/// A chain of common table expressions, each of which applies the operator to the one before.
fn repeated(start: &str, operator: &str, times: usize) -> String {
    let mut sql = format!("WITH c0 AS ({start})");
    for n in 1..=times {
        sql += &format!(", c{n} AS (SELECT {operator} AS v FROM c{m})", m = n - 1);
    }
    format!("{sql} SELECT v FROM c{times}")
}

#[test]
fn long_texts_are_not_made() {
    unknown("SELECT repeat('x', 2000000000)", "more than 16 MiB");
    unknown("SELECT repeat(repeat('x', 10000), 10000)", "more than 16 MiB");
    unknown("SELECT lpad('x', 2000000000)", "more than 16 MiB");
    unknown("SELECT rpad('x', 2000000000, 'ab')", "more than 16 MiB");
    unknown("SELECT replace(repeat('x', 100000), 'x', repeat('y', 100000))", "more than 16 MiB");
    unknown("SELECT regexp_replace(repeat('x', 100000), 'x', repeat('y', 100000), 'g')", "more than 16 MiB");
    unknown(
        "WITH RECURSIVE r AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM r) SELECT s FROM r ORDER BY s",
        "more than 16 MiB",
    );
}

#[test]
fn texts_of_ordinary_length_are_made() {
    for (first, second) in [
        ("SELECT repeat('x', 3)", "SELECT 'xx' || 'x'"),
        ("SELECT lpad(s, 30, 'ab') FROM t", "SELECT lpad(t.s, 30, 'a' || 'b') FROM t"),
        ("SELECT replace(s, 'a', 'bb') || 'c' FROM t", "SELECT replace(s, 'a', 'b' || 'b') || 'c' FROM t"),
        (
            "SELECT concat(s, a) FROM t WHERE s IS NOT NULL AND a IS NOT NULL",
            "SELECT s || a FROM t WHERE (s || a) IS NOT NULL",
        ),
    ] {
        let (verdict, reason) = judged(first, second);
        assert!(matches!(verdict, "proved" | "tested"), "{first}: {verdict}, {reason}");
    }
    let (verdict, _) = judged("SELECT s || 'a' FROM t", "SELECT 'a' || s FROM t");
    assert_eq!(verdict, "refuted");
}

#[test]
fn rows_that_multiply_end_in_time() {
    let many = |n: usize| (0..n).map(|n| format!("t AS t{n}")).collect::<Vec<_>>().join(", ");
    let (verdict, reason) = judged(&format!("SELECT t0.a FROM {}", many(9)), "SELECT a FROM t");
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
    let count = |n: usize| format!("SELECT count(*) + sum(t0.a * t1.b) FROM {}", many(n));
    let (verdict, reason) = judged(&count(10), &count(9));
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
    let (verdict, reason) = judged(
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
        "SELECT 1",
    );
    assert_eq!(verdict, "unknown", "{reason}");
}

#[test]
fn relations_are_counted_before_they_are_planned() {
    let joined = (0..300).map(|n| format!("t AS t{n}")).collect::<Vec<_>>().join(", ");
    unknown(&format!("SELECT 1 FROM {joined}"), "reads 300 relations");
    let mut sql = "WITH c0 AS (SELECT a FROM t)".to_owned();
    for n in 1..60 {
        sql += &format!(", c{n} AS (SELECT x.a FROM c{m} AS x, c{m} AS y)", m = n - 1);
    }
    unknown(&format!("{sql} SELECT a FROM c59"), "at most 64 are verified");
    // As many as are taken.
    let chain = (1..64).map(|n| format!(" JOIN t AS t{n} ON t{n}.a = t{m}.b", m = n - 1)).collect::<String>();
    judged(&format!("SELECT t0.a FROM t AS t0{chain}"), &format!("SELECT t0.b FROM t AS t0{chain}"));
}

#[test]
fn expressions_that_double_end_in_time() {
    let operators = [
        "v + v",
        "v * v",
        "CASE WHEN v > 0 THEN v ELSE v + 1 END",
        "coalesce(v, v + 1)",
        "v || v",
        "concat(v, v)",
    ];
    for operator in operators {
        let start = if operator.contains('|') || operator.contains("concat") { "s" } else { "a" };
        let judged_at = |times| {
            judged(
                &repeated(&format!("SELECT {start} AS v FROM t"), operator, times),
                &repeated(&format!("SELECT {start} AS v FROM t WHERE b = 1"), operator, times),
            )
        };
        for times in [3, 6, 9] {
            let (verdict, reason) = judged_at(times);
            assert!(matches!(verdict, "refuted" | "unknown"), "{operator} {times}: {reason}");
        }
        let (verdict, reason) = judged_at(40);
        assert_eq!(verdict, "unknown", "{operator}");
        assert!(reason.contains("grows by"), "{operator}: {reason}");
    }
}

#[test]
fn a_product_of_columns_is_no_equation_to_solve() {
    let (verdict, reason) = judged(
        "SELECT a FROM t WHERE a * b = 49",
        "SELECT a FROM t WHERE a * b = 50 OR a * b = 49 AND a > 7",
    );
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
    let (verdict, reason) = judged("SELECT x FROM u WHERE x * a > 100", "SELECT x FROM u WHERE a * x > 100");
    assert!(matches!(verdict, "proved" | "tested"), "{reason}");
}

#[test]
fn columns_of_extreme_types_are_filled() {
    let schema =
        "CREATE TABLE w (a NUMERIC(38,38), b NUMERIC(76,40), c VARCHAR(0), d NUMERIC(38,37), e NUMERIC(50));";
    let (catalog, _) = Catalog::from_ddl(schema, Dialect::Postgres).expect("the schema is read");
    for column in ["a", "b", "c", "d", "e"] {
        let (first, second) = (format!("SELECT {column} FROM w"), format!("SELECT DISTINCT {column} FROM w"));
        let found = verify(&first, &second, Dialect::Postgres, &catalog, &Options::default());
        assert_eq!(found.verdict.name(), "refuted", "{column}: {}", found.verdict.reason());
    }
}

#[test]
fn a_limit_below_zero_is_no_limit_that_we_know() {
    let (verdict, _) = judged("SELECT a FROM t LIMIT -1", "SELECT a FROM t");
    assert_eq!(verdict, "unknown");
}

/// The verdict over tables of its own.
fn judged_over(schema: &str, first: &str, second: &str) -> (&'static str, String) {
    let (catalog, _) = Catalog::from_ddl(schema, Dialect::Postgres).expect("the schema is read");
    let start = Instant::now();
    let found = verify(first, second, Dialect::Postgres, &catalog, &Options::default());
    assert!(start.elapsed() < LONGEST, "{:?} for {first}", start.elapsed());
    (found.verdict.name(), found.verdict.reason())
}

#[test]
fn foreign_keys_may_form_a_cycle() {
    let schema = "CREATE TABLE a (id INT PRIMARY KEY, b INT NOT NULL);
        CREATE TABLE b (id INT PRIMARY KEY, a INT NOT NULL REFERENCES a (id));
        ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id);
        CREATE TABLE tree (id INT PRIMARY KEY, parent INT NOT NULL REFERENCES tree (id));";
    let joined = "SELECT a.id FROM a JOIN b ON a.b = b.id";
    assert_eq!(judged_over(schema, joined, "SELECT id FROM a").0, "proved");
    // Rows that need each other cannot be inserted one after the other; none is invented that refers to nothing.
    let (verdict, reason) = judged_over(schema, "SELECT id FROM a", "SELECT id FROM a WHERE id > 1");
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
    let (verdict, reason) =
        judged_over(schema, "SELECT id FROM tree", "SELECT id FROM tree WHERE parent <> id");
    assert_eq!(verdict, "refuted", "{reason}");
}

#[test]
fn a_schema_that_no_row_keeps_is_taken() {
    let schema = "CREATE TABLE never (id INT PRIMARY KEY, n INT NOT NULL CHECK (n > 5 AND n < 3));
        CREATE TABLE odd (id INT NOT NULL, UNIQUE (id), UNIQUE (id), FOREIGN KEY (id) REFERENCES nowhere (x));";
    let (verdict, reason) = judged_over(schema, "SELECT id FROM never", "SELECT id + 1 FROM never");
    assert_eq!(verdict, "unknown", "{reason}");
    assert!(reason.contains("not exercised"), "{reason}");
    assert_eq!(judged_over(schema, "SELECT id FROM odd", "SELECT DISTINCT id FROM odd").0, "proved");
}

#[test]
fn a_hundred_tables_are_filled_in_time() {
    let mut schema = "CREATE TABLE t0 (id INT PRIMARY KEY);\n".to_owned();
    for n in 1..100 {
        let before = n - 1;
        schema += &format!(
            "CREATE TABLE t{n} (id INT PRIMARY KEY, up INT NOT NULL REFERENCES t{before} (id), x INT);\n"
        );
    }
    let (verdict, reason) =
        judged_over(&schema, "SELECT x FROM t9 WHERE x > 3", "SELECT x FROM t9 WHERE x >= 3");
    assert_eq!(verdict, "refuted", "{reason}");
    let (verdict, reason) =
        judged_over(&schema, "SELECT x FROM t99 WHERE x > 3", "SELECT x FROM t99 WHERE x >= 3");
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
}

#[test]
fn numbers_far_apart_have_no_middle_that_overflows() {
    let most = "9".repeat(38);
    let (verdict, reason) = judged_over(
        "CREATE TABLE w (n NUMERIC(38, 1), f DOUBLE PRECISION);",
        &format!(
            "SELECT f FROM w WHERE n > -{m}.9 AND n < {m}.9 AND f > -1.7e308 AND f < 1.7e308",
            m = &most[1..]
        ),
        "SELECT f FROM w",
    );
    assert!(matches!(verdict, "refuted" | "unknown"), "{reason}");
}

#[test]
fn long_chains_of_texts_end_in_time() {
    let chain = |texts: usize| format!("SELECT {} AS x FROM t", vec!["s"; texts].join(" || "));
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    // By the third power of their number it took minutes.
    let options = Options { time: LONGEST / 2, ..Options::default() };
    let found = verify(&chain(400), &chain(399), Dialect::Postgres, &catalog, &options);
    assert_eq!(found.verdict.name(), "refuted", "{}", found.verdict.reason());
}
