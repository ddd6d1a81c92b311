//! Which constraints hold in the end, and which do not, or no longer.

use super::*;

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
    let other = "CREATE TABLE t (a int, state text CHECK (state <> 'a b')); ALTER TABLE t DROP COLUMN a";
    assert_eq!(read(&other.replace("a b", "x")), ["t: state TEXT; check state <> 'x'"]);
    assert_eq!(read(other), ["t: state TEXT"], "it may speak of it");
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
