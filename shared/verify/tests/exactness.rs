//! Where the engine's types and errors are not the dialect's: no verdict rests on them unsaid.

use sqm_domain::Dialect::{self, MySql, Postgres, Sqlite};
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, Verification, verify};

const SCHEMA: &str = "
    CREATE TABLE t (
        id INT PRIMARY KEY, a INT, b INT, bi BIGINT, f DOUBLE PRECISION, r REAL, s TEXT, d DATE, ts TIMESTAMP
    );
";

fn found(dialect: Dialect, first: &str, second: &str) -> Verification {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Postgres).expect("the schema is read");
    verify(first, second, dialect, &catalog, &Options::default())
}

#[track_caller]
fn check(dialect: Dialect, first: &str, second: &str, expected: &[&str]) {
    let found = found(dialect, first, second);
    let name = found.verdict.name();
    assert!(expected.contains(&name), "{name}\n{first}\n{second}\n{}", found.verdict.reason());
}

#[track_caller]
fn rests_on(first: &str, second: &str, words: &str) {
    let found = found(Postgres, first, second);
    assert!(found.assumptions.iter().any(|said| said.contains(words)), "{:?}\n{first}", found.assumptions);
}

#[test]
fn parts_of_a_second_are_not_lost_unsaid() {
    for cast in ["ts::TIMESTAMP(0)", "CAST(ts AS TIMESTAMP(3))"] {
        check(Postgres, &format!("SELECT {cast} AS x FROM t"), "SELECT ts AS x FROM t", &["unknown"]);
    }
    let null = "SELECT CAST(NULL AS TIMESTAMP(0)) AS x FROM t";
    check(Postgres, null, "SELECT NULLIF(ts, ts) AS x FROM t", &["proved", "tested"]);
    check(MySql, "SELECT CAST(ts AS DATETIME) AS x FROM t", "SELECT ts AS x FROM t", &["unknown"]);
    let seconds = "SELECT EXTRACT(SECOND FROM ts) AS x FROM t";
    check(Postgres, seconds, "SELECT FLOOR(EXTRACT(SECOND FROM ts)) AS x FROM t", &["unknown"]);
}

#[test]
fn a_sum_of_long_integers_is_no_integer_to_postgres() {
    check(
        Postgres,
        "SELECT SUM(bi) / 2 AS x FROM t",
        "SELECT TRUNC(SUM(bi) / 2.0) AS x FROM t",
        &["refuted"],
    );
    check(
        Postgres,
        "SELECT SUM(bi) / 2 AS x FROM t",
        "SELECT SUM(bi) / 2.0 AS x FROM t",
        &["proved", "tested"],
    );
    check(Postgres, "SELECT SUM(a) / 2 AS x FROM t", "SELECT SUM(a) / 2.0 AS x FROM t", &["refuted"]);
}

#[test]
fn a_part_of_the_calendar_is_no_integer_to_postgres() {
    let (part, fraction) = ("EXTRACT(MONTH FROM d) / 3", "EXTRACT(MONTH FROM d) / 3.0");
    check(
        Postgres,
        &format!("SELECT {part} AS x FROM t"),
        &format!("SELECT {fraction} AS x FROM t"),
        &["unknown"],
    );
}

#[test]
fn a_day_and_hours_are_a_moment() {
    check(
        Postgres,
        "SELECT id FROM t WHERE d - INTERVAL '1 hour' < DATE '2024-01-01'",
        "SELECT id FROM t WHERE d <= DATE '2024-01-01'",
        &["unknown"],
    );
}

#[test]
fn a_remainder_of_zero_is_null_where_the_dialect_has_it_so() {
    for dialect in [Sqlite, MySql] {
        check(
            dialect,
            "SELECT COUNT(a % 0) AS n FROM t",
            "SELECT COUNT(a) AS n FROM t",
            &["refuted", "unknown"],
        );
        check(
            dialect,
            "SELECT COUNT(a % (b - b)) AS n FROM t",
            "SELECT COUNT(a) AS n FROM t",
            &["refuted", "unknown"],
        );
    }
}

#[test]
fn what_fails_for_some_rows_is_said() {
    rests_on(
        "SELECT COUNT(1 / a) AS n FROM t",
        "SELECT COUNT(a) AS n FROM t",
        "no row ends a query in an error",
    );
    rests_on(
        "SELECT COUNT(s::DATE) AS n FROM t",
        "SELECT COUNT(s) AS n FROM t",
        "no row ends a query in an error",
    );
    rests_on(
        "SELECT id FROM t WHERE SQRT(f) = 2",
        "SELECT id FROM t WHERE f = 4",
        "no row ends a query in an error",
    );
    check(
        Postgres,
        "SELECT 2000000000 + 2000000000 AS x FROM t",
        "SELECT 4000000000 AS x FROM t",
        &["unknown"],
    );
}

#[test]
fn floats_are_added_in_some_order_and_have_some_width() {
    let sorted = "SELECT SUM(f) AS x FROM (SELECT f FROM t ORDER BY id DESC) q";
    rests_on("SELECT SUM(f) AS x FROM t", sorted, "rounding");
    rests_on("SELECT SUM(r) AS x FROM t", "SELECT SUM(r) AS x FROM t WHERE 1 = 1", "32 bits");
}

/// The engine looks the left side up in the subquery, where that has a table of the same name.
#[test]
fn what_is_compared_with_all_rows_is_the_outer_column() {
    for (one, two) in [
        (
            "SELECT id FROM t WHERE id >= ALL (SELECT id FROM t)",
            "SELECT MAX(id) AS id FROM t HAVING COUNT(*) > 0",
        ),
        ("SELECT id FROM t WHERE a = ANY (SELECT a FROM t)", "SELECT id FROM t WHERE a IS NOT NULL"),
    ] {
        check(Postgres, one, two, &["unknown", "tested", "proved"]);
    }
    check(
        Postgres,
        "SELECT id FROM t WHERE id >= ALL (SELECT id FROM t)",
        "SELECT id FROM t WHERE id <= ALL (SELECT id FROM t)",
        &["unknown", "refuted"],
    );
    check(
        Postgres,
        "SELECT id FROM t WHERE id >= ALL (SELECT o.id FROM t o)",
        "SELECT id FROM t WHERE id <= ALL (SELECT o.id FROM t o)",
        &["refuted"],
    );
}

#[test]
fn an_aggregate_of_all_rows_is_always_one_row() {
    check(
        Postgres,
        "SELECT id FROM t WHERE EXISTS (SELECT MAX(b) FROM t x WHERE x.a = t.a) AND s ILIKE 'y'",
        "SELECT id FROM t WHERE s ILIKE 'y'",
        &["proved", "tested"],
    );
    check(
        Postgres,
        "SELECT id FROM t WHERE NOT EXISTS (SELECT COUNT(*) FROM t x WHERE x.a = t.a)",
        "SELECT id FROM t",
        &["refuted"],
    );
}

#[test]
fn an_output_that_casts_a_column_has_its_name() {
    let by_output = "SELECT id, a::TEXT FROM t ORDER BY a";
    check(Postgres, by_output, "SELECT id, a::TEXT FROM t ORDER BY a::TEXT", &["unknown"]);
}

#[test]
fn distinct_values_have_no_order_of_their_own() {
    check(
        Postgres,
        "SELECT STRING_AGG(DISTINCT s, ',') AS x FROM t",
        "SELECT STRING_AGG(DISTINCT s, ',' ORDER BY s) AS x FROM t",
        &["unknown"],
    );
}

#[test]
fn a_few_labels_are_enough() {
    const NAMED: &str = "CREATE TABLE t (id INT PRIMARY KEY, e ENUM('x', 'y', 'z'))";
    let (catalog, _) = Catalog::from_ddl(NAMED, MySql).expect("the schema is read");
    let one = "SELECT id FROM t WHERE e IN ('x', 'y', 'z')";
    let found = verify(one, "SELECT id FROM t WHERE e IS NOT NULL", MySql, &catalog, &Options::default());
    assert_eq!(found.verdict.name(), "tested", "{}", found.verdict.reason());
}

#[test]
fn queries_stand_in_each_other_only_so_deep() {
    let mut sql = "SELECT id FROM t t30".to_owned();
    for n in (0..30).rev() {
        sql = format!("SELECT id FROM t t{n} WHERE EXISTS ({sql} WHERE t{}.a = t{n}.a)", n + 1)
            .replace(") WHERE", ") AND");
    }
    let found = found(Postgres, &sql, "SELECT id FROM t");
    assert!(found.verdict.reason().contains("deep"), "{}", found.verdict.reason());
    assert!(found.ms < 3000.0, "{}", found.ms);
}

#[test]
fn a_sum_of_long_integers_is_none_under_another_name_either() {
    let counts = "(SELECT a, COUNT(*) AS c FROM t GROUP BY a, b) q GROUP BY a";
    for (one, two) in [
        (format!("SELECT a, SUM(c) / 2 AS x FROM {counts}"), "SELECT a, COUNT(*) / 2 AS x FROM t GROUP BY a"),
        (
            "SELECT SUM(c) / 3 AS x FROM (SELECT a, SUM(b) AS c FROM t GROUP BY a) q".to_owned(),
            "SELECT SUM(b) / 3 AS x FROM t",
        ),
        (
            "SELECT a, s / 2 AS x FROM (SELECT a, ABS(SUM(bi)) AS s FROM t GROUP BY a) q".to_owned(),
            "SELECT a, TRUNC(ABS(SUM(bi)) / 2.0) AS x FROM t GROUP BY a",
        ),
        (
            "SELECT id, w / 2 AS x FROM (SELECT id, SUM(bi) AS w FROM t GROUP BY id) q".to_owned(),
            "SELECT id, bi / 2 AS x FROM t",
        ),
        (
            format!("SELECT a FROM {counts} HAVING SUM(c) / 2 > 1"),
            "SELECT a FROM t GROUP BY a HAVING COUNT(*) > 2",
        ),
        ("SELECT ROUND(a) / 2 AS x FROM t".to_owned(), "SELECT a / 2 AS x FROM t"),
    ] {
        check(Postgres, &one, two, &["unknown"]);
    }
    // Whoever says that it is an integer has one.
    check(
        Postgres,
        "SELECT a, SUM(c)::INT / 2 AS x FROM (SELECT a, COUNT(*) AS c FROM t GROUP BY a, b) q GROUP BY a",
        "SELECT a, COUNT(*)::INT / 2 AS x FROM t GROUP BY a",
        &["proved", "tested"],
    );
}

#[test]
fn the_text_of_a_fraction_is_the_engine_s_own() {
    for (one, two) in [
        ("SELECT f::TEXT AS x FROM t", "SELECT a::TEXT AS x FROM t"),
        ("SELECT (a + 0.00)::TEXT AS x FROM t", "SELECT a::TEXT AS x FROM t"),
        ("SELECT 'n: ' || (a * 1.0) AS x FROM t", "SELECT 'n: ' || a AS x FROM t"),
        ("SELECT COALESCE(a, 1.5)::TEXT AS x FROM t", "SELECT COALESCE(a::TEXT, '1.5') AS x FROM t"),
    ] {
        check(Postgres, one, two, &["unknown"]);
    }
    check(
        Postgres,
        "SELECT a::TEXT AS x FROM t",
        "SELECT CAST(a AS TEXT) || '' AS x FROM t",
        &["proved", "tested"],
    );
}

#[test]
fn what_lies_between_two_moments_is_no_number_of_days() {
    for (one, two) in [
        ("ts - TIMESTAMP '2020-01-01' > INTERVAL '1 day'", "ts > TIMESTAMP '2020-01-02'"),
        (
            "ts - TIMESTAMP '2020-01-01' = INTERVAL '24 hours'",
            "ts - TIMESTAMP '2020-01-01' = INTERVAL '1 day'",
        ),
    ] {
        let query = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
        check(Postgres, &query(one), &query(two), &["unknown"]);
    }
    check(
        Postgres,
        "SELECT EXTRACT(EPOCH FROM ts) AS x FROM t",
        "SELECT FLOOR(EXTRACT(EPOCH FROM ts)) AS x FROM t",
        &["unknown"],
    );
}

#[test]
fn floats_that_differ_by_more_than_rounding_differ() {
    check(Postgres, "SELECT f AS x FROM t", "SELECT f + 0.0000001 AS x FROM t", &["refuted"]);
    check(Postgres, "SELECT f * 3 AS x FROM t", "SELECT f + f + f AS x FROM t", &["proved", "tested"]);
}

#[test]
fn quotients_of_exact_numbers_have_digits_of_the_engine_s_own() {
    check(
        Postgres,
        "SELECT 1.0 * a / NULLIF(b, 0) AS x FROM t",
        "SELECT a / NULLIF(b, 0)::NUMERIC AS x FROM t",
        &["proved", "tested", "unknown"],
    );
}

#[test]
fn a_text_that_is_filled_up_by_a_cast_is_not_looked_at() {
    check(Postgres, "SELECT 'a'::CHAR(3) = 'a ' AS x FROM t", "SELECT TRUE AS x FROM t", &["unknown"]);
    check(Postgres, "SELECT 'abc'::CHAR(3) AS x FROM t", "SELECT 'abc' AS x FROM t", &["proved", "tested"]);
}

#[test]
fn a_text_that_is_too_long_to_be_made_is_no_agreement() {
    check(
        Postgres,
        "SELECT REPEAT(s, 1000000000) AS x FROM t",
        "SELECT s AS x FROM t",
        &["unknown", "refuted"],
    );
}

#[test]
fn a_total_of_no_rows_is_said_to_be_none_of_mysql_s() {
    let found = found(
        MySql,
        "SELECT a, COUNT(*) AS n FROM t GROUP BY a WITH ROLLUP",
        "SELECT a, COUNT(*) AS n FROM t GROUP BY a UNION ALL SELECT NULL, COUNT(*) FROM t",
    );
    assert!(found.assumptions.iter().any(|said| said.contains("ROLLUP has rows")), "{found:?}");
}

#[test]
fn the_width_of_an_integer_is_not_guessed() {
    for (first, second) in [
        ("SELECT a << 31 AS x FROM t", "SELECT bi << 31 AS x FROM t WHERE a = bi"),
        ("SELECT a >> b AS x FROM t", "SELECT a >> b AS x FROM t WHERE id = id"),
        ("SELECT TO_HEX(a) AS x FROM t", "SELECT TO_HEX(CAST(a AS BIGINT)) AS x FROM t"),
    ] {
        check(Postgres, first, second, &["unknown"]);
    }
    check(Postgres, "SELECT a >> 1 AS x FROM t", "SELECT CAST(a AS BIGINT) >> 1 AS x FROM t", &["proved"]);
}

#[test]
fn sqlite_reads_a_text_as_a_number_beside_a_column_alone() {
    for other in
        ["+a = '1'", "a + 0 = '1'", "COALESCE(a, b) < '1'", "'1' IN (a)", "CASE WHEN b = 1 THEN a END = '1'"]
    {
        let query = format!("SELECT id FROM t WHERE {other}");
        check(Sqlite, "SELECT id FROM t WHERE a = '1'", &query, &["unknown"]);
    }
    check(Sqlite, "SELECT id FROM t WHERE a = '1'", "SELECT id FROM t WHERE a IN ('1')", &["proved"]);
}
