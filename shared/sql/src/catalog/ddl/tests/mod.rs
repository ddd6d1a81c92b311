//! What a script of DDL declares, a line a table.

mod kept;
mod keys;
mod types;

use super::super::{IndexPart, UniqueIndex};
use super::*;

/// The catalog, one line a table, followed by the problems.
fn read(ddl: &str, dialect: Dialect) -> Vec<String> {
    let (catalog, problems) = Catalog::from_ddl(ddl, dialect).unwrap();
    let tables = catalog.tables().iter().map(|table| {
        let column = |c: &Column| {
            let data_type = c.data_type.as_deref().unwrap_or("?");
            let labels = if c.labels.is_empty() { String::new() } else { format!(" {:?}", c.labels) };
            format!("{} {data_type}{labels}{}", c.name, if c.not_null { "!" } else { "" })
        };
        let columns: Vec<_> = table.columns.iter().map(column).collect();
        let mut line = format!("{}: {}", table.name.join("|"), columns.join(", "));
        if !table.primary_key.is_empty() {
            line += &format!("; pk {:?}", table.primary_key);
        }
        for key in &table.unique {
            let nulls = if table.null_once.contains(key) { " with one NULL" } else { "" };
            line += &format!("; unique {key:?}{nulls}");
        }
        for columns in &table.whole_or_null {
            line += &format!("; all or none of {columns:?}");
        }
        for key in &table.foreign_keys {
            line += &format!(
                "; {:?} -> {}({})",
                key.columns,
                key.table.join("|"),
                key.referred_columns.join(",")
            );
        }
        for check in &table.checks {
            line += &format!("; check {check}");
        }
        for left_out in &table.left_out {
            line += &format!("; not kept: {left_out}");
        }
        for index in &table.indexes {
            let parts = index.iter().map(|part| match part {
                IndexPart::Column(at) => table.columns[*at as usize].name.clone(),
                IndexPart::Expression(text) => format!("({text})"),
            });
            line += &format!("; index {}", parts.collect::<Vec<_>>().join(","));
        }
        for UniqueIndex { parts, condition, has_one_null } in &table.unique_indexes {
            let condition = condition.as_ref().map(|text| format!(" where {text}")).unwrap_or_default();
            let nulls = if *has_one_null { " with one NULL" } else { "" };
            line += &format!("; unique by {parts:?}{condition}{nulls}");
        }
        for parent in &table.parents {
            line +=
                &format!("; {} of {}", if table.is_partition { "part" } else { "heir" }, parent.join("|"));
        }
        if let Some(view) = &table.view {
            line += &format!("; view {view}");
        }
        line
    });
    tables.chain(problems.iter().map(ToString::to_string)).collect()
}

#[test]
fn constraints_of_columns_and_tables() {
    assert_eq!(
        read(
            "CREATE TABLE shop.Customer (
               id bigint PRIMARY KEY, \"Name\" varchar(40) NOT NULL, email text UNIQUE,
               born date CHECK (born > '1900-01-01'));
             CREATE TABLE shop.orders (
               id serial, customer_id bigint REFERENCES shop.customer, no int, amount numeric(12,2) NULL,
               CONSTRAINT orders_pk PRIMARY KEY (id, no), UNIQUE (no, customer_id),
               FOREIGN KEY (customer_id) REFERENCES shop.customer (id) ON DELETE CASCADE,
               CHECK (amount >= 0))",
            Dialect::Postgres
        ),
        [
            "shop|customer: id BIGINT!, Name VARCHAR(40)!, email TEXT, born DATE; pk [0]; unique [2]; \
             check born > '1900-01-01'",
            "shop|orders: id serial!, customer_id BIGINT, no INT!, amount NUMERIC(12,2); pk [0, 2]; \
             unique [2, 1]; [1] -> shop|customer(); [1] -> shop|customer(id); check amount >= 0",
        ]
    );
}

#[test]
fn alterations_count() {
    assert_eq!(
        read(
            "CREATE TABLE t (a int, b int, c int);
             ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (b);
             ALTER TABLE t ADD COLUMN d text NOT NULL;
             ALTER TABLE t ALTER COLUMN c SET NOT NULL;
             ALTER TABLE t DROP COLUMN a;
             ALTER TABLE t RENAME COLUMN c TO cc;
             CREATE UNIQUE INDEX i ON t (cc, d);
             CREATE TABLE gone (x int);
             DROP TABLE gone;
             ALTER TABLE t RENAME TO tt",
            Dialect::Postgres
        ),
        ["tt: b INT!, cc INT!, d TEXT!; pk [0]; unique [1, 2]"]
    );
}

#[test]
fn contradictions_have_a_place() {
    assert_eq!(
        read(
            "CREATE TABLE t (a int, A int, FOREIGN KEY (a) REFERENCES nowhere (id),\n PRIMARY KEY (b));
CREATE TABLE u (a int);\nCREATE TABLE u (b int); ALTER TABLE v ADD COLUMN x int;\nCOMMENT ON TABLE u IS 'x'; CREATE TABEL x",
            Dialect::Postgres
        ),
        [
            "t: a INT",
            "u: b INT",
            "line 1, column 24: t has a column a already; the first one counts",
            "line 2, column 15: the primary key of t names no column of it: b",
            "line 4, column 14: u is declared again; the later one counts",
            "line 4, column 37: no table v is declared",
            "line 5, column 1: COMMENT ON declares no table",
            "line 5, column 35: Expected: an object type after CREATE, found: TABEL",
            "line 1, column 44: the foreign key is left out: no table nowhere is declared",
        ]
    );
}

#[test]
fn a_new_name_is_nobody_else_s() {
    let check = |ddl: &str, expected: &[&str]| assert_eq!(read(ddl, Dialect::Postgres), expected, "{ddl}");
    let table = "CREATE TABLE t (a int, b int, c int); ";
    check(&format!("{table}ALTER TABLE t RENAME COLUMN a TO x"), &["t: x INT, b INT, c INT"]);
    check(&format!("{table}ALTER TABLE t RENAME COLUMN b TO B"), &["t: a INT, b INT, c INT"]);
    check(
        &format!("{table}ALTER TABLE t RENAME COLUMN a TO c"),
        &["t: a INT, b INT, c INT", "line 1, column 67: t has a column c already"],
    );
    check(
        &format!("{table}ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD UNIQUE (c)"),
        &["t: b INT, c INT; unique [1]"],
    );
    check(&format!("{table}CREATE TABLE u (d int); ALTER TABLE u RENAME TO t"), &["t: d INT"]);
    check(
        &format!("{table}ALTER TABLE t RENAME TO u; CREATE TABLE v (d int REFERENCES t (a))"),
        &[
            "u: a INT, b INT, c INT",
            "v: d INT",
            "line 1, column 82: the foreign key is left out: no table t is declared",
        ],
    );
}

#[test]
fn what_is_missing_between_commas_is_named() {
    let read = read("CREATE TABLE t (a int,, b int)", Dialect::Postgres);
    assert_eq!(read.len(), 1, "{read:#?}");
    assert!(read[0].starts_with("line 1, column 23: Expected"), "{read:#?}");
}

#[test]
fn views_keep_their_query() {
    assert_eq!(
        read("CREATE VIEW v (a, b) AS select x,  y from t; CREATE VIEW w AS SELECT 1", Dialect::Postgres),
        ["v: a ?, b ?; view select x,  y from t", "w: ; view SELECT 1"]
    );
}

#[test]
fn every_dialect_quotes_its_own_way() {
    let check = |ddl: &str, dialect: Dialect, expected: &str| {
        assert_eq!(read(ddl, dialect), [expected], "{ddl}");
    };
    check(
        "CREATE TABLE `my-project.shop.t` (id INT64 NOT NULL, tags ARRAY<STRING>) PARTITION BY id",
        Dialect::BigQuery,
        "my-project|shop|t: id INT64!, tags ARRAY<STRING>",
    );
    check("CREATE TABLE my-project.shop.t (id INT64)", Dialect::BigQuery, "my-project|shop|t: id INT64");
    check(
        "CREATE TABLE [dbo].[Order Lines] ([Id] INT IDENTITY(1,1) NOT NULL, x NVARCHAR(MAX), \
         CONSTRAINT pk PRIMARY KEY CLUSTERED ([Id] ASC))",
        Dialect::TSql,
        "dbo|Order Lines: Id INT!, x NVARCHAR(MAX); pk [0]",
    );
    check(
        "create or replace transient table db.s.t (id number(38,0) not null, \"v\" variant) cluster by (id)",
        Dialect::Snowflake,
        "DB|S|T: ID number(38, 0)!, v variant",
    );
    check(
        "CREATE TABLE `t` (`id` int unsigned NOT NULL AUTO_INCREMENT, `k` varchar(9) DEFAULT NULL, \
         PRIMARY KEY (`id`), UNIQUE KEY `uk` (`k`), KEY `ix` (`k`)) ENGINE=InnoDB",
        Dialect::MySql,
        "t: id INT UNSIGNED!, k VARCHAR(9); pk [0]; unique [1]; index k",
    );
    check(
        "CREATE TABLE t (a UInt64, b Nullable(String)) ENGINE = MergeTree PRIMARY KEY a ORDER BY a",
        Dialect::ClickHouse,
        "t: a UInt64!, b Nullable(STRING)",
    );
}

#[test]
fn the_time_it_takes_is_that_of_its_length() {
    let start = std::time::Instant::now();
    let columns = |each: &str| {
        let columns: Vec<String> = (0..9_000).map(|at| format!("c{at} {each}")).collect();
        format!("CREATE TABLE t ({})", columns.join(", "))
    };
    for (ddl, dialect) in [
        ("BEGIN; ROLLBACK; ".repeat(60_000), Dialect::Postgres),
        (columns("INTEGER PRIMARY KEY"), Dialect::Sqlite),
        (columns("INT NOT NULL"), Dialect::Postgres),
    ] {
        Catalog::from_ddl(&ddl, dialect).unwrap();
    }
    // Where each looked at every other one it took several times as long.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
