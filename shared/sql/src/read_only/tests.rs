//! What is run, and what is not.

use super::*;

#[test]
fn the_list_can_be_searched() {
    assert!(is_harmless("abs") && is_harmless("xmlforest") && is_harmless("date_trunc"));
    for harmful in
        ["nextval", "pg_sleep", "setval", "random", "clock_timestamp", "query_to_xml", "ts_stat", ""]
    {
        assert!(!is_harmless(harmful), "{harmful}");
    }
}

#[test]
fn queries_that_read() {
    for sql in [
        "SELECT a, count(*) FROM t WHERE b > now() - interval '1 day' GROUP BY a;",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x UNION ALL VALUES (2)",
        "-- why\nSELECT pg_catalog.lower(a)::varchar(3), '{1}'::int[] FROM s.t, LATERAL unnest(ARRAY[1]) u",
        "SELECT n FROM generate_series(1, 3) AS g(n)",
        "(SELECT a FROM t) EXCEPT (SELECT b FROM u ORDER BY b)",
    ] {
        let found = ReadOnly::prove(sql);
        assert!(found.is_ok(), "{sql}: {found:?}");
        assert!(!found.unwrap().leaves_a_choice(), "{sql}");
    }
}

#[test]
fn what_is_run_is_the_statement_alone() {
    let proved = ReadOnly::prove("/* a */ SELECT lower(a) FROM t ; -- b").unwrap();
    assert_eq!(proved.sql(), "SELECT lower(a) FROM t");
    assert_eq!(proved.functions().iter().collect::<Vec<_>>(), ["lower"]);
}

#[test]
fn what_may_differ_from_run_to_run_is_told() {
    for sql in [
        "SELECT a FROM t LIMIT 3",
        "SELECT a FROM t ORDER BY b FETCH FIRST 3 ROWS ONLY",
        "SELECT DISTINCT ON (a) a, b FROM t",
        "SELECT string_agg(a, ',') FROM t",
        "SELECT a, row_number() OVER (ORDER BY b) FROM t",
        "SELECT a FROM t WHERE b IN (SELECT c FROM u OFFSET 2)",
    ] {
        assert!(ReadOnly::prove(sql).unwrap().leaves_a_choice(), "{sql}");
    }
}

#[test]
fn what_does_more_than_read() {
    for (sql, why) in [
        ("SELECT 1; SELECT 2", "2 statements"),
        ("", "0 statements"),
        ("DELETE FROM t", "no query"),
        ("INSERT INTO t SELECT 1", "no query"),
        ("CREATE TABLE t AS SELECT 1", "no query"),
        ("EXPLAIN ANALYZE DELETE FROM t", "no query"),
        ("WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x", "no query"),
        ("WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT * FROM x", "no query"),
        ("WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x", "no query"),
        ("SELECT * INTO u FROM t", "SELECT INTO"),
        ("SELECT * FROM t FOR UPDATE", "FOR UPDATE"),
        ("SELECT * FROM (SELECT * FROM t FOR SHARE) x", "FOR UPDATE"),
        ("SELECT * FROM t TABLESAMPLE system (1)", "TABLESAMPLE"),
        ("SELECT pg_sleep(9)", "pg_sleep at line 1"),
        ("SELECT 1 ORDER BY nextval('s')", "nextval"),
        ("SELECT 1 LIMIT (SELECT nextval('s'))", "nextval"),
        ("SELECT * FROM t WINDOW w AS (ORDER BY nextval('s'))", "nextval"),
        ("SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM t", "pg_sleep"),
        ("SELECT * FROM dblink('x', 'DELETE FROM t') AS d(a int)", "dblink"),
        ("SELECT * FROM ROWS FROM (dblink('x', 'y')) AS d(a int)", "not understood"),
        ("SELECT * FROM a JOIN LATERAL pg_read_file('x') f ON true", "pg_read_file"),
        ("SELECT lo_export(1, 'x')", "lo_export"),
        ("SELECT set_config('default_transaction_read_only', 'off', false)", "set_config"),
        ("SELECT pg_terminate_backend(1)", "pg_terminate_backend"),
        ("SELECT public.lower('x')", "public.lower"),
        ("SELECT query_to_xml('DELETE FROM t', true, true, '')", "query_to_xml"),
        ("SELECT \"Lower\"('x')", "Lower"),
        ("SELECT 'x'::my_domain", "a type of the database's own"),
        ("SELECT 1 OPERATOR(public.+) 2", "OPERATOR()"),
        ("DO $$ BEGIN PERFORM pg_sleep(1); END $$", ""),
        ("CALL p()", ""),
        ("COPY t TO PROGRAM 'x'", ""),
        ("SELECT FROM WHERE", "not understood"),
    ] {
        match ReadOnly::prove(sql) {
            Ok(proved) => panic!("{sql}: {proved:?}"),
            Err(error) => assert!(error.to_string().contains(why), "{sql}: {error}"),
        }
    }
}
