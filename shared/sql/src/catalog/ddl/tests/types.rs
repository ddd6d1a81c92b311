//! Types of a schema's own.

use super::*;

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
