//! What a schema declares beside keys and CHECKs: types of its own, NULL in keys, texts of a fixed length. Generated
//! rows keep it, and a verdict that would rest on something else is none.

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, Verdict, Verification, verify};

const SCHEMA: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE TYPE grade AS ENUM ('a', 'b', 'c');
    CREATE DOMAIN positive AS INT CHECK (VALUE > 0);
    CREATE TABLE pairs (a INT, b INT, PRIMARY KEY (a, b));
    CREATE TABLE t (
        id INT PRIMARY KEY, m mood, g grade, p positive NOT NULL, code CHAR(4),
        once INT UNIQUE NULLS NOT DISTINCT, a INT, b INT, FOREIGN KEY (a, b) REFERENCES pairs MATCH FULL
    );
";

fn found(dialect: Dialect, first: &str, second: &str) -> Verification {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    verify(first, second, dialect, &catalog, &Options::default())
}

#[track_caller]
fn check(first: &str, second: &str, expected: &str) -> Verification {
    let found = found(Dialect::Postgres, first, second);
    assert_eq!(found.verdict.name(), expected, "{first}\n{second}\n{}", found.verdict.reason());
    found
}

#[test]
fn an_enumeration_has_its_labels_and_no_other_text() {
    check(
        "SELECT id FROM t WHERE m IN ('sad', 'ok', 'happy')",
        "SELECT id FROM t WHERE m IS NOT NULL",
        "tested",
    );
    let found = check("SELECT id FROM t WHERE m = 'sad'", "SELECT id FROM t WHERE m <> 'happy'", "refuted");
    let Verdict::Refuted { counterexample } = found.verdict else { panic!() };
    assert!(
        counterexample.inserts.iter().any(|insert| insert.contains("'ok'")),
        "{:?}",
        counterexample.inserts
    );
}

#[test]
fn the_order_of_labels_is_not_that_of_texts() {
    for (one, two) in [
        ("SELECT MAX(m) AS x FROM t", "SELECT MAX(m::text) AS x FROM t"),
        ("SELECT id, m FROM t ORDER BY m", "SELECT id, m FROM t ORDER BY m::text"),
        ("SELECT id FROM t WHERE m > 'ok'", "SELECT id FROM t WHERE m = 'sad'"),
        ("SELECT MAX(k) AS x FROM (SELECT m AS k FROM t) q", "SELECT MAX(m::text) AS x FROM t"),
        (
            "SELECT id, ROW_NUMBER() OVER (ORDER BY m, id) AS x FROM t",
            "SELECT id, ROW_NUMBER() OVER (ORDER BY m::text, id) AS x FROM t",
        ),
    ] {
        let found = check(one, two, "unknown");
        assert!(found.verdict.reason().contains("order of values"), "{}", found.verdict.reason());
    }
    // Where it is, nothing stands against it.
    check("SELECT MAX(g) AS x FROM t", "SELECT MIN(g) AS x FROM t", "refuted");
}

#[test]
fn a_domain_is_its_type_and_its_condition() {
    check("SELECT id FROM t WHERE p > 0", "SELECT id FROM t", "proved");
    check("SELECT id FROM t WHERE p > 1", "SELECT id FROM t", "refuted");
}

#[test]
fn a_key_to_which_null_is_a_value_has_it_once() {
    check(
        "SELECT COUNT(*) AS n FROM t WHERE once IS NULL",
        "SELECT COUNT(DISTINCT COALESCE(once, 0)) AS n FROM t WHERE once IS NULL",
        "tested",
    );
    check("SELECT once FROM t WHERE once IS NULL", "SELECT 1 AS once FROM t WHERE once = 1", "refuted");
}

#[test]
fn a_foreign_key_that_matches_fully_is_null_as_a_whole() {
    check("SELECT id FROM t WHERE a IS NULL", "SELECT id FROM t WHERE b IS NULL", "proved");
    check("SELECT id FROM t WHERE a IS NULL", "SELECT id FROM t WHERE b > 1", "refuted");
}

#[test]
fn what_sees_the_blanks_of_a_text_of_fixed_length_gets_one_without() {
    let rows = |found: Verification| {
        let Verdict::Refuted { counterexample } = found.verdict else { panic!("{}", found.verdict.reason()) };
        counterexample.tables["t"].rows.iter().map(|row| row[4].to_string()).collect::<Vec<_>>()
    };
    let pattern = ("SELECT id FROM t WHERE code LIKE 'ab__'", "SELECT id FROM t WHERE code LIKE 'a___'");
    let length = ("SELECT id FROM t WHERE LENGTH(code) = 4", "SELECT id FROM t WHERE LENGTH(code) = 3");
    for (dialect, (one, two)) in
        [(Dialect::Postgres, pattern), (Dialect::Oracle, pattern), (Dialect::Oracle, length)]
    {
        for code in rows(found(dialect, one, two)) {
            assert!(code == "NULL" || code.chars().count() == 4, "{dialect}: {code}");
        }
    }
    // What counts bytes sees them everywhere.
    check(
        "SELECT id FROM t WHERE OCTET_LENGTH(code) >= 4",
        "SELECT id FROM t WHERE code IS NOT NULL",
        "tested",
    );
    // PostgreSQL takes the blanks away, and MySQL hands none out.
    for dialect in [Dialect::Postgres, Dialect::MySql] {
        let shorter =
            ("SELECT id FROM t WHERE CHAR_LENGTH(code) > 2", "SELECT id FROM t WHERE CHAR_LENGTH(code) > 3");
        assert_eq!(found(dialect, shorter.0, shorter.1).verdict.name(), "refuted", "{dialect}");
    }
}

#[test]
fn a_query_that_fails_where_the_other_does_not_is_not_the_same() {
    let found =
        check("SELECT 10 / b AS q FROM t", "SELECT CASE WHEN b <> 0 THEN 10 / b END AS q FROM t", "unknown");
    assert!(
        found.verdict.reason().contains("fails where the other one does not"),
        "{}",
        found.verdict.reason()
    );
    // Where a division by zero is NULL, it is.
    let (one, two) = ("SELECT 10 / b AS q FROM t", "SELECT CASE WHEN b <> 0 THEN 10 / b END AS q FROM t");
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let found = verify(one, two, Dialect::MySql, &catalog, &Options::default());
    assert_eq!(found.verdict.name(), "proved", "{}", found.verdict.reason());
}

#[test]
fn a_whole_number_and_a_fraction_are_said_to_be_compared() {
    let found = check("SELECT 1 AS x FROM t", "SELECT 1.0 AS x FROM t", "proved");
    assert!(found.assumptions.iter().any(|text| text.contains("whole number")), "{:?}", found.assumptions);
}

/// A verdict over a schema of its own.
fn over(schema: &str, dialect: Dialect, first: &str, second: &str) -> Verification {
    let (catalog, _) = Catalog::from_ddl(schema, dialect).expect("the schema is read");
    verify(first, second, dialect, &catalog, &Options::default())
}

#[test]
fn what_a_unique_index_computes_occurs_once() {
    let schema = "
        CREATE TABLE t (id INT PRIMARY KEY, email TEXT NOT NULL, gone DATE, n INT);
        CREATE UNIQUE INDEX t_email ON t (LOWER(email));
        CREATE UNIQUE INDEX t_n ON t (n) WHERE gone IS NULL;
    ";
    let held = [
        ("SELECT COUNT(*) AS n FROM t", "SELECT COUNT(DISTINCT LOWER(email)) AS n FROM t"),
        (
            "SELECT n FROM t WHERE gone IS NULL",
            "SELECT n FROM t WHERE gone IS NULL AND n IS NULL UNION ALL SELECT DISTINCT n FROM t WHERE gone IS NULL AND n IS NOT NULL",
        ),
    ];
    let open = [
        ("SELECT COUNT(*) AS n FROM t", "SELECT COUNT(DISTINCT UPPER(SUBSTR(email, 1, 1))) AS n FROM t"),
        ("SELECT n FROM t WHERE n IS NOT NULL", "SELECT DISTINCT n FROM t WHERE n IS NOT NULL"),
    ];
    let without = schema.replace("UNIQUE INDEX", "INDEX");
    for (one, two) in held {
        let found = over(schema, Dialect::Postgres, one, two);
        assert_eq!(found.verdict.name(), "tested", "{two}: {}", found.verdict.reason());
        assert_eq!(over(&without, Dialect::Postgres, one, two).verdict.name(), "refuted", "{two}");
    }
    for (one, two) in open {
        assert_eq!(over(schema, Dialect::Postgres, one, two).verdict.name(), "refuted", "{two}");
    }
    let unread = over(&schema.replace("LOWER(", "mine("), Dialect::Postgres, held[0].0, held[0].1);
    assert!(unread.assumptions.iter().any(|text| text.contains("mine(email)")), "{:?}", unread.assumptions);
}

#[test]
fn a_database_that_numbers_rows_is_told_to_take_the_numbers() {
    let inserts = |schema: &str, dialect| {
        let found = over(schema, dialect, "SELECT id FROM t", "SELECT id FROM t WHERE id > 5");
        let Verdict::Refuted { counterexample } = found.verdict else { panic!("{}", found.verdict.reason()) };
        counterexample.inserts
    };
    let always = "CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY)";
    assert!(inserts(always, Dialect::Postgres)[0].contains("(id) OVERRIDING SYSTEM VALUE VALUES"));
    let by_default = "CREATE TABLE t (id INT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)";
    assert!(inserts(by_default, Dialect::Postgres)[0].starts_with("INSERT INTO t (id) VALUES"));
    let numbered = inserts("CREATE TABLE t (id INT IDENTITY(1, 1) PRIMARY KEY)", Dialect::TSql);
    assert_eq!(numbered[0], "SET IDENTITY_INSERT t ON;");
    assert_eq!(numbered.last().unwrap(), "SET IDENTITY_INSERT t OFF;");
    // 0 would stand for the next number.
    let counted = inserts("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)", Dialect::MySql);
    assert!(!counted.iter().any(|insert| insert.contains("(0)")), "{counted:?}");
}

#[test]
fn values_of_types_of_their_own_are_written_as_they_are_read() {
    let schema =
        "CREATE TABLE t (id INT PRIMARY KEY, i INTERVAL NOT NULL, r INT4RANGE NOT NULL, b BIT(4) NOT NULL,
        p POINT NOT NULL, m MACADDR NOT NULL, c CIDR NOT NULL)";
    let found = over(
        schema,
        Dialect::Postgres,
        "SELECT id, i, r, b, p, m, c FROM t",
        "SELECT id, i, r, b, p, m, c FROM t WHERE id > 5",
    );
    let Verdict::Refuted { counterexample } = found.verdict else { panic!("{}", found.verdict.reason()) };
    let insert = &counterexample.inserts[0];
    for form in [" days'", "'[", "'(", "'08:00:2b:", "'10."] {
        assert!(insert.contains(form), "{form}: {insert}");
    }
}

#[test]
fn rows_that_two_tables_have_are_in_no_database() {
    let schema = "
        CREATE TABLE m (id INT, d DATE NOT NULL) PARTITION BY RANGE (d);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE k (id INT);
        CREATE TABLE kk () INHERITS (k);
    ";
    for (one, two) in [
        ("SELECT id FROM m", "SELECT id FROM m1"),
        ("SELECT id FROM k", "SELECT id FROM k WHERE EXISTS (SELECT 1 FROM kk WHERE kk.id = k.id)"),
    ] {
        let found = over(schema, Dialect::Postgres, one, two);
        assert!(found.verdict.reason().contains("are rows of"), "{}", found.verdict.reason());
    }
    let part =
        over(schema, Dialect::Postgres, "SELECT id FROM m1", "SELECT id FROM m1 WHERE d > '2020-01-01'");
    assert!(part.assumptions.iter().any(|text| text.contains("bounds of the partition (m1)")), "{:?}", part);
}

#[test]
fn a_partition_keeps_what_the_whole_table_keeps() {
    let schema = "
        CREATE TABLE m (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
        CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
    ";
    let found = over(schema, Dialect::Postgres, "SELECT DISTINCT id, d FROM m1", "SELECT id, d FROM m1");
    assert_eq!(found.verdict.name(), "proved", "{}", found.verdict.reason());
    let all = over(schema, Dialect::Postgres, "SELECT id FROM m WHERE d >= '2024-01-01'", "SELECT id FROM m");
    assert!(all.assumptions.iter().any(|text| text.contains("no partition takes")), "{:?}", all.assumptions);
}

#[test]
fn what_is_inherited_from_keeps_its_columns_free_of_null() {
    let schema = "CREATE TABLE p (id INT PRIMARY KEY, v INT NOT NULL); CREATE TABLE c (x INT) INHERITS (p);";
    let found = over(schema, Dialect::Postgres, "SELECT id FROM p WHERE id IS NOT NULL", "SELECT id FROM p");
    assert_eq!(found.verdict.name(), "proved", "{}", found.verdict.reason());
    let twice =
        over(schema, Dialect::Postgres, "SELECT a.id FROM p a JOIN p b ON a.id = b.id", "SELECT id FROM p");
    assert!(twice.assumptions.iter().any(|text| text.contains("repeat a key")), "{:?}", twice.assumptions);
}

#[test]
fn what_rows_may_break_is_said() {
    for (ddl, expected) in [
        (
            "CREATE TABLE t (a INT, b INT); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
            "CONSTRAINT k CHECK (a > 0) NOT VALID of t is not kept by the databases",
        ),
        (
            "CREATE TABLE t (a INT, b INT4RANGE, EXCLUDE USING gist (a WITH =, b WITH &&))",
            "EXCLUDE USING gist (a WITH =, b WITH &&) of t is not kept by the databases",
        ),
    ] {
        let found = over(ddl, Dialect::Postgres, "SELECT a FROM t WHERE a > 0", "SELECT a FROM t");
        assert_eq!(found.verdict.name(), "refuted");
        assert!(found.assumptions.iter().any(|said| said == expected), "{:?}", found.assumptions);
    }
}

#[test]
fn a_domain_without_null_has_none() {
    let ddl = "CREATE DOMAIN positive AS INT NOT NULL CHECK (VALUE > 0); CREATE TABLE t (a positive, b INT)";
    let found = over(ddl, Dialect::Postgres, "SELECT a FROM t WHERE a IS NOT NULL", "SELECT a FROM t");
    assert_eq!(found.verdict.name(), "proved", "{}", found.verdict.reason());
    let found = over(ddl, Dialect::Postgres, "SELECT b FROM t WHERE a > 0", "SELECT b FROM t");
    assert_ne!(found.verdict.name(), "refuted", "{}", found.verdict.reason());
}

#[test]
fn an_array_is_written_as_one() {
    let schema = "CREATE TABLE t (id INT PRIMARY KEY, g INT[] NOT NULL)";
    let found =
        over(schema, Dialect::Postgres, "SELECT id FROM t WHERE id > 1", "SELECT id FROM t WHERE id > 2");
    let Verdict::Refuted { counterexample } = found.verdict else { panic!("{}", found.verdict.reason()) };
    assert!(counterexample.inserts[0].contains(", '{"), "{:?}", counterexample.inserts);
}

#[test]
fn constraints_that_contradict_each_other_are_said_to() {
    let queries = ["SELECT a FROM t", "SELECT a + 1 AS a FROM t"];
    let ddl = "CREATE TABLE t (a INT NOT NULL CHECK (a > 3), CHECK (a < 2))";
    let found = over(ddl, Dialect::Postgres, queries[0], queries[1]);
    let Verdict::Proved { steps } = found.verdict else { panic!("{}", found.verdict.reason()) };
    assert!(steps.contains(&"no row of t breaks CHECK (a > 3)".to_owned()), "{steps:?}");
    let ddl = "CREATE TABLE t (a INT NOT NULL CHECK (a * a = 2))";
    let found = over(ddl, Dialect::Postgres, queries[0], queries[1]);
    assert_eq!(found.verdict.name(), "unknown");
    assert!(found.verdict.reason().contains("no row of t was found"), "{}", found.verdict.reason());
}

#[test]
fn a_result_that_is_one_of_several_refutes_nothing() {
    let (one, two) =
        ("SELECT b, ANY_VALUE(a) AS x FROM t GROUP BY b", "SELECT b, MIN(a) AS x FROM t GROUP BY b");
    let found = over("CREATE TABLE t (a INT, b INT)", Dialect::DuckDb, one, two);
    assert_eq!(found.verdict.name(), "unknown", "{}", found.verdict.reason());
    let (one, two) =
        ("SELECT a FROM t ORDER BY b LIMIT 1 OFFSET 1", "SELECT a FROM t ORDER BY b, a LIMIT 1 OFFSET 1");
    let found = over("CREATE TABLE t (a INTEGER PRIMARY KEY, b INT)", Dialect::Sqlite, one, two);
    assert_eq!(found.verdict.name(), "unknown", "{}", found.verdict.reason());
}

#[test]
fn what_an_heir_keeps_is_said_and_names_are_written_as_they_are() {
    let ddl = r#"CREATE TABLE "P" ("A" NUMERIC CHECK ("A" > 0)); CREATE TABLE h (b INT) INHERITS ("P")"#;
    let found =
        over(ddl, Dialect::Postgres, r#"SELECT "A" FROM h WHERE b = 1"#, r#"SELECT "A" FROM h WHERE b = 2"#);
    let Verdict::Refuted { counterexample } = found.verdict else { panic!("{}", found.verdict.reason()) };
    assert!(
        counterexample.inserts.iter().all(|insert| insert.contains(r#"("A", b)"#)),
        "{:?}",
        counterexample.inserts
    );
    assert!(
        found.assumptions.iter().any(|said| said.contains("of h is not kept")),
        "{:?}",
        found.assumptions
    );
    let found = over(
        ddl,
        Dialect::Postgres,
        r#"SELECT b FROM h WHERE "A" - "A" = 0"#,
        r#"SELECT b FROM h WHERE "A" IS NOT NULL"#,
    );
    assert!(
        found.assumptions.contains(&"no number is NaN or infinite".to_owned()),
        "{:?}",
        found.assumptions
    );
}

#[test]
fn a_span_is_written_in_two_ways() {
    let (one, two) = ("SELECT m - n AS x FROM t", "SELECT COALESCE(m - n, NULL::INTERVAL) AS x FROM t");
    let found = over("CREATE TABLE t (m TIMESTAMP, n TIMESTAMP)", Dialect::Postgres, one, two);
    assert_ne!(found.verdict.name(), "refuted", "{}", found.verdict.reason());
}

#[test]
fn a_truth_value_is_no_number_where_that_is_an_error() {
    let queries = ["SELECT a FROM t WHERE a = 1", "SELECT a FROM t WHERE a"];
    let ddl = "CREATE TABLE t (a BOOLEAN)";
    let found = over(ddl, Dialect::Postgres, queries[0], queries[1]);
    assert!(found.verdict.reason().contains("a truth value with a number"), "{}", found.verdict.reason());
    assert_ne!(over(ddl, Dialect::DuckDb, queries[0], queries[1]).verdict.name(), "refuted");
}

#[test]
fn a_proof_may_rest_on_checks() {
    for (column, first, second) in [
        ("INT NOT NULL CHECK (a > 3)", "SELECT a FROM t WHERE a > 1", "SELECT a FROM t"),
        ("INT CHECK (a > 3)", "SELECT a FROM t WHERE a > 1", "SELECT a FROM t WHERE a IS NOT NULL"),
        ("INT CHECK (a > 3)", "SELECT a FROM t WHERE COALESCE(a, 9) > 3", "SELECT a FROM t"),
        (
            "INT NOT NULL CHECK (a IN (1, 2, 3))",
            "SELECT b FROM t WHERE a = 1 OR a = 2 OR a = 3",
            "SELECT b FROM t",
        ),
        ("INT NOT NULL CHECK (a < b)", "SELECT a FROM t WHERE b <= a", "SELECT a FROM t WHERE FALSE"),
        (
            "VARCHAR(9) NOT NULL CHECK (a IN ('x', 'y'))",
            "SELECT b FROM t WHERE a = 'x' UNION ALL SELECT b FROM t WHERE a = 'y'",
            "SELECT b FROM t",
        ),
        (
            "INT NOT NULL CHECK (a > 0)",
            "SELECT COUNT(*) AS n FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.b = t.b AND u.a > -1)",
            "SELECT COUNT(b) AS n FROM t",
        ),
    ] {
        let ddl = format!("CREATE TABLE t (a {column}, b INT)");
        let found = over(&ddl, Dialect::Postgres, first, second);
        assert_eq!(found.verdict.name(), "proved", "{ddl}\n{first}\n{second}\n{}", found.verdict.reason());
        assert!(found.verdict.reason().contains("no row of t breaks CHECK"), "{}", found.verdict.reason());
        let other = ddl.split(" CHECK").next().unwrap_or_default().to_owned() + ", b INT)";
        let found = over(&other, Dialect::Postgres, first, second);
        assert_eq!(found.verdict.name(), "refuted", "{other}\n{first}\n{second}");
    }
}

#[test]
fn a_check_of_what_the_clock_says_holds_on_the_day_of_writing_alone() {
    let ddl = "CREATE TABLE t (d DATE NOT NULL CHECK (d >= CURRENT_DATE))";
    let (first, second) = ("SELECT d FROM t WHERE d >= CURRENT_DATE", "SELECT d FROM t");
    assert_ne!(over(ddl, Dialect::Postgres, first, second).verdict.name(), "proved");
    let ddl = "CREATE TABLE t (a INT NOT NULL, CHECK (a > 3)); ALTER TABLE t ADD CONSTRAINT k CHECK (a < 9) NOT VALID";
    let found = over(ddl, Dialect::Postgres, "SELECT a FROM t WHERE a < 9", "SELECT a FROM t");
    assert_eq!(found.verdict.name(), "refuted", "{}", found.verdict.reason());
}

#[test]
fn names_that_differ_in_case_alone_are_not_taken_for_one() {
    for (ddl, first, second) in [
        (r#"CREATE TABLE t ("a" INT, "A" INT)"#, r#"SELECT "a" AS x FROM t"#, r#"SELECT "A" AS x FROM t"#),
        (r#"CREATE TABLE t (a INT); CREATE TABLE "T" (a INT)"#, "SELECT a FROM t", r#"SELECT a FROM "T""#),
    ] {
        let found = over(ddl, Dialect::Postgres, first, second);
        assert_eq!(found.verdict.name(), "unknown", "{}", found.verdict.reason());
        assert!(found.verdict.reason().contains("differ in case alone"), "{}", found.verdict.reason());
        assert_eq!(over(ddl, Dialect::Postgres, first, first).verdict.name(), "proved");
    }
}
