//! Keys, indexes, and whose rows a table has.

use super::*;

#[test]
fn indexes_that_are_no_keys_are_kept_until_they_are_dropped() {
    use Dialect::*;
    let check = |dialect, rest: &str, expected: &str| {
        let ddl = format!("CREATE TABLE t (a int, b int, c text); {rest}");
        assert_eq!(read(&ddl, dialect), [format!("t: a INT, b INT, c TEXT{expected}")], "{rest}");
    };
    check(Postgres, "CREATE INDEX i ON t (b, a DESC); CREATE INDEX j ON t (b, a)", "; index b,a");
    check(Postgres, "CREATE INDEX ON t (a); DROP INDEX t_a_idx", "");
    check(Postgres, "CREATE INDEX i ON t (lower(c), a)", "; index (lower(c)),a");
    // No order, or not all rows.
    check(Postgres, "CREATE INDEX i ON t USING gin (c); CREATE INDEX j ON t (a) WHERE b > 0", "");
    check(Postgres, "CREATE INDEX i ON t (a); ALTER INDEX i RENAME TO j; DROP INDEX j", "");
    check(MySql, "ALTER TABLE t ADD INDEX i (a, b); CREATE INDEX j ON t (b)", "; index a,b; index b");
    check(MySql, "CREATE INDEX j ON t (b); DROP INDEX j ON t", "");
    check(MySql, "CREATE INDEX j ON t (a, c(10))", "; index a");
    check(Sqlite, "CREATE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (a)", "; unique [0]; index a");
    assert_eq!(
        read("CREATE TABLE t (a int, b int, c int, KEY i (c, b), KEY (a))", MySql),
        ["t: a INT, b INT, c INT; index c,b; index a"]
    );
    let dropped = "CREATE TABLE t (x int, a int, b int); CREATE INDEX i ON t (b); CREATE INDEX j ON t (x);
                   ALTER TABLE t DROP COLUMN x";
    assert_eq!(read(dropped, Postgres), ["t: a INT, b INT; index b"]);
}

#[test]
fn null_in_keys_of_several_kinds() {
    assert_eq!(
        read(
            "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
             CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT, b int, c int, UNIQUE NULLS NOT DISTINCT (b, c), UNIQUE (b),
               FOREIGN KEY (b, c) REFERENCES p MATCH FULL);
             CREATE UNIQUE INDEX i ON t (c) NULLS NOT DISTINCT",
            Dialect::Postgres
        ),
        [
            "p: a INT!, b INT!; pk [0, 1]",
            "t: a INT, b INT, c INT; unique [0] with one NULL; unique [1, 2] with one NULL; unique [1]; \
             unique [2] with one NULL; all or none of [1, 2]; [1, 2] -> p()"
        ]
    );
}

#[test]
fn what_is_unique_without_being_a_key() {
    let tables = "CREATE TABLE t (a int, e text, gone date); ";
    let read = |ddl: &str| read(&format!("{tables}{ddl}"), Dialect::Postgres)[0].clone();
    assert_eq!(
        read("CREATE UNIQUE INDEX i ON t (lower(e), a) NULLS NOT DISTINCT"),
        "t: a INT, e TEXT, gone DATE; index (lower(e)),a; unique by [Expression(\"lower(e)\"), Column(0)] with one NULL"
    );
    assert_eq!(
        read("CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL"),
        "t: a INT, e TEXT, gone DATE; unique by [Column(0)] where gone IS NULL"
    );
    for gone in [
        "CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL; DROP INDEX i",
        "CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL; ALTER TABLE t DROP COLUMN gone",
        "CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL; CREATE TABLE u () INHERITS (t)",
    ] {
        assert!(!read(gone).contains("unique"), "{gone}");
    }
}

#[test]
fn whose_rows_a_table_has_too() {
    let tables = read(
        "CREATE TABLE m (id int, d date) PARTITION BY RANGE (d);
         CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE TABLE m2 (id int, d date);
         ALTER TABLE ONLY m ATTACH PARTITION m2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
         CREATE TABLE h () INHERITS (m);",
        Dialect::Postgres,
    );
    let whose = |at: usize| tables[at].rsplit("; ").next().unwrap().to_owned();
    assert_eq!([whose(1), whose(2), whose(3)], ["part of m", "part of m", "heir of m"]);
}

#[test]
fn a_descending_key_of_sqlite_is_no_number_of_the_row() {
    let read = |ddl: &str| read(ddl, Dialect::Sqlite);
    assert_eq!(
        read("CREATE TABLE t (a INTEGER PRIMARY KEY DESC, b INT)"),
        ["t: a INTEGER, b INT; unique [0]"]
    );
    assert_eq!(read("CREATE TABLE t (a INTEGER PRIMARY KEY ASC, b INT)"), ["t: a INTEGER!, b INT; pk [0]"]);
}
