//! Views are the queries that they are.

use sqm_domain::Dialect::{self, Generic, Postgres, Sqlite};
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, Verdict, Verification, verify};

const SCHEMA: &str = "
    CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT);
    CREATE TABLE shop.item (id INT PRIMARY KEY, price INT);
    CREATE VIEW large AS SELECT id, a FROM t WHERE a > 1;
    CREATE VIEW counted (p, q) AS SELECT a, COUNT(*) FROM large GROUP BY a;
    CREATE VIEW dear AS SELECT id FROM shop.item WHERE price > 10;
    CREATE VIEW one AS SELECT * FROM other;
    CREATE VIEW other AS SELECT * FROM one;
    CREATE VIEW wrong AS SELECT
      nope FROM t;
";

fn verdict_of(schema: &str, dialect: Dialect, first: &str, second: &str) -> Verification {
    let (catalog, _) = Catalog::from_ddl(schema, Dialect::Postgres).expect("the schema is read");
    verify(first, second, dialect, &catalog, &Options::default())
}

fn check(first: &str, second: &str, expected: &[&str]) {
    for dialect in [Generic, Postgres, Sqlite] {
        let found = verdict_of(SCHEMA, dialect, first, second);
        let name = found.verdict.name();
        assert!(
            expected.contains(&name),
            "{name} in {dialect}\n{first}\n{second}\n{}",
            found.verdict.reason()
        );
    }
}

fn unknown(sql: &str, why: &[&str]) {
    let found = verdict_of(SCHEMA, Postgres, sql, "SELECT 1");
    let reason = found.verdict.reason();
    assert!(matches!(found.verdict, Verdict::Unknown { .. }), "{sql}\n{reason}");
    for why in why {
        assert!(reason.contains(why), "{sql}\n{reason}");
    }
}

#[test]
fn a_view_is_its_query() {
    let same = ["proved"];
    check("SELECT id FROM large", "SELECT id FROM t WHERE a > 1", &same);
    check("SELECT id FROM large", "SELECT id FROM t WHERE a > 2", &["refuted"]);
    check("SELECT l.id FROM large l JOIN large m ON l.id = m.id", "SELECT id FROM large", &same);
    check("SELECT x FROM large AS l (w, x)", "SELECT a FROM large", &same);
    check("SELECT large.id FROM public.large", "SELECT id FROM t WHERE a > 1", &same);
    check("SELECT id FROM dear", "SELECT id FROM shop.item WHERE price > 10", &same);
}

#[test]
fn a_view_of_views_has_the_columns_that_it_declares() {
    let counted = "SELECT a, COUNT(*) FROM t WHERE a > 1 GROUP BY a";
    check("SELECT * FROM counted", counted, &["proved"]);
    check("SELECT q, p FROM counted", counted, &["refuted"]);
}

#[test]
fn a_common_table_expression_hides_a_view() {
    check("WITH large AS (SELECT id FROM t) SELECT id FROM large", "SELECT id FROM t", &["proved"]);
    // But not what a view reads.
    unknown(
        "WITH t AS (SELECT 1 AS id, 2 AS a) SELECT id FROM large",
        &["reads a table t", "line 1, column"],
    );
}

#[test]
fn a_view_that_cannot_be_read_is_said_where_it_is_named() {
    unknown("SELECT * FROM one", &["it reads itself", "at line 1, column 15"]);
    unknown("SELECT * FROM wrong", &["No field named nope", "at line 2, column 7", "at line 1, column 15"]);
}

#[test]
fn what_views_cost_is_bounded() {
    let mut schema = "CREATE TABLE t (id INT); CREATE VIEW v0 AS SELECT id FROM t;".to_owned();
    for n in 1..40 {
        schema +=
            &format!("CREATE VIEW v{n} AS SELECT x.id FROM v{m} x JOIN v{m} y ON x.id = y.id;", m = n - 1);
    }
    for (view, why) in [("v9", "relations"), ("v39", "stands behind more than 16 others")] {
        let found = verdict_of(&schema, Generic, &format!("SELECT id FROM {view}"), "SELECT id FROM t");
        assert!(found.verdict.reason().contains(why), "{}", found.verdict.reason());
    }
}
