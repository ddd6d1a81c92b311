//! Scripts: what comes from where over several statements, variables and what is executed.

use super::*;

#[test]
fn a_script_is_traced_from_end_to_end() {
    let sql = "CREATE VIEW v AS SELECT id, name FROM customers;
               CREATE TABLE w AS SELECT id AS k, upper(name) AS n FROM v;
               INSERT INTO last SELECT k, n FROM w";
    check(sql, &["customers.id -> last.k Identity", "customers.name -> last.n Transformation"]);
    let lineage = trace(sql, Dialect::Postgres, &catalog(), &Options::default());
    let names = |tables: &[TableRef]| tables.iter().map(|t| t.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&lineage.tables_in), ["customers"]);
    assert_eq!(names(&lineage.tables_out), ["last"]);
    assert_eq!(names(&lineage.statements[2].tables_in), ["w"]);
}

#[test]
fn what_a_script_changes_keeps_its_old_rows() {
    let edges = |sql: &str, expected: &[&str]| {
        let found = edges_of(sql, Dialect::Postgres, &Catalog::default());
        assert_eq!(found, expected, "{sql}");
        trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default())
    };
    let names = |tables: &[TableRef]| tables.iter().map(|t| t.name.to_string()).collect::<Vec<_>>();
    let lineage = edges("UPDATE t SET a = 1; SELECT a, b FROM t", &["t.b -> <query>.b Identity"]);
    assert_eq!((names(&lineage.tables_in), names(&lineage.tables_out)), (vec!["t".into()], vec!["t".into()]));
    edges(
        "UPDATE t SET a = s.x FROM s WHERE s.k = t.k; ALTER TABLE t RENAME TO u; SELECT a, b FROM u",
        &[
            "s.k -> all Filter",
            "s.x -> <query>.a Identity",
            "s.x -> u.a Identity",
            "t.a -> <query>.a Identity",
            "t.b -> <query>.b Identity",
            "t.k -> all Filter",
        ],
    );
    let lineage = edges(
        "DELETE FROM t WHERE a = 1; SELECT b FROM t",
        &["t.a -> all Filter", "t.b -> <query>.b Identity"],
    );
    assert_eq!((names(&lineage.tables_in), names(&lineage.tables_out)), (vec!["t".into()], vec!["t".into()]));
    // A step on the way is neither in nor out.
    let lineage =
        edges("INSERT INTO t SELECT x AS a FROM s; SELECT a FROM t", &["s.x -> <query>.a Identity"]);
    assert_eq!((names(&lineage.tables_in), names(&lineage.tables_out)), (vec!["s".into()], vec![]));
}

#[test]
fn what_a_script_replaces_is_gone() {
    let edges = |sql: &str, expected: &[&str]| {
        assert_eq!(edges_of(sql, Dialect::Snowflake, &Catalog::default()), expected, "{sql}");
    };
    edges(
        "CREATE OR REPLACE TABLE a AS SELECT id FROM o; CREATE OR REPLACE TABLE a AS SELECT id FROM c; SELECT id FROM a",
        &["C.ID -> <query>.ID Identity"],
    );
    edges(
        "CREATE TABLE a AS SELECT id FROM o; CREATE OR REPLACE TABLE a AS SELECT id + 1 AS id FROM a; SELECT id FROM a",
        &["O.ID -> <query>.ID Transformation"],
    );
    edges(
        "CREATE TABLE a AS SELECT id FROM o; CREATE TABLE IF NOT EXISTS a AS SELECT id FROM c; SELECT id FROM a",
        &["C.ID -> <query>.ID Identity", "O.ID -> <query>.ID Identity"],
    );
    edges(
        "CREATE TABLE n AS SELECT id, t FROM o; UPDATE n SET t = id; SELECT t FROM n",
        &["O.ID -> <query>.T Identity"],
    );
    edges(
        "CREATE TABLE n AS SELECT id, t FROM o; UPDATE n SET t = id WHERE t > 1; SELECT t FROM n",
        &["O.ID -> <query>.T Identity", "O.T -> <query>.T Identity", "O.T -> all Filter"],
    );
    edges(
        "CREATE TABLE n AS SELECT id FROM o; TRUNCATE TABLE n; INSERT INTO n SELECT id FROM c; SELECT id FROM n",
        &["C.ID -> <query>.ID Identity"],
    );
    // Rows that were there stay.
    edges(
        "INSERT INTO r (id) SELECT id FROM r; SELECT id, label FROM r",
        &["R.ID -> <query>.ID Identity", "R.ID -> R.ID Identity", "R.LABEL -> <query>.LABEL Identity"],
    );
    // In a branch nothing is sure.
    let branch = "BEGIN IF (x > 1) THEN CREATE OR REPLACE TABLE a AS SELECT id FROM o; ELSE \
                  CREATE OR REPLACE TABLE a AS SELECT id FROM c; END IF; INSERT INTO z SELECT id FROM a; END";
    edges(branch, &["C.ID -> Z.ID Identity", "O.ID -> Z.ID Identity"]);
}

#[test]
fn values_of_variables_come_through() {
    let check = |dialect: Dialect, sql: &str, expected: &[&str]| {
        assert_eq!(edges_of(sql, dialect, &Catalog::default()), expected, "{sql}");
    };
    let tables = |dialect: Dialect, sql: &str| {
        let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
        lineage.tables_in.iter().map(|table| table.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    check(
        Dialect::BigQuery,
        "DECLARE n INT64 DEFAULT (SELECT MAX(id) FROM orders); SELECT c.a FROM customers c WHERE c.id > n",
        &["customers.a -> <query>.a Identity", "customers.id -> all Filter", "orders.id -> all Filter"],
    );
    check(
        Dialect::TSql,
        "DECLARE @n INT = (SELECT MAX(id) FROM dbo.orders); INSERT INTO r (id) SELECT @n",
        &["dbo.orders.id -> r.id Aggregation"],
    );
    check(
        Dialect::BigQuery,
        "DECLARE n INT64; SET n = (SELECT MAX(total) FROM orders); INSERT INTO r (id) SELECT n",
        &["orders.total -> r.id Aggregation"],
    );
    check(
        Dialect::Snowflake,
        "SET v = (SELECT MAX(x) FROM a); INSERT INTO c (id, w) SELECT id, $v FROM b",
        &["A.X -> C.W Aggregation", "B.ID -> C.ID Identity"],
    );
    check(
        Dialect::Snowflake,
        "DECLARE rs RESULTSET DEFAULT (SELECT id, x FROM a); BEGIN FOR r IN rs DO \
         INSERT INTO c (id, w) VALUES (r.id, r.x); END FOR; END",
        &["A.ID -> C.ID Identity", "A.X -> C.W Identity"],
    );
    // What is given in another way is not followed, and that is said, once.
    for (dialect, sql, name) in [
        (
            Dialect::Snowflake,
            "BEGIN LET m INT := (SELECT MAX(x) FROM a); INSERT INTO c (id, w) SELECT id, :m FROM b; END",
            "M",
        ),
        (
            Dialect::Snowflake,
            "DECLARE m INT; BEGIN SELECT MAX(x) INTO :m FROM a; INSERT INTO c (w) VALUES (:m); END",
            "M",
        ),
        (
            Dialect::Postgres,
            "DO $$ DECLARE m int; BEGIN SELECT max(x) INTO m FROM a; INSERT INTO c (w) VALUES (m + m); END $$",
            "m",
        ),
        (Dialect::MySql, "SELECT MAX(x) INTO @m FROM a; INSERT INTO c (w) VALUES (@m)", "@m"),
        (Dialect::TSql, "SELECT @m = MAX(x) FROM a; INSERT INTO c (w) SELECT @m", "@m"),
    ] {
        let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
        let said: Vec<_> =
            lineage.findings.iter().filter(|f| f.code == "opaque").map(|f| &*f.message).collect();
        assert_eq!(said, [format!("what {name} holds is not in the text, or is not followed")], "{sql}");
    }
    for (dialect, sql) in [
        (Dialect::BigQuery, "BEGIN DECLARE x INT64 DEFAULT (SELECT MAX(id) FROM orders); SELECT 1; END"),
        (Dialect::Postgres, "CALL p((SELECT max(id) FROM orders))"),
        (Dialect::BigQuery, "ASSERT (SELECT COUNT(*) FROM orders) > 0"),
        (Dialect::BigQuery, "EXECUTE IMMEDIATE \"SELECT total FROM orders WHERE id = ?\" USING 3"),
        (Dialect::BigQuery, "EXECUTE IMMEDIATE 'SELECT total FROM orders WHERE id = ?' USING 3"),
        (Dialect::BigQuery, "EXECUTE IMMEDIATE 'SELECT total FROM orders WHERE id = @x' INTO n USING 3 AS x"),
        (Dialect::Snowflake, "EXECUTE IMMEDIATE 'SELECT total FROM ORDERS WHERE id = ?' USING (x)"),
        (Dialect::MySql, "PREPARE s FROM 'SELECT a FROM orders'"),
        (
            Dialect::Postgres,
            "DO $$ BEGIN EXECUTE 'INSERT INTO t SELECT id FROM orders WHERE id = $1' USING 3; END $$",
        ),
    ] {
        assert_eq!(tables(dialect, sql).to_lowercase(), "orders", "{sql}");
    }
}

#[test]
fn what_is_not_in_the_text_is_said() {
    for (dialect, sql, what) in [
        (Dialect::BigQuery, "EXECUTE IMMEDIATE statement", "EXECUTE"),
        (Dialect::Snowflake, "EXECUTE IMMEDIATE :statement", "EXECUTE"),
        (Dialect::TSql, "EXEC (@sql)", "EXECUTE"),
        (Dialect::TSql, "EXEC dbo.p @a = 1", "p"),
        (Dialect::TSql, "EXEC sp_executesql @sql", "sp_executesql"),
        (Dialect::Snowflake, "CALL p(1)", "P"),
        (Dialect::Snowflake, "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))", "RESULT_SCAN"),
        (Dialect::BigQuery, "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT 1')", "EXTERNAL_QUERY"),
        (Dialect::Postgres, "DO $$ BEGIN EXECUTE format('SELECT 1 FROM %I', x); END $$", "EXECUTE"),
    ] {
        let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
        let said: Vec<_> =
            lineage.findings.iter().filter(|f| f.code == "opaque").map(|f| &*f.message).collect();
        assert_eq!(said, [format!("what {what} does is not in the text")], "{sql}");
    }
}

#[test]
fn one_bad_statement_does_not_lose_the_others() {
    let sql =
        "INSERT INTO a SELECT id FROM orders; THIS IS NOT SQL; INSERT INTO b SELECT name FROM customers";
    check(sql, &["orders.id -> a.id Identity", "customers.name -> b.name Identity"]);
    let lineage = trace(sql, Dialect::Postgres, &catalog(), &Options::default());
    assert!(lineage.statements[1].error.is_some());
}

#[test]
fn what_a_string_executes_is_read() {
    for sql in [
        "EXEC ('SELECT amount FROM orders')",
        "EXECUTE('SELECT amount FROM orders');",
        "EXEC sp_executesql N'SELECT amount FROM orders'",
        "EXECUTE IMMEDIATE 'SELECT amount FROM orders'",
    ] {
        check_in(Dialect::TSql, sql, &["orders.amount -> <query>.amount Identity"]);
    }
}
