//! What single dialects write and the grammar does not take: not only read, but read as it is meant.

use super::*;

fn edges(dialect: Dialect, sql: &str, expected: &[&str]) {
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(edges_of(sql, dialect, &Catalog::default()), expected, "{sql}");
}

fn tables(dialect: Dialect, sql: &str, reads: &[&str], writes: &[&str]) {
    let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
    assert_eq!(lineage.error, None, "{sql}");
    let names = |list: &[TableRef]| list.iter().map(|table| table.name.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (names(&lineage.tables_in), names(&lineage.tables_out)),
        (owned(reads), owned(writes)),
        "{sql}"
    );
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_columns_that_using_merges_may_have_a_name() {
    edges(
        Dialect::Postgres,
        "SELECT j.id FROM a JOIN b USING (id) AS j",
        &[
            "a.id -> <query>.id Identity",
            "b.id -> <query>.id Identity",
            "a.id -> all Join",
            "b.id -> all Join",
        ],
    );
}

#[test]
fn names_inside_of_expressions_hold_in_the_whole_query() {
    edges(
        Dialect::ClickHouse,
        "SELECT (a + 1 AS b) * 2 AS c, b FROM t WHERE (d AS e) > 1 ORDER BY e",
        &[
            "t.a -> <query>.c Transformation",
            "t.a -> <query>.b Transformation",
            "t.d -> all Filter",
            "t.d -> all Sort",
        ],
    );
    edges(
        Dialect::ClickHouse,
        "WITH 1 AS x SELECT sum(a AS y) AS s, y AS z FROM t",
        &["t.a -> <query>.s Aggregation", "t.a -> <query>.z Identity"],
    );
    // Those of a subquery's list, of a table and of a type are others.
    edges(
        Dialect::ClickHouse,
        "SELECT x FROM (SELECT a AS x, CAST(b AS Int) AS y FROM t AS u) AS v",
        &["t.a -> <query>.x Identity"],
    );
}

#[test]
fn the_rows_of_a_change() {
    let sql = "SELECT a FROM FINAL TABLE (INSERT INTO t (a) SELECT b FROM s) WHERE a > 1";
    tables(Dialect::Db2, sql, &["S"], &["T"]);
    edges(Dialect::Db2, sql, &["S.B -> T.A Identity", "S.B -> <query>.A Identity", "S.B -> all Filter"]);
}

#[test]
fn paths_of_super_and_their_places() {
    edges(
        Dialect::Redshift,
        "SELECT v, i FROM t, t.xs AS v AT i WHERE i > 0",
        &["t.xs -> <query>.v Transformation"],
    );
    edges(
        Dialect::Redshift,
        "SELECT v, k FROM t, UNPIVOT t.doc AS v AT k",
        &["t.doc -> <query>.v Transformation", "t.doc -> <query>.k Transformation"],
    );
    edges(
        Dialect::BigQuery,
        "SELECT x, o FROM t, t.xs AS x WITH OFFSET AS o",
        &["t.xs -> <query>.x Transformation"],
    );
}

#[test]
fn rows_of_each_partition_are_chosen_by_its_keys() {
    edges(
        Dialect::Vertica,
        "SELECT a FROM t LIMIT 1 OVER (PARTITION BY b ORDER BY c)",
        &["t.a -> <query>.a Identity", "t.b -> all Filter", "t.c -> all Filter"],
    );
    edges(
        Dialect::Teradata,
        "SELECT SUM(a) OVER (ORDER BY c RESET WHEN d > 1 ROWS UNBOUNDED PRECEDING) AS s FROM t",
        &["t.a -> <query>.s Aggregation", "t.c -> <query>.s Window", "t.d -> <query>.s Window"],
    );
}

#[test]
fn names_that_are_no_columns() {
    edges(
        Dialect::Oracle,
        r#"SELECT XMLELEMENT("x", XMLATTRIBUTES(a AS "y"), b) AS z FROM t"#,
        &["T.A -> <query>.Z Transformation", "T.B -> <query>.Z Transformation"],
    );
    edges(
        Dialect::Postgres,
        "UPDATE t SET a[1] = s.b, c.d = s.e FROM s",
        &["s.b -> t.a Identity", "s.e -> t.c Transformation"],
    );
}

#[test]
fn conditions_that_are_written_otherwise() {
    edges(
        Dialect::DuckDb,
        "SELECT sum(b) FILTER (c > 1) AS s FROM t",
        &["t.b -> <query>.s Aggregation", "t.c -> <query>.s Conditional"],
    );
    edges(Dialect::MySql, "SELECT a FROM t WHERE !b", &["t.a -> <query>.a Identity", "t.b -> all Filter"]);
    edges(
        Dialect::Postgres,
        "SELECT a FROM t WHERE b IS NOT JSON OBJECT WITH UNIQUE KEYS",
        &["t.a -> <query>.a Identity", "t.b -> all Filter"],
    );
}

#[test]
fn functions_before_a_query_are_bodies() {
    edges(
        Dialect::Oracle,
        "WITH FUNCTION f(x NUMBER) RETURN NUMBER IS BEGIN RETURN x + 1; END; SELECT f(a) AS g FROM t",
        &["T.A -> <query>.G Transformation"],
    );
}

#[test]
fn commands_of_the_client_are_no_statements() {
    let script =
        ".LOGON x/y,z\nINS INTO t (a) SEL a FROM s;\n.IF ERRORCODE <> 0 THEN .QUIT 1\nSEL b FROM u;\n.QUIT";
    tables(Dialect::Teradata, script, &["s", "u"], &["t"]);
}

#[test]
fn statements_that_bring_rows_in() {
    tables(Dialect::TSql, "BULK INSERT t FROM 'f.csv' WITH (FIELDTERMINATOR = ',')", &["f.csv"], &["t"]);
    tables(Dialect::SingleStore, "CREATE PIPELINE p AS LOAD DATA S3 'x' INTO TABLE t", &["x"], &["t"]);
    tables(
        Dialect::Databricks,
        "CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY ts",
        &["s"],
        &["t"],
    );
    let case = "CASE x WHEN 1 THEN INSERT INTO u SELECT a FROM t; ELSE DELETE FROM w WHERE b = 1; END CASE";
    tables(Dialect::BigQuery, case, &["t"], &["u", "w"]);
}
