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
fn names_inside_of_expressions_of_a_query_that_is_written() {
    edges(
        Dialect::ClickHouse,
        "INSERT INTO d SELECT (a + 1 AS b) * 2 AS c, b FROM t",
        &["t.a -> d.c Transformation", "t.a -> d.b Transformation"],
    );
    edges(
        Dialect::ClickHouse,
        "CREATE VIEW v AS SELECT (a + 1 AS b) * 2 AS c, b FROM t",
        &["t.a -> v.c Transformation", "t.a -> v.b Transformation"],
    );
}

#[test]
fn from_may_come_first_behind_with() {
    edges(
        Dialect::DuckDb,
        "WITH c AS (SELECT a, b FROM t) FROM c WHERE a = 1",
        &["t.a -> <query>.a Identity", "t.b -> <query>.b Identity", "t.a -> all Filter"],
    );
}

#[test]
fn branches_of_a_merge_may_be_abbreviated() {
    edges(
        Dialect::Teradata,
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPD SET a = s.a WHEN NOT MATCHED THEN INS (id) VALUES (s.id)",
        &["s.a -> t.a Identity", "s.id -> t.id Identity", "t.id -> all Join", "s.id -> all Join"],
    );
    edges(
        Dialect::Oracle,
        "SELECT LISTAGG(a, ',' ON OVERFLOW TRUNCATE '...' WITH COUNT) WITHIN GROUP (ORDER BY b) AS l FROM t",
        &["T.A -> <query>.L Aggregation", "T.B -> <query>.L Sort"],
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

#[test]
fn a_unit_of_time_is_told_by_its_place() {
    let both = ["t.day -> <query>.m Transformation", "t.date -> <query>.w Transformation"];
    let quoted = "SELECT date_trunc('month', day) AS m, date_trunc('week', date) AS w FROM t";
    edges(Dialect::Postgres, quoted, &both);
    edges(Dialect::Redshift, quoted, &both);
    edges(
        Dialect::Trino,
        "SELECT date_diff('day', d, e) AS a FROM t",
        &["t.d -> <query>.a Transformation", "t.e -> <query>.a Transformation"],
    );
    edges(
        Dialect::MySql,
        "SELECT datediff(d, e) AS a, timestampdiff(day, f, g) AS b FROM t",
        &[
            "t.d -> <query>.a Transformation",
            "t.e -> <query>.a Transformation",
            "t.f -> <query>.b Transformation",
            "t.g -> <query>.b Transformation",
        ],
    );
    edges(Dialect::TSql, "SELECT datepart(w, w) AS a FROM t", &["t.w -> <query>.a Transformation"]);
    // A column that is called like the unit is not read, even where the catalog has it.
    let has_units =
        |dialect| Catalog::from_ddl("CREATE TABLE t (day date, week date, month date)", dialect).unwrap().0;
    let of = |dialect, sql| edges_of(sql, dialect, &has_units(dialect));
    let snowflake = of(Dialect::Snowflake, "SELECT dateadd(day, 1, week) AS a FROM t");
    assert_eq!(snowflake, ["T.WEEK -> <query>.A Transformation"]);
    let bigquery = of(Dialect::BigQuery, "SELECT date_trunc(day, month) AS a FROM t");
    assert_eq!(bigquery, ["t.day -> <query>.a Transformation"]);
}

#[test]
fn methods_of_xml_read_the_column_before_them() {
    edges(
        Dialect::TSql,
        "SELECT t.doc.value('(/a)[1]', 'int') AS a FROM t WHERE t.doc.exist('/x') = 1",
        &["t.doc -> <query>.a Transformation", "t.doc -> all Filter"],
    );
    edges(
        Dialect::TSql,
        "SELECT n.c.value('.', 'int') AS v FROM t CROSS APPLY t.doc.nodes('/r') AS n(c)",
        &["t.doc -> <query>.v Transformation"],
    );
}

#[test]
fn aggregates_with_combinators_are_aggregates() {
    edges(
        Dialect::ClickHouse,
        "SELECT sumState(a) AS s, sumIfState(b, c) AS r FROM t",
        &["t.a -> <query>.s Aggregation", "t.b -> <query>.r Aggregation", "t.c -> <query>.r Conditional"],
    );
    edges(
        Dialect::Oracle,
        "SELECT MAX(a) KEEP (DENSE_RANK LAST ORDER BY b) AS m FROM t",
        &["T.A -> <query>.M Aggregation", "T.B -> <query>.M Sort"],
    );
}

#[test]
fn what_is_a_clause_in_one_place_is_a_name_in_another() {
    edges(
        Dialect::Db2,
        "SELECT returns(a) AS r, keep(b) AS k, option(c) AS o FROM t WITH UR",
        &[
            "T.A -> <query>.R Transformation",
            "T.B -> <query>.K Transformation",
            "T.C -> <query>.O Transformation",
        ],
    );
    edges(
        Dialect::Sqlite,
        "SELECT NOT indexed AS i FROM t NOT INDEXED",
        &["t.indexed -> <query>.i Transformation"],
    );
    edges(
        Dialect::Oracle,
        "SELECT XMLELEMENT(e, XMLATTRIBUTES(CAST(a AS VARCHAR2(10)) AS x), c) AS z FROM t",
        &["T.A -> <query>.Z Transformation", "T.C -> <query>.Z Transformation"],
    );
    edges(
        Dialect::DuckDb,
        "SELECT filter(l, x -> x > 1) AS f, sum(a) FILTER (b > 1) AS s FROM t",
        &["t.l -> <query>.f Transformation", "t.a -> <query>.s Aggregation", "t.b -> <query>.s Conditional"],
    );
}

#[test]
fn what_could_be_another_thing_elsewhere_is_not_read() {
    let unread = |dialect, sql: &str| {
        let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
        assert!(lineage.statements[0].error.is_some(), "{sql}");
    };
    let names = "SELECT s.total, (a AS total) + 1 AS t1 FROM l JOIN (SELECT total FROM o) AS s ON 1 = 1";
    unread(Dialect::ClickHouse, names);
    unread(Dialect::ClickHouse, "SELECT (a AS total) * 2 FROM t UNION ALL SELECT total FROM u");
    unread(Dialect::Postgres, "SELECT j.id, j.x FROM a JOIN b USING (id) AS j JOIN s.j ON 1 = 1");
    unread(Dialect::Db2, "SELECT a FROM OLD TABLE (UPDATE t SET a = a * 2)");
    unread(Dialect::Postgres, "SELECT JSON_VALUE(d, '$.z' DEFAULT coalesce(b, c) ON EMPTY) FROM t");
}
