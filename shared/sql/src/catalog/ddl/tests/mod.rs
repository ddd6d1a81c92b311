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
fn what_is_dropped_holds_no_longer() {
    let check = |dialect: Dialect, ddl: &str, expected: &str| {
        let read = read(ddl, dialect);
        assert_eq!(read.first().map(String::as_str), Some(expected), "{ddl}\n{read:#?}");
    };
    use Dialect::{Db2, MySql, Oracle, Postgres, Snowflake, Sqlite, TSql};
    let two = "CREATE TABLE t (a int, b int NOT NULL, CONSTRAINT k UNIQUE (a), UNIQUE (b)); ";
    check(Postgres, two, "t: a INT, b INT!; unique [0]; unique [1]");
    check(Postgres, &format!("{two}ALTER TABLE t DROP CONSTRAINT k"), "t: a INT, b INT!; unique [1]");
    check(Postgres, &format!("{two}ALTER TABLE t DROP CONSTRAINT t_b_key"), "t: a INT, b INT!; unique [0]");
    check(
        Postgres,
        &format!("{two}ALTER TABLE t RENAME CONSTRAINT k TO l; ALTER TABLE t DROP CONSTRAINT l"),
        "t: a INT, b INT!; unique [1]",
    );
    // A name that only the database knows.
    check(TSql, &format!("{two}ALTER TABLE t DROP CONSTRAINT UQ__t__3BD0"), "t: a INT, b INT; unique [0]");
    check(TSql, &format!("{two}ALTER TABLE t NOCHECK CONSTRAINT k"), "t: a INT, b INT!; unique [1]");
    check(Oracle, &format!("{two}ALTER TABLE t DISABLE CONSTRAINT k"), "T: A INT, B INT!; unique [1]");
    check(Oracle, &format!("{two}ALTER TABLE t MODIFY CONSTRAINT k DISABLE"), "T: A INT, B INT!; unique [1]");
    check(Oracle, &format!("{two}ALTER TABLE t DISABLE UNIQUE (b)"), "T: A INT, B INT");
    check(Oracle, &format!("{two}ALTER TABLE t MODIFY (b NULL)"), "T: A INT, B INT; unique [0]; unique [1]");
    check(
        Oracle,
        &format!("{two}ALTER TABLE t MODIFY (a NUMBER NOT NULL, b NULL)"),
        "T: A NUMBER!, B INT; unique [0]; unique [1]",
    );
    check(
        TSql,
        &format!("{two}ALTER TABLE t ALTER COLUMN b BIGINT NULL"),
        "t: a INT, b BIGINT; unique [0]; unique [1]",
    );
    check(
        TSql,
        &format!("{two}ALTER TABLE t ALTER COLUMN a INT NOT NULL"),
        "t: a INT!, b INT!; unique [0]; unique [1]",
    );
    let index = "CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a); ";
    check(Postgres, index, "t: a INT, b INT; unique [0]");
    check(Postgres, &format!("{index}DROP INDEX i"), "t: a INT, b INT");
    check(Postgres, &format!("{index}DROP INDEX j"), "t: a INT, b INT; unique [0]");
    check(
        Postgres,
        &format!("{index}CREATE UNIQUE INDEX j ON t (a); DROP INDEX i"),
        "t: a INT, b INT; unique [0]",
    );
    check(Postgres, &format!("{index}ALTER INDEX i RENAME TO j; DROP INDEX j"), "t: a INT, b INT");
    check(MySql, &format!("{index}DROP INDEX i ON t"), "t: a INT, b INT");
    check(MySql, "CREATE TABLE t (a int, UNIQUE KEY (a)); ALTER TABLE t DROP INDEX a", "t: a INT");
    check(MySql, "CREATE TABLE t (a int, UNIQUE KEY (a)); ALTER TABLE t DROP KEY a", "t: a INT");
    check(TSql, &format!("{index}ALTER INDEX i ON t DISABLE"), "t: a INT, b INT");
    check(TSql, &format!("{index}ALTER INDEX ALL ON t DISABLE"), "t: a INT, b INT");
    check(Oracle, &format!("{index}ALTER INDEX i UNUSABLE"), "T: A INT, B INT");
    check(
        Postgres,
        "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT n CHECK (b > 0)); ALTER TABLE t DROP CONSTRAINT n",
        "t: a INT!, b INT; pk [0]",
    );
    check(
        MySql,
        "CREATE TABLE t (a int, b int, CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a)); \
         ALTER TABLE t DROP FOREIGN KEY f",
        "t: a INT, b INT",
    );
    check(
        Postgres,
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t); ALTER TABLE t DISABLE TRIGGER ALL",
        "t: a INT!, b INT; pk [0]",
    );
    check(Db2, &format!("{two}ALTER TABLE t DEACTIVATE NOT LOGGED INITIALLY"), "T: A INT, B INT");
    check(Postgres, &format!("{two}ALTER TABLE t OWNER TO me"), "t: a INT, b INT!; unique [0]; unique [1]");
    check(
        Snowflake,
        "CREATE TABLE t (a int UNIQUE); CREATE TABLE u (b int); ALTER TABLE t SWAP WITH u",
        "T: B INT",
    );
    check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY, b INT)", "t: a TEXT, b INT; unique [0]");
    check(Sqlite, "CREATE TABLE t (a INTEGER PRIMARY KEY)", "t: a INTEGER!; pk [0]");
    check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY NOT NULL)", "t: a TEXT!; pk [0]");
    check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", "t: a TEXT!; pk [0]");
}

#[test]
fn what_may_be_about_another_name_or_is_undone_holds_for_nobody() {
    let check = |dialect: Dialect, ddl: &str, expected: &[&str]| {
        let (catalog, _) = Catalog::from_ddl(ddl, dialect).unwrap();
        let keys = |table: &crate::catalog::Table| {
            format!("{} {} {}", table.name.join("."), table.keys().count(), table.foreign_keys.len())
        };
        let found: Vec<_> = catalog.tables().iter().map(keys).collect();
        assert_eq!(found, expected, "{ddl}");
    };
    use Dialect::{MySql, Postgres, Snowflake, TSql};
    check(Postgres, "CREATE TABLE t (a INT, \"A\" INT PRIMARY KEY)", &["t 0 0"]);
    check(Postgres, "CREATE TABLE t (a INT); CREATE TABLE \"T\" (a INT PRIMARY KEY)", &["T 0 0"]);
    check(
        Postgres,
        "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); ROLLBACK;",
        &["t 0 0"],
    );
    check(Postgres, "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); COMMIT;", &["t 1 0"]);
    check(MySql, "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); ROLLBACK;", &["t 1 0"]);
    let two = "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (x INT, p INT REFERENCES p); ";
    check(Postgres, two, &["p 1 0", "c 0 1"]);
    let again = format!("{two}DROP TABLE p CASCADE; CREATE TABLE p (id INT PRIMARY KEY)");
    check(Postgres, &again, &["c 0 0", "p 1 0"]);
    let rekeyed =
        format!("{two}ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE; ALTER TABLE p ADD PRIMARY KEY (id)");
    check(Postgres, &rekeyed, &["p 1 0", "c 0 0"]);
    check(TSql, "CREATE TABLE t (a INT, CONSTRAINT pk PRIMARY KEY (a)); ALTER TABLE t DROP pk", &["t 0 0"]);
    check(MySql, "CREATE TABLE t (a INT PRIMARY KEY); DROP INDEX `PRIMARY` ON t", &["t 0 0"]);
    let engine = "CREATE TABLE p (id INT PRIMARY KEY); \
                  CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id)) ENGINE=";
    check(MySql, &format!("{engine}InnoDB"), &["p 1 0", "c 0 1"]);
    check(MySql, &format!("{engine}MyISAM"), &["p 1 0", "c 0 0"]);
    check(
        MySql,
        "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p INT REFERENCES p (id))",
        &["p 1 0", "c 0 0"],
    );
    for ddl in [
        "CREATE TABLE t (a INT IDENTITY(1, 1))",
        "CREATE TABLE t (a INT NOT NULL); ALTER TABLE t MODIFY COLUMN a DROP NOT NULL",
    ] {
        let (catalog, _) = Catalog::from_ddl(ddl, Snowflake).unwrap();
        assert!(!catalog.tables()[0].is_not_null(0), "{ddl}");
        assert_eq!(catalog.tables()[0].columns[0].data_type.as_deref(), Some("INT"), "{ddl}");
    }
}

#[test]
fn what_is_not_enforced_holds_only_where_nothing_is() {
    let check = |dialect: Dialect, ddl: &str, expected: &[&str]| {
        assert_eq!(read(ddl, dialect), expected, "{ddl}");
    };
    use Dialect::{BigQuery, Db2, Hive, Oracle, Postgres, TSql};
    let table = "CREATE TABLE t (a int, b int); ";
    check(
        Postgres,
        &format!("{table}ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a) NOT VALID"),
        &[
            "t: a INT, b INT; not kept: CONSTRAINT f FOREIGN KEY (b) REFERENCES t(a) NOT VALID",
            "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
        ],
    );
    check(
        Postgres,
        &format!(
            "{table}ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a) NOT VALID; \
             ALTER TABLE t VALIDATE CONSTRAINT f"
        ),
        &[
            "t: a INT, b INT; [1] -> t(a)",
            "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
        ],
    );
    check(
        TSql,
        &format!(
            "{table}ALTER TABLE [t] WITH NOCHECK ADD CONSTRAINT f FOREIGN KEY([b]) REFERENCES [t] ([a])"
        ),
        &[
            "t: a INT, b INT; not kept: CONSTRAINT f FOREIGN KEY ([b]) REFERENCES [t]([a]) NOT VALID",
            "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
        ],
    );
    check(
        TSql,
        &format!("{table}ALTER TABLE [t]  WITH CHECK ADD CONSTRAINT f FOREIGN KEY([b]) REFERENCES [t] ([a])"),
        &["t: a INT, b INT; [1] -> t(a)"],
    );
    check(Oracle, "CREATE TABLE t (a NUMBER, CONSTRAINT k UNIQUE (a) DISABLE)", &["T: A NUMBER"]);
    check(
        Oracle,
        "CREATE TABLE t (a NUMBER CONSTRAINT n NOT NULL DISABLE, b NUMBER CONSTRAINT k PRIMARY KEY ENABLE)",
        &["T: A NUMBER, B NUMBER!; pk [1]"],
    );
    check(
        Oracle,
        "CREATE TABLE t (a NUMBER); ALTER TABLE t ADD (b NUMBER NOT NULL, CONSTRAINT k UNIQUE (a) USING INDEX)",
        &["T: A NUMBER, B NUMBER!; unique [0]"],
    );
    check(Hive, "CREATE TABLE t (a int, PRIMARY KEY (a) DISABLE NOVALIDATE)", &["t: a INT!; pk [0]"]);
    check(BigQuery, "CREATE TABLE t (a INT64, PRIMARY KEY (a) NOT ENFORCED)", &["t: a INT64!; pk [0]"]);
    check(
        Db2,
        "CREATE TABLE t (a INT, UNIQUE (a) NOT ENFORCED)",
        &["T: A INT", "line 1, column 1: a key that is NOT ENFORCED is left out"],
    );
    check(
        Postgres,
        "CREATE TABLE p (a int PRIMARY KEY, b int); CREATE TABLE c (b int NOT NULL, d int) INHERITS (p)",
        &["p: a INT!, b INT", "c: a INT!, b INT!, d INT; heir of p"],
    );
    check(
        Postgres,
        "CREATE TABLE p (a int UNIQUE); CREATE TABLE c (a int); ALTER TABLE c INHERIT p",
        &["p: a INT", "c: a INT; heir of p"],
    );
    check(
        Postgres,
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a); \
         CREATE TABLE c PARTITION OF p FOR VALUES FROM (1) TO (2)",
        &["p: a INT!; pk [0]", "c: a INT!; pk [0]; part of p"],
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
fn types_of_the_schemas_own() {
    assert_eq!(
        read(
            "CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
             CREATE DOMAIN positive AS int CHECK (VALUE > 0);
             CREATE DOMAIN small AS positive CHECK (value < 100);
             CREATE TABLE t (a mood, b small NOT NULL, \"C\" Positive, value int);
             ALTER TABLE t ALTER COLUMN value TYPE shop.mood",
            Dialect::Postgres
        ),
        [
            "t: a mood [\"sad\", \"ok\", \"happy\"], b INT!, C INT, value shop.mood [\"sad\", \"ok\", \"happy\"]; \
             check b < 100; check b > 0; check \"C\" > 0"
        ]
    );
    let forms = [
        (Dialect::Postgres, "DOMAIN d AS int NOT NULL CHECK (VALUE > 0)", "t: a INT!; check a > 0"),
        (
            Dialect::Postgres,
            "DOMAIN s.d int DEFAULT NULL CONSTRAINT n NULL CONSTRAINT p CHECK (VALUE > 0) CONSTRAINT q NOT NULL",
            "t: a INT!; check a > 0",
        ),
        (
            Dialect::Postgres,
            "DOMAIN d AS varchar(5) CHECK ((VALUE IS NOT NULL)) DEFAULT ('x')",
            "t: a VARCHAR(5)!",
        ),
        (
            Dialect::Postgres,
            "DOMAIN d AS numeric(5, 2) DEFAULT 0 CHECK (VALUE > 0) CHECK (VALUE < 9)",
            "t: a NUMERIC(5,2); check a > 0; check a < 9",
        ),
        (Dialect::TSql, "TYPE dbo.d FROM varchar(11) NOT NULL", "t: a VARCHAR(11)!"),
        (Dialect::TSql, "TYPE d FROM int NULL", "t: a INT"),
        (Dialect::DuckDb, "TYPE d AS INTEGER", "t: a INTEGER"),
    ];
    for (dialect, declared, expected) in forms {
        let ddl = format!("CREATE {declared}; CREATE TABLE t (a d)");
        assert_eq!(read(&ddl, dialect), [expected], "{ddl}");
    }
    let (catalog, _) = Catalog::from_ddl(
        "CREATE DOMAIN d AS text NOT NULL COLLATE pg_catalog.\"C\" CHECK (VALUE <> ''); CREATE TABLE t (a d)",
        Dialect::Postgres,
    )
    .unwrap();
    assert_eq!(catalog.tables()[0].columns[0].collation.as_deref(), Some("\"C\""));
    assert_eq!(
        read("CREATE TABLE t (a ENUM('x', 'y'))", Dialect::MySql),
        ["t: a ENUM('x', 'y') [\"x\", \"y\"]"]
    );
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

#[test]
fn what_a_condition_speaks_of_may_be_gone() {
    let read = |ddl: &str| read(ddl, Dialect::Postgres);
    let table = "CREATE TABLE t (a int CHECK (a > 0), b int);";
    assert_eq!(
        read(&format!("{table} ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a int")),
        ["t: b INT, a INT"]
    );
    assert_eq!(
        read(&format!("{table} ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t ADD COLUMN a int")),
        ["t: c INT, b INT, a INT; not kept: CHECK (a > 0)"]
    );
    let domain = "CREATE DOMAIN d AS int NOT NULL CHECK (VALUE > 0); CREATE TABLE t (a d);";
    assert_eq!(
        read(&format!("{domain} ALTER TABLE t ALTER COLUMN a TYPE int"))[0],
        "t: a INT; not kept: CHECK (a > 0)"
    );
    for weaker in ["DROP CONSTRAINT d_check", "DROP NOT NULL"] {
        assert_eq!(read(&format!("{domain} ALTER DOMAIN d {weaker}"))[0], "t: a INT", "{weaker}");
        assert_eq!(
            read(&format!(
                "CREATE DOMAIN d AS int NOT NULL; ALTER DOMAIN public.D {weaker}; CREATE TABLE t (a d)"
            ))[0],
            "t: a INT"
        );
    }
    assert_eq!(read(&format!("{domain} DROP DOMAIN d CASCADE"))[0], "t: a INT");
    assert_eq!(read(&format!("DROP DOMAIN IF EXISTS d; {domain}"))[0], "t: a INT!; check a > 0");
    assert_eq!(read(&format!("{domain} ALTER DOMAIN d ADD CHECK (VALUE < 9)"))[0], "t: a INT!; check a > 0");
}

#[test]
fn a_table_with_an_exclusion_keeps_its_conditions() {
    let ddl = "CREATE TABLE g (id int PRIMARY KEY, a int, b int, CONSTRAINT ab CHECK (a < b), \
               CHECK (a > 0), EXCLUDE USING btree (a WITH =))";
    assert_eq!(
        read(ddl, Dialect::Postgres),
        [
            "g: id INT!, a INT, b INT; pk [0]; check a < b; check a > 0; not kept: EXCLUDE USING btree (a WITH =)"
        ]
    );
    let ddl = "CREATE TABLE t (a NUMBER); ALTER TABLE t ADD (b NUMBER CHECK (b > 0), c NUMBER NOT NULL)";
    assert_eq!(read(ddl, Dialect::Oracle), ["T: A NUMBER, B NUMBER, C NUMBER!; not kept: CHECK (b > 0)"]);
    let ddl = "CREATE TABLE g (id int PRIMARY KEY, b int CHECK (b > 0), EXCLUDE USING gist (id WITH =) WHERE (b > 1)); \
               ALTER TABLE g ADD CONSTRAINT e EXCLUDE USING gist (b WITH =)";
    assert_eq!(
        read(ddl, Dialect::Postgres)[0],
        "g: id INT!, b INT; pk [0]; not kept: CHECK (b > 0); \
         not kept: EXCLUDE USING gist (id WITH =) WHERE (b > 1); \
         not kept: ALTER TABLE g ADD CONSTRAINT e EXCLUDE USING gist (b WITH =)"
    );
}
