use super::super::grammar::Grammar;
use super::super::lines::LineIndex;
use super::super::tokens::{position, tokenize};
use super::*;
use crate::text::{Position, Span};

/// The pieces as text; a sign before each says what it is: `#` header, `?` control, `=` declaration.
fn check(dialect: Dialect, sql: &str, expected: &[&str]) {
    let tokens = tokenize(Grammar::of(dialect).parser(), sql, Position::START).unwrap();
    let lines = LineIndex::new(sql);
    let pieces: Vec<_> = split(&tokens, dialect)
        .into_iter()
        .map(|piece| {
            let (first, last) = (&tokens[piece.range.start], &tokens[piece.range.end - 1]);
            let span = Span { start: position(first.span.start), end: position(last.span.end) };
            let sign = match piece.role {
                Role::Statement => "",
                Role::Header => "# ",
                Role::Control(_) => "? ",
                Role::Declaration => "= ",
            };
            format!("{sign}{}", lines.slice(span).split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(pieces, expected, "{sql}");
}

#[test]
fn semicolons_end_statements() {
    check(Dialect::Postgres, "select ';'; -- ;\nselect $$;$$;;", &["select ';'", "select $$;$$"]);
    check(Dialect::Postgres, "BEGIN; DELETE FROM t; END", &["BEGIN", "DELETE FROM t"]);
    check(
        Dialect::Postgres,
        "BEGIN TRANSACTION; COMMIT; END WORK",
        &["BEGIN TRANSACTION", "COMMIT", "END WORK"],
    );
}

#[test]
fn oracle_blocks() {
    check(
        Dialect::Oracle,
        "CREATE OR REPLACE PROCEDURE s.p (a NUMBER) AS\n v NUMBER := 0; CURSOR c IS SELECT x FROM t;\nBEGIN\n \
         IF a IS NULL THEN v := 1; ELSIF a > (SELECT max(b) FROM u) THEN NULL; ELSE INSERT INTO w SELECT 1 FROM t; \
         END IF;\n LOOP EXIT WHEN v > 3; END LOOP;\n FOR r IN (SELECT y FROM z) LOOP UPDATE w SET q = r.y; END LOOP;\n\
         EXCEPTION WHEN OTHERS THEN ROLLBACK;\nEND p;\n/\nSELECT 1 FROM dual",
        &[
            "# CREATE OR REPLACE PROCEDURE s.p (a NUMBER) AS",
            "= v NUMBER := 0",
            "= CURSOR c IS SELECT x FROM t",
            "? a IS NULL",
            "v := 1",
            "? a > (SELECT max(b) FROM u)",
            "NULL",
            "INSERT INTO w SELECT 1 FROM t",
            "EXIT WHEN v > 3",
            "? r IN (SELECT y FROM z)",
            "UPDATE w SET q = r.y",
            "? OTHERS",
            "ROLLBACK",
            "SELECT 1 FROM dual",
        ],
    );
    check(
        Dialect::Oracle,
        "DECLARE a t.x%TYPE; b INT; BEGIN SELECT 1 INTO b FROM dual; END;\n/",
        &["= DECLARE a t.x%TYPE", "= b INT", "SELECT 1 INTO b FROM dual"],
    );
    check(Dialect::Oracle, "SELECT a\n/\nSELECT b / c FROM t\n/", &["SELECT a", "SELECT b / c FROM t"]);
}

#[test]
fn tsql_without_semicolons() {
    check(
        Dialect::TSql,
        "CREATE PROCEDURE dbo.p @a int = 3 AS\nBEGIN\nSET NOCOUNT ON\nINSERT INTO t (a, b)\nSELECT a, CASE WHEN b = 1 \
         THEN 2 END\nFROM u\nUPDATE t\nSET a = 1\nFROM t JOIN u ON t.a = u.a\nIF EXISTS (SELECT 1 FROM v)\nBEGIN\n\
         DELETE FROM v WHERE a = 1\nEND\nELSE SELECT 2\nEND\nGO\nSELECT 1",
        &[
            "# CREATE PROCEDURE dbo.p @a int = 3 AS",
            "SET NOCOUNT ON",
            "INSERT INTO t (a, b) SELECT a, CASE WHEN b = 1 THEN 2 END FROM u",
            "UPDATE t SET a = 1 FROM t JOIN u ON t.a = u.a",
            "? EXISTS (SELECT 1 FROM v)",
            "DELETE FROM v WHERE a = 1",
            "SELECT 2",
            "SELECT 1",
        ],
    );
    check(
        Dialect::TSql,
        "WITH c AS (SELECT 1 AS a)\nINSERT INTO t\nSELECT a FROM c\nWITH d AS (SELECT 2 AS b)\nSELECT b FROM d \
         WITH (NOLOCK)\nUNION ALL\nSELECT 3\nDROP TABLE IF EXISTS #x\nSELECT * INTO #x FROM t",
        &[
            "WITH c AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM c",
            "WITH d AS (SELECT 2 AS b) SELECT b FROM d WITH (NOLOCK) UNION ALL SELECT 3",
            "DROP TABLE IF EXISTS #x",
            "SELECT * INTO #x FROM t",
        ],
    );
    check(
        Dialect::TSql,
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN\nUPDATE SET b = 1\nWHEN NOT MATCHED THEN\nINSERT (a) \
         VALUES (1);\nALTER TABLE t\nDROP COLUMN c\nDECLARE @x int = 1\nSELECT @x",
        &[
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) \
             VALUES (1)",
            "ALTER TABLE t DROP COLUMN c",
            "DECLARE @x int = 1",
            "SELECT @x",
        ],
    );
}

#[test]
fn bigquery_and_mysql_scripts() {
    check(
        Dialect::BigQuery,
        "CREATE OR REPLACE PROCEDURE d.p(x INT64)\nOPTIONS (strict_mode = false)\nBEGIN\n DECLARE y INT64 DEFAULT 1;\n \
         IF x > 1 THEN INSERT INTO t SELECT * FROM u; END IF;\n WHILE y < 3 DO SET y = y + 1; END WHILE;\nEND;\nSELECT 1",
        &[
            "# CREATE OR REPLACE PROCEDURE d.p(x INT64) OPTIONS (strict_mode = false)",
            "DECLARE y INT64 DEFAULT 1",
            "? x > 1",
            "INSERT INTO t SELECT * FROM u",
            "? y < 3",
            "SET y = y + 1",
            "SELECT 1",
        ],
    );
    check(
        Dialect::MySql,
        "CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW INSERT INTO u VALUES (1); CREATE PROCEDURE p() SELECT 1",
        &[
            "# CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW",
            "INSERT INTO u VALUES (1)",
            "# CREATE PROCEDURE p()",
            "SELECT 1",
        ],
    );
}

#[test]
fn what_looks_like_control_flow_but_is_not() {
    check(
        Dialect::MySql,
        "SELECT IF(a, b, c), REPEAT(x, 2) FROM t",
        &["SELECT IF(a, b, c), REPEAT(x, 2) FROM t"],
    );
    check(
        Dialect::Postgres,
        "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql; SELECT 2",
        &["CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql", "SELECT 2"],
    );
    check(
        Dialect::BigQuery,
        "CREATE FUNCTION f(x INT64) AS (x + 1); SELECT 2",
        &["CREATE FUNCTION f(x INT64) AS (x + 1)", "SELECT 2"],
    );
}
