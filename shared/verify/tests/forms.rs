//! Forms of SQL that the engine binds otherwise, or not at all, and that mean something by their dialect: each with
//! a pair that is the same and one that is not, so that neither its meaning nor its limits get lost.

use sqm_domain::Dialect::{self, *};
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, Verification, verify};

const SCHEMA: &str = "
    CREATE TABLE t (
        id INT PRIMARY KEY, a INT, b INT, c INT NOT NULL, s VARCHAR(20), d DATE, ok BOOLEAN, j JSON
    );
    CREATE TABLE u (id INT PRIMARY KEY, t_id INT REFERENCES t (id), a INT, v INT);
    CREATE TABLE w (x INT, y INT, k INT);
    CREATE TABLE z (k INT, x INT, q INT);
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

fn same(dialect: Dialect, first: &str, second: &str) {
    check(dialect, first, second, &["proved", "tested"]);
}

fn differ(dialect: Dialect, first: &str, second: &str) {
    check(dialect, first, second, &["refuted"]);
}

/// It is not verified, since …, at the place.
fn unknown(dialect: Dialect, sql: &str, why: &str, place: &str) {
    let found = verdict(dialect, sql, "SELECT id FROM t WHERE a = 77");
    let reason = found.verdict.reason();
    assert_eq!(found.verdict.name(), "unknown", "{sql}\n{reason}");
    assert!(reason.contains(why), "{sql}\n{reason}");
    assert!(reason.contains(place), "{sql}\n{reason}");
}

#[test]
fn outputs_of_one_name_are_told_apart() {
    same(Postgres, "SELECT a AS x, b AS x FROM t", "SELECT a, b FROM t");
    differ(Postgres, "SELECT a AS x, b AS x FROM t", "SELECT b AS x, a AS x FROM t");
    same(Postgres, "SELECT a AS x, b AS x FROM t ORDER BY c", "SELECT a, b FROM t ORDER BY c");
    same(Postgres, "SELECT *, a FROM t", "SELECT t.*, t.a FROM t");
    differ(Postgres, "SELECT *, a FROM t", "SELECT t.*, t.b FROM t");
    same(Postgres, "SELECT CAST(d AS VARCHAR), d::DATE FROM t", "SELECT d::VARCHAR, d FROM t");
    // Below, as long as nobody asks for one of them.
    same(Postgres, "SELECT id FROM (SELECT id, a AS x, b AS x FROM t) q", "SELECT id FROM t");
    same(Postgres, "SELECT q.* FROM (SELECT a AS x, b AS x FROM t) q", "SELECT a, b FROM t");
    let asked = "SELECT x FROM (SELECT a AS x, b AS x FROM t) q";
    unknown(Postgres, asked, "several outputs of the subquery", "line 1, column 8");
    unknown(Postgres, "SELECT a AS s, b AS s FROM t ORDER BY s", "several outputs are called s", "line 1");
    let found = verdict(Postgres, "SELECT a AS x, b AS x FROM t", "SELECT b, a FROM t");
    assert_eq!(found.verdict.counterexample().expect("they differ").outputs1, ["x", "x"]);
}

#[test]
fn using_leaves_the_column_of_the_side_that_has_it() {
    let on = "JOIN z ON w.k = z.k";
    let using = "JOIN z USING (k)";
    for (kind, value, other) in
        [("RIGHT", "z.k", "w.k"), ("FULL", "COALESCE(w.k, z.k)", "z.k"), ("LEFT", "w.k", "z.k")]
    {
        let joined = format!("SELECT k, y FROM w {kind} {using} WHERE k > 1");
        let written = |value| format!("SELECT {value}, w.y FROM w {kind} {on} WHERE {value} > 1");
        same(Postgres, &joined, &written(value));
        if kind != "LEFT" {
            differ(Postgres, &joined, &written(other));
        }
        let all = format!("SELECT * FROM w {kind} {using}");
        same(Postgres, &all, &format!("SELECT {value}, w.x, w.y, z.x, z.q FROM w {kind} {on}"));
    }
    same(
        Postgres,
        "SELECT k, COUNT(*) FROM w FULL JOIN z USING (k) GROUP BY k HAVING k > 0 ORDER BY k",
        "SELECT COALESCE(w.k, z.k) AS m, COUNT(*) FROM w FULL JOIN z ON w.k = z.k GROUP BY 1
         HAVING COALESCE(w.k, z.k) > 0 ORDER BY m",
    );
    same(
        Postgres,
        "SELECT k FROM w FULL JOIN z USING (k) FULL JOIN (SELECT v AS k FROM u) v USING (k)",
        "SELECT COALESCE(COALESCE(w.k, z.k), u.v) FROM w FULL JOIN z ON w.k = z.k
         FULL JOIN u ON COALESCE(w.k, z.k) = u.v",
    );
    differ(
        Postgres,
        "SELECT k FROM w FULL JOIN z USING (k) FULL JOIN (SELECT v AS k FROM u) v USING (k)",
        "SELECT COALESCE(COALESCE(w.k, z.k), u.v) FROM w FULL JOIN z ON w.k = z.k FULL JOIN u ON w.k = u.v",
    );
    same(
        Postgres,
        "SELECT y FROM w JOIN z USING (k) WHERE k > 1 AND EXISTS (SELECT 1 FROM u WHERE u.v = k)",
        "SELECT w.y FROM w JOIN z ON w.k = z.k WHERE w.k > 1 AND z.k IN (SELECT v FROM u)",
    );
    // A subquery has its own columns first.
    same(
        Postgres,
        "SELECT k FROM w RIGHT JOIN z USING (k) WHERE k IN (SELECT k FROM w)",
        "SELECT z.k FROM w RIGHT JOIN z ON w.k = z.k WHERE z.k IN (SELECT v.k FROM w v)",
    );
    unknown(Postgres, "SELECT k FROM (w FULL JOIN z USING (k)) JOIN u ON u.v = k", "with USING", "line 1");
}

#[test]
fn a_star_begins_with_what_is_joined() {
    let natural = "SELECT * FROM w NATURAL JOIN z";
    let on = "FROM w JOIN z ON w.k = z.k AND w.x = z.x";
    same(Postgres, natural, &format!("SELECT w.x, w.k, w.y, z.q {on}"));
    differ(Postgres, natural, &format!("SELECT w.x, w.y, w.k, z.q {on}"));
    // Not in SQLite.
    same(Sqlite, natural, &format!("SELECT w.x, w.y, w.k, z.q {on}"));
}

#[test]
fn a_group_of_everything_is_there_without_rows() {
    same(Postgres, "SELECT COUNT(*) FROM t GROUP BY ()", "SELECT COUNT(*) FROM t");
    differ(Postgres, "SELECT SUM(a) FROM t GROUP BY ()", "SELECT SUM(a) FROM t HAVING COUNT(*) > 0");
    same(Postgres, "SELECT 1 FROM t GROUP BY ()", "SELECT 1");
    differ(Postgres, "SELECT 1 FROM t GROUP BY ()", "SELECT 1 FROM t");
    same(Postgres, "SELECT a, COUNT(*) FROM t GROUP BY a, ()", "SELECT a, COUNT(*) FROM t GROUP BY a");
}

#[test]
fn bounds_of_symmetric_between_may_be_turned() {
    let between = "SELECT id FROM t WHERE a BETWEEN";
    same(Postgres, &format!("{between} SYMMETRIC 5 AND 1"), &format!("{between} 1 AND 5"));
    differ(Postgres, &format!("{between} SYMMETRIC b AND c"), &format!("{between} b AND c"));
    same(Postgres, &format!("{between} ASYMMETRIC b AND c"), &format!("{between} b AND c"));
    // Only the one that says so.
    differ(
        Postgres,
        "SELECT id FROM t WHERE a BETWEEN SYMMETRIC b AND c AND c BETWEEN 5 AND b",
        "SELECT id FROM t WHERE a BETWEEN SYMMETRIC b AND c AND c BETWEEN SYMMETRIC 5 AND b",
    );
}

#[test]
fn rows_are_compared_column_by_column() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for (first, second, other) in [
        ("(a, b) < (1, 2)", "a < 1 OR (a = 1 AND b < 2)", "a < 1 AND b < 2"),
        ("(a, b) >= (c, 3)", "a > c OR (a = c AND b >= 3)", "a >= c AND b >= 3"),
        ("(a, b) = (1, 2)", "a = 1 AND b = 2", "a = 1 OR b = 2"),
        ("(a, b) <> (1, 2)", "a <> 1 OR b <> 2", "a <> 1 AND b <> 2"),
        (
            "(a, b) IN ((1, 2), (3, 4))",
            "(a = 1 AND b = 2) OR (a = 3 AND b = 4)",
            "a IN (1, 3) AND b IN (2, 4)",
        ),
        ("(a, b) NOT IN ((1, 2))", "a <> 1 OR b <> 2", "NOT COALESCE(a = 1 AND b = 2, FALSE)"),
        ("ROW(a, b) IS NOT DISTINCT FROM ROW(1, c)", "a = 1 AND b = c", "a = 1 AND b <= c"),
        ("(a, b) IS NULL", "a IS NULL AND b IS NULL", "a IS NULL"),
        ("(a, b) IS NOT NULL", "a IS NOT NULL AND b IS NOT NULL", "NOT ((a, b) IS NULL)"),
        ("(a, b, c) > (1, 2, 3)", "a > 1 OR (a = 1 AND (b, c) > (2, 3))", "(a, b, c) >= (1, 2, 3)"),
    ] {
        same(Postgres, &rows(first), &rows(second));
        differ(Postgres, &rows(first), &rows(other));
    }
    unknown(
        Postgres,
        &rows("(a, b) = (1, 2, 3)"),
        "2 columns is compared with one of 3",
        "line 1, column 25",
    );
    unknown(DuckDb, &rows("(a, b) = (1, 2)"), "takes NULLs inside of them for equal", "line 1, column 25");
}

#[test]
fn lists_that_are_written_out_are_lists() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for (first, second, other) in [
        ("a = ANY (ARRAY[1, 2])", "a IN (1, 2)", "a IN (1, 3)"),
        ("a <> ALL (ARRAY[1, 2])", "a NOT IN (1, 2)", "a NOT IN (1)"),
        ("a > ALL (ARRAY[1, 2])", "a > 2", "a > 1"),
        ("a > ANY ('{1,2}'::INT[])", "a > 1", "a > 2"),
        ("s = ANY ('{x,y}')", "s IN ('x', 'y')", "s = 'x'"),
    ] {
        same(Postgres, &rows(first), &rows(second));
        differ(Postgres, &rows(first), &rows(other));
    }
    let series = "SELECT n FROM generate_series(1, 6, 2) AS g(n)";
    same(Postgres, series, "SELECT n FROM unnest(ARRAY[1, 3, 5]) AS n");
    differ(Postgres, series, "SELECT n FROM unnest(ARRAY[1, 3, 6]) AS n");
    same(BigQuery, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 2)) AS n", "SELECT n FROM UNNEST([2, 1]) AS n");
    unknown(
        Postgres,
        "SELECT n FROM generate_series(1, 5000) AS g(n)",
        "at most 200 rows",
        "line 1, column 15",
    );
    unknown(Postgres, &rows("a = ANY (ARRAY[1.7]::INT[])"), "an array of constants", "line 1, column 24");
    unknown(Postgres, "SELECT ARRAY[a] FROM t", "an array is verified only in", "line 1, column 14");
}

#[test]
fn numbers_are_conditions_where_the_dialect_takes_them() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for dialect in [MySql, Sqlite] {
        for (first, second, other) in [
            ("a", "a <> 0", "a IS NOT NULL"),
            ("NOT a", "a = 0", "a IS NULL"),
            ("a OR b", "a <> 0 OR b <> 0", "a = 1 OR b = 1"),
            ("a AND b", "a <> 0 AND b <> 0", "a * b = 1"),
            ("CASE WHEN a THEN b END = 1", "a <> 0 AND b = 1", "a = 1 AND b = 1"),
            ("ok", "ok <> 0", "NOT ok"),
        ] {
            same(dialect, &rows(first), &rows(second));
            differ(dialect, &rows(first), &rows(other));
        }
        let counted = "SELECT SUM(CASE WHEN a > 1 THEN 1 WHEN a IS NOT NULL THEN 0 END) FROM t";
        same(dialect, "SELECT SUM(a > 1) FROM t", counted);
        differ(dialect, "SELECT SUM(a > 1) FROM t", "SELECT COUNT(a > 1) FROM t");
        unknown(dialect, &rows("s"), "as a condition is not verified", "line 1, column 24");
    }
    same(MySql, &rows("(a = 1) XOR (b = 1)"), &rows("(a = 1) <> (b = 1)"));
    differ(MySql, &rows("a XOR b"), &rows("a OR b"));
    unknown(MySql, &rows("a XOR b AND c"), "XOR beside another operator", "line 1, column 24");
    unknown(Postgres, &rows("a"), "is no condition", "line 1, column 24");
}

#[test]
fn texts_are_added_where_the_dialect_does() {
    same(TSql, "SELECT s + '-' + s FROM t", "SELECT s + ('-' + s) FROM t");
    differ(TSql, "SELECT s + 'x' FROM t", "SELECT CONCAT(s, 'x') FROM t");
    same(TSql, "SELECT q.k + 'a' FROM (SELECT s AS k FROM t) q", "SELECT s + 'a' FROM t");
    differ(TSql, "SELECT q.k + 'a' FROM (SELECT s AS k FROM t) q", "SELECT 'a' + s FROM t");
    unknown(TSql, "SELECT 'x' + a FROM t", "adds a text to a number", "line 1");
}

#[test]
fn what_stands_beside_each_row_is_joined_to_it() {
    let applied =
        |kind: &str, inner: &str| format!("SELECT t.id, x.v FROM t {kind} APPLY (SELECT {inner}) x");
    let all = "u.v FROM u WHERE u.t_id = t.id";
    same(TSql, &applied("CROSS", all), "SELECT t.id, u.v FROM t JOIN u ON u.t_id = t.id");
    same(TSql, &applied("OUTER", all), "SELECT t.id, u.v FROM t LEFT JOIN u ON u.t_id = t.id");
    differ(TSql, &applied("OUTER", all), "SELECT t.id, u.v FROM t JOIN u ON u.t_id = t.id");
    let first = "TOP 1 u.v FROM u WHERE u.t_id = t.id AND u.a > 2 ORDER BY u.id";
    let numbered = |kind: &str, order: &str| {
        format!(
            "SELECT t.id, x.v FROM t {kind} JOIN (SELECT v, t_id, ROW_NUMBER() OVER (PARTITION BY t_id ORDER BY {order}) n
             FROM u WHERE a > 2) x ON x.t_id = t.id AND x.n = 1"
        )
    };
    same(TSql, &applied("CROSS", first), &numbered("", "id"));
    differ(TSql, &applied("CROSS", first), &numbered("", "id DESC"));
    same(TSql, &applied("OUTER", first), &numbered("LEFT", "id"));
    let lateral = "SELECT t.id, x.v FROM t LEFT JOIN LATERAL (SELECT u.v FROM u WHERE u.t_id = t.id AND u.a > 2 ORDER BY u.id LIMIT 1) x ON TRUE";
    same(Postgres, lateral, &numbered("LEFT", "id"));
    let less =
        "SELECT t.id, x.v FROM t CROSS APPLY (SELECT TOP 1 u.v FROM u WHERE u.a < t.a ORDER BY u.id) x";
    unknown(TSql, less, "use ROW_NUMBER()", "line 1");
}

#[test]
fn oracle_s_own_forms_are_read() {
    let joined = "SELECT t.id, u.v FROM t, u WHERE t.id = u.t_id(+)";
    same(Oracle, joined, "SELECT t.id, u.v FROM t LEFT JOIN u ON t.id = u.t_id");
    differ(Oracle, joined, "SELECT t.id, u.v FROM t JOIN u ON t.id = u.t_id");
    let (with, without) = (format!("{joined} AND u.v(+) > 3"), format!("{joined} AND u.v > 3"));
    same(Oracle, &with, "SELECT t.id, u.v FROM t LEFT JOIN u ON t.id = u.t_id AND u.v > 3");
    differ(Oracle, &with, &without);
    same(
        Oracle,
        "SELECT * FROM u, t WHERE u.t_id(+) = t.id",
        "SELECT u.*, t.* FROM t LEFT JOIN u ON t.id = u.t_id",
    );
    unknown(Oracle, "SELECT t.id FROM t, u WHERE t.id = u.t_id(+) OR t.a = 1", "OR in a condition", "line 1");

    same(
        Oracle,
        "SELECT a FROM t MINUS SELECT a FROM u",
        "SELECT DISTINCT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a OR (u.a IS NULL AND t.a IS NULL))",
    );
    differ(Oracle, "SELECT a FROM t MINUS SELECT a FROM u", "SELECT a FROM u MINUS SELECT a FROM t");
    same(Oracle, "SELECT 1 + 1, dummy FROM dual", "SELECT 2, 'X' FROM sys.dual");
    differ(Oracle, "SELECT 1 FROM dual", "SELECT 2 FROM dual");

    let sorted = "SELECT * FROM (SELECT id FROM t ORDER BY id) WHERE ROWNUM <= 3";
    same(Oracle, sorted, "SELECT id FROM t ORDER BY id FETCH FIRST 3 ROWS ONLY");
    differ(Oracle, sorted, "SELECT id FROM t ORDER BY id FETCH FIRST 2 ROWS ONLY");
    same(
        Oracle,
        "SELECT COUNT(*) FROM t WHERE ROWNUM < 3",
        "SELECT COUNT(*) FROM (SELECT id FROM t FETCH FIRST 2 ROWS ONLY)",
    );
    differ(
        Oracle,
        "SELECT COUNT(*) FROM t WHERE ROWNUM < 3",
        "SELECT COUNT(*) FROM t FETCH FIRST 2 ROWS ONLY",
    );
    // Rows are counted before they are sorted.
    check(
        Oracle,
        "SELECT id FROM t WHERE ROWNUM <= 2 ORDER BY id",
        "SELECT id FROM t ORDER BY id FETCH FIRST 2 ROWS ONLY",
        &["unknown", "refuted"],
    );
    unknown(Oracle, "SELECT id, ROWNUM FROM t", "ROWNUM is verified only where", "line 1");
}

#[test]
fn ties_have_the_same_rank() {
    let ranked = |rank: &str| {
        format!(
            "SELECT id, a FROM (SELECT id, a, {rank}() OVER (ORDER BY a) AS r FROM t) q WHERE r <= 2 ORDER BY a"
        )
    };
    let ties = "SELECT id, a FROM t ORDER BY a FETCH FIRST 2 ROWS WITH TIES";
    same(Postgres, ties, &ranked("RANK"));
    differ(Postgres, ties, &ranked("DENSE_RANK"));
    let top = "SELECT TOP 1 WITH TIES a, COUNT(*) AS n FROM t GROUP BY a ORDER BY n DESC";
    let counted = "SELECT a, n FROM (SELECT a, COUNT(*) n, RANK() OVER (ORDER BY COUNT(*) DESC) r FROM t GROUP BY a) q WHERE r = 1 ORDER BY n DESC";
    same(TSql, top, counted);
    unknown(
        Postgres,
        "SELECT id FROM t FETCH FIRST 2 ROWS WITH TIES",
        "WITH TIES without ORDER BY",
        "line 1",
    );
}

#[test]
fn calls_of_single_dialects_are_read() {
    let column = |expression: &str| format!("SELECT {expression} AS x FROM t");
    for (dialect, first, second, other) in [
        (TSql, "IIF(a > 1, b, c)", "CASE WHEN a > 1 THEN b ELSE c END", "CASE WHEN a >= 1 THEN b ELSE c END"),
        (Sqlite, "IIF(a, b, c)", "CASE WHEN a <> 0 THEN b ELSE c END", "CASE WHEN a = 1 THEN b ELSE c END"),
        (TSql, "CHOOSE(2, a, b)", "b", "a"),
        (
            MySql,
            "FIELD(s, 'a', 'b')",
            "CASE s WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 0 END",
            "FIELD(s, 'b', 'a')",
        ),
        (Snowflake, "EQUAL_NULL(a, b)", "a IS NOT DISTINCT FROM b", "a = b"),
        (Sqlite, "MAX(a, b)", "CASE WHEN a > b THEN a WHEN a <= b THEN b END", "MIN(a, b)"),
        (Sqlite, "TOTAL(a)", "IFNULL(SUM(a), 0.0)", "SUM(a)"),
        (Sqlite, "a IS b", "COALESCE(a = b, a IS NULL AND b IS NULL)", "a = b"),
        (MySql, "a MOD 3", "a % 3", "a % 2"),
        (MySql, "COUNT(DISTINCT a, b)", "COUNT(DISTINCT b, a)", "COUNT(DISTINCT a)"),
    ] {
        let columns = (column(first), column(second), column(other));
        same(dialect, &columns.0, &columns.1);
        differ(dialect, &columns.0, &columns.2);
    }
    differ(
        MySql,
        "SELECT COUNT(DISTINCT a, b) FROM t",
        "SELECT COUNT(*) FROM (SELECT DISTINCT a, b FROM t) q",
    );
    same(
        Snowflake,
        "SELECT c, MAX_BY(s, id) FROM t GROUP BY c",
        "SELECT c, s FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY c ORDER BY id DESC) = 1",
    );
    differ(Snowflake, "SELECT c, MAX_BY(a, id) FROM t GROUP BY c", "SELECT c, MAX(a) FROM t GROUP BY c");
    let glob = |pattern: &str| format!("SELECT id FROM t WHERE s GLOB '{pattern}'");
    same(Sqlite, &glob("a*"), "SELECT id FROM t WHERE substr(s, 1, 1) = 'a'");
    differ(Sqlite, &glob("a*"), "SELECT id FROM t WHERE s LIKE 'a%'");
    unknown(Sqlite, &glob("[ab]*"), "GLOB with [ ]", "line 1, column 24");
}

#[test]
fn a_name_that_may_be_two_things_in_having_is_refused() {
    let having = "SELECT MAX(a) AS b FROM t GROUP BY c HAVING b > 1";
    unknown(MySql, having, "may be the output or the column", "line 1");
    same(
        MySql,
        "SELECT MAX(a) AS most FROM t GROUP BY c HAVING most > 1",
        "SELECT MAX(a) FROM t GROUP BY c HAVING MAX(a) > 1",
    );
}

#[test]
fn a_placeholder_is_any_value() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    same(Postgres, &rows("a = $1 AND b = $2"), &rows("b = $2 AND a = $1"));
    same(Postgres, &rows("a BETWEEN $1 AND $2"), &rows("a >= $1 AND a <= $2"));
    same(MySql, &rows("a = ? AND b = ?"), &rows("? = a AND ? = b"));
    same(TSql, &rows("a = @p"), &rows("@P = a"));
    same(Oracle, &rows("a = :p"), &rows(":p = a"));
    for (dialect, first, second) in [
        (Postgres, "a = $1 AND b = $2", "a = $2 AND b = $1"),
        (Postgres, "a > $1", "a >= $1"),
        // It may be NULL.
        (Postgres, "a = $1", "a IS NOT DISTINCT FROM $1"),
        (Postgres, "a = $1 OR $1 IS NULL", "a = $1"),
        (MySql, "a = ? AND b = ?", "b = ? AND a = ?"),
        (MySql, "a = ?", "a = ? AND b = ?"),
    ] {
        check(dialect, &rows(first), &rows(second), &["unknown"]);
    }
    unknown(Postgres, &rows("a > $1"), "the placeholder $1 at line 1, column 28 has no value", "write one");
}

#[test]
fn json_is_not_looked_into() {
    let rows = |condition: &str| format!("SELECT id FROM t WHERE {condition}");
    for dialect in [Postgres, MySql, Sqlite, Generic] {
        same(dialect, &rows("j ->> 'k' = 'x' AND a = 1"), &rows("a = 1 AND (j ->> 'k') = 'x'"));
        // The arrow binds tighter than what is around it, whatever the grammar says.
        check(dialect, &rows("j ->> 'k' = 'x'"), &rows("j ->> 'k' = 'y'"), &["unknown"]);
        let chosen = |key: &str| format!("SELECT CASE WHEN a = 1 THEN j ->> '{key}' ELSE 'x' END FROM t");
        check(dialect, &chosen("k"), &chosen("m"), &["unknown"]);
    }
    unknown(MySql, "SELECT JSON_EXTRACT(j, '$.a') FROM t", "json_extract", "line 1, column 8");
}

#[test]
fn an_output_may_be_read_by_later_ones() {
    let first = "SELECT a + 1 AS e, e * 2 AS f, f + e AS g FROM t";
    let second = "SELECT a + 1 AS e, (a + 1) * 2 AS f, (a + 1) * 3 AS g FROM t";
    for dialect in [Snowflake, DuckDb, Databricks, Redshift] {
        check(dialect, first, second, &["proved"]);
    }
    unknown(Postgres, first, "No field named e", "line 1, column 20");
    // The column of the table goes first.
    let own = "SELECT a + 1 AS a, a * 2 AS f FROM t";
    differ(Snowflake, own, "SELECT a + 1 AS a, (a + 1) * 2 AS f FROM t");
    same(Snowflake, own, "SELECT a + 1 AS a, a + a AS f FROM t");
    same(
        Snowflake,
        "SELECT id, a + 1 AS e FROM t WHERE e > 3",
        "SELECT id, a + 1 AS e FROM t WHERE a + 1 > 3",
    );
    same(
        Snowflake,
        "SELECT a AS e, (SELECT MAX(e) FROM (SELECT v AS e FROM u) q) AS f FROM t",
        "SELECT a AS e, (SELECT MAX(v) FROM u) AS f FROM t",
    );
    let doubled: Vec<String> = (1..60).map(|at| format!("e{0} + e{0} AS e{at}", at - 1)).collect();
    let doubled = format!("SELECT a AS e0, {} FROM t", doubled.join(", "));
    unknown(Snowflake, &doubled, "grow too large", "");
}

#[test]
fn functions_that_are_not_looked_into_give_the_same_for_the_same() {
    for (dialect, call) in [
        (Postgres, "MD5(s)"),
        (Postgres, "s SIMILAR TO 'x%'"),
        (Postgres, "s NOT SIMILAR TO 'x#%' ESCAPE '#'"),
        (Postgres, "AGE(d, DATE '2024-01-01')"),
        (Snowflake, "SHA2(s, 256)"),
        (MySql, "CRC32(s)"),
        (TSql, "EOMONTH(d)"),
        (SparkSql, "SHA1(s)"),
    ] {
        let query = |condition: &str| format!("SELECT {call} AS x FROM t WHERE {condition}");
        check(dialect, &query("c > 1"), &query("NOT c <= 1"), &["proved"]);
        check(dialect, &query("c > 1"), &query("c > 2"), &["unknown"]);
    }
    // What prints a moment prints its time zone.
    unknown(
        Postgres,
        "SELECT FORMAT('%s', TIMESTAMP '2024-01-01 00:00:00') AS x FROM t",
        "may print its time zone",
        "",
    );
    // Of one moment alone it reads the clock.
    check(Postgres, "SELECT AGE(d) AS x FROM t", "SELECT AGE(d) AS x FROM t WHERE c = c", &["unknown"]);
    same(Snowflake, "SELECT id FROM t WHERE STARTSWITH(s, 'ab')", "SELECT id FROM t WHERE s LIKE 'ab%'");
    differ(DuckDb, "SELECT id FROM t WHERE suffix(s, 'ab')", "SELECT id FROM t WHERE prefix(s, 'ab')");
}
