//! Verdicts held against PostgreSQL, which shares no code with what reached them: a counterexample is one there as
//! well, and what is proved the same returns the same on databases by another seed.

use sqm_domain::Dialect;
use sqm_local::{Postgres, Release, Tools};
use sqm_sql::catalog::Catalog;
use sqm_sql::{guard, rewrites};
use sqm_testkit::checkout;
use sqm_verify::bind::{self, Tables};
use sqm_verify::counterexample::inserts;
use sqm_verify::database::position;
use sqm_verify::generate::Generator;
use sqm_verify::{Options, Verdict, verify};

/// What people get wrong, as words for words.
const CHANGES: &[(&str, &str)] = &[
    ("LEFT JOIN", "JOIN"),
    ("SELECT DISTINCT", "SELECT"),
    ("UNION ALL", "UNION"),
    ("UNION", "UNION ALL"),
    ("NOT EXISTS", "EXISTS"),
    ("NOT IN", "IN"),
    ("IS NOT NULL", "IS NULL"),
    (">=", ">"),
    ("<=", "<"),
    (" > ", " >= "),
    (" < ", " <= "),
    (" AND ", " OR "),
    ("SUM(", "MAX("),
    ("MAX(", "MIN("),
    ("COUNT(*)", "COUNT(DISTINCT 1)"),
    ("COALESCE(", "NULLIF("),
    (" DESC", ""),
    ("HAVING", "WHERE"),
    ("\nJOIN", "\nLEFT JOIN"),
    (" = ", " <> "),
    ("AVG(", "SUM("),
    ("COUNT(", "SUM("),
    (" 0", " 1"),
];

/// Databases for each pair that is proved.
const DATABASES: u64 = 6;

/// Pairs that are the same query by construction; most are proved by rules that no rewrite uses.
const SAME: &[(&str, &str)] = &[
    (
        "SELECT country_code, country_code, COUNT(*) FROM customers GROUP BY country_code, country_code HAVING SUM(customer_id) > 1",
        "SELECT country_code, country_code, n FROM (SELECT country_code, COUNT(*) n, SUM(customer_id) s FROM customers GROUP BY country_code) g WHERE s > 1",
    ),
    (
        "SELECT phone, phone FROM customers WHERE phone IS NULL GROUP BY phone, phone HAVING COUNT(*) > 1",
        "SELECT NULL, NULL FROM customers WHERE phone IS NULL HAVING COUNT(*) > 1",
    ),
    (
        "SELECT c.customer_id FROM customers c LEFT JOIN countries k ON k.country_code = c.country_code WHERE k.region = 'EU'",
        "SELECT customer_id FROM customers WHERE country_code IN (SELECT country_code FROM countries WHERE region = 'EU')",
    ),
    (
        "SELECT country_code FROM customers EXCEPT SELECT country_code FROM addresses",
        "SELECT DISTINCT country_code FROM customers c WHERE NOT EXISTS (SELECT 1 FROM addresses a WHERE a.country_code = c.country_code)",
    ),
];

/// Tables of which generated rows have to keep more than keys.
const PARTICULAR: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE DOMAIN positive AS INT CHECK (VALUE > 0);
    CREATE TABLE pairs (a INT, b INT, PRIMARY KEY (a, b));
    CREATE TABLE t (
        id INT PRIMARY KEY, m mood, p positive, code CHAR(4), once INT UNIQUE NULLS NOT DISTINCT, a INT, b INT,
        s TEXT, d DATE, FOREIGN KEY (a, b) REFERENCES pairs MATCH FULL
    );
";

/// Pairs over these that differ.
const DIFFERENT: &[(&str, &str)] = &[
    ("SELECT id FROM t WHERE m = 'sad'", "SELECT id FROM t WHERE m <> 'happy'"),
    ("SELECT id FROM t WHERE m IS NULL", "SELECT id FROM t WHERE m = 'ok'"),
    ("SELECT id FROM t WHERE p >= 1", "SELECT id FROM t WHERE p > 1"),
    ("SELECT id FROM t WHERE code LIKE 'ab%'", "SELECT id FROM t WHERE code LIKE '%ab'"),
    ("SELECT id FROM t WHERE code LIKE 'ab__'", "SELECT id FROM t WHERE code LIKE 'a___'"),
    ("SELECT id FROM t WHERE LENGTH(code) > 2", "SELECT id FROM t WHERE LENGTH(code) > 3"),
    ("SELECT code || 'x' AS r FROM t", "SELECT 'x' || code AS r FROM t"),
    ("SELECT once FROM t", "SELECT DISTINCT p FROM t"),
    ("SELECT id FROM t WHERE once IS NULL", "SELECT id FROM t WHERE once = 0"),
    ("SELECT id FROM t WHERE a IS NULL", "SELECT id FROM t WHERE b > 1"),
    ("SELECT id FROM t WHERE 10 / p > 1", "SELECT id FROM t WHERE 10 / p >= 1"),
    ("SELECT id FROM t WHERE p::text < '2'", "SELECT id FROM t WHERE p < 2"),
    ("SELECT id FROM t WHERE TO_CHAR(d, 'MM') = '01'", "SELECT id FROM t WHERE TO_CHAR(d, 'MM') = '02'"),
    ("SELECT id FROM t WHERE s LIKE '_x'", "SELECT id FROM t WHERE s LIKE '%x'"),
    (
        "SELECT id FROM t WHERE SPLIT_PART(s, ',', 2) = 'x'",
        "SELECT id FROM t WHERE SPLIT_PART(s, ',', 1) = 'x'",
    ),
    ("SELECT REGEXP_REPLACE(s, 'a', 'b') AS r FROM t", "SELECT REGEXP_REPLACE(s, 'a', 'b', 'g') AS r FROM t"),
    ("SELECT id FROM t WHERE s ~ '^a[0-9]+$'", "SELECT id FROM t WHERE s ~ '^a[0-9]*$'"),
    ("SELECT id FROM t WHERE ABS(p - 20) > 15", "SELECT id FROM t WHERE p - 20 > 15"),
];

/// A server with tables, those of the sample workspace if no others are named, and how to ask it.
struct Sample {
    server: Postgres,
    catalog: Catalog,
}

impl Sample {
    async fn start() -> Self {
        let schema = std::fs::read_to_string(checkout::root().join("infra/sample/schema.sql")).unwrap();
        Self::of(&schema).await
    }

    async fn of(schema: &str) -> Self {
        let (catalog, _) = Catalog::from_ddl(schema, Dialect::Postgres).unwrap();
        let server = Postgres::start(&Tools::of_checkout(&checkout::root()), Release::V18).await.unwrap();
        server.query(schema).await.unwrap();
        Self { server, catalog }
    }

    /// The rows of both queries over these; `None` where PostgreSQL refuses one of them.
    async fn rows(&self, inserts: &[String], queries: [&str; 2]) -> Option<[Vec<String>; 2]> {
        let end = "SELECT '=====';";
        let sql = queries.map(|sql| sql.trim().trim_end_matches(';').to_owned());
        let script = format!(
            "\\pset null NULL\nBEGIN;\n{}\n{};\n{end}\n{};\nROLLBACK;",
            inserts.join("\n"),
            sql[0],
            sql[1]
        );
        let printed = self.server.query(&script).await.ok()?;
        let (one, two) = printed.split_once("=====\n")?;
        let lines = |text: &str| text.lines().map(plain).collect();
        Some([lines(one), lines(two)])
    }

    /// Databases that the generator makes for the pair, as INSERT statements.
    fn databases(&self, queries: [&str; 2]) -> Vec<Vec<String>> {
        let tables = Tables::new(&self.catalog, Dialect::Postgres);
        let [one, two] = queries.map(|sql| bind::bind(sql, Dialect::Postgres, &tables).unwrap());
        let (mut schema, _) = tables.schema();
        schema.keep_constraints(Dialect::Postgres);
        let resolve = |parts: &[String]| {
            let name = &self.catalog.tables().get(position(&self.catalog, parts)?)?.name;
            schema.relations.iter().position(|relation| relation.name == *name)
        };
        let plans = [&one.plan, &two.plan];
        let generator = Generator::guided(&schema, 4711, plans, &resolve, Dialect::Postgres);
        (0..DATABASES)
            .map(|number| inserts(&schema, &generator.database(number), Dialect::Postgres))
            .collect()
    }
}

/// A line with numbers as they are compared: `1.50` is `1.5`, and floats differ in their last digits.
fn plain(line: &str) -> String {
    let field = |text: &str| match text.parse::<f64>() {
        Ok(number) if text.contains(|c: char| c.is_ascii_digit()) => format!("{number:.9e}"),
        _ => text.to_owned(),
    };
    line.split('|').map(field).collect::<Vec<_>>().join("|")
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

/// The sample queries in PostgreSQL's dialect.
fn queries() -> Vec<String> {
    let folder = checkout::root().join("infra/sample/queries");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .filter(|text| text.contains("-- dialect: postgres"))
        .collect();
    texts.sort();
    texts
}

/// The query with one change, at each place where it can be made.
fn changed(sql: &str) -> Vec<String> {
    let at_each = |(from, to): &(&str, &str)| {
        let with = |at: usize| format!("{}{to}{}", &sql[..at], &sql[at + from.len()..]);
        sql.match_indices(from).map(|(at, _)| with(at)).collect::<Vec<_>>()
    };
    CHANGES.iter().flat_map(at_each).collect()
}

#[tokio::test]
async fn a_counterexample_is_one_in_postgres_too() {
    let sample = Sample::start().await;
    let options = Options { databases: 40, ..Options::default() };
    let (mut refuted, mut run) = (0, 0);
    for sql in queries() {
        for changed in changed(&sql) {
            let found = verify(&sql, &changed, Dialect::Postgres, &sample.catalog, &options);
            let Verdict::Refuted { counterexample } = found.verdict else { continue };
            refuted += 1;
            let Some([one, two]) = sample.rows(&counterexample.inserts, [&sql, &changed]).await else {
                continue;
            };
            run += 1;
            assert_ne!(one, two, "\n{sql}\n{changed}\n{}", counterexample.inserts.join("\n"));
        }
    }
    println!("{run} of {refuted} counterexamples run in PostgreSQL, and show the difference");
    assert!(refuted >= 60, "{refuted}");
    assert!(run * 10 >= refuted * 9, "{run} of {refuted}");
    sample.server.stop().await;
}

#[tokio::test]
async fn what_is_proved_is_the_same_in_postgres() {
    let sample = Sample::start().await;
    let options = Options { databases: 20, ..Options::default() };
    let mut pairs: Vec<(String, String)> =
        SAME.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect();
    for sql in queries() {
        let proposed = rewrites::propose(&sql, Dialect::Postgres, &sample.catalog).unwrap();
        pairs.extend(proposed.into_iter().map(|candidate| (sql.clone(), candidate.sql)));
    }
    let (mut proved, mut run, mut rows) = (0, 0, 0);
    for (sql, same) in &pairs {
        let found = verify(sql, same, Dialect::Postgres, &sample.catalog, &options);
        if !matches!(found.verdict, Verdict::Proved { .. }) {
            assert!(!SAME.iter().any(|(one, _)| one == sql), "{sql}\n{}", found.verdict.reason());
            continue;
        }
        proved += 1;
        let databases = guard::on_large_stack(|| sample.databases([sql, same])).unwrap();
        for inserts in databases {
            let Some([one, two]) = sample.rows(&inserts, [sql, same]).await else { continue };
            run += 1;
            rows += one.len();
            assert_eq!(sorted(one), sorted(two), "\n{sql}\n{same}\n{}", inserts.join("\n"));
        }
    }
    println!("{proved} proved pairs, {run} runs in PostgreSQL, {rows} rows");
    assert!(proved >= 15, "{proved} of {}", pairs.len());
    assert!(run >= proved * 4 && rows > proved, "{run} runs, {rows} rows");
    sample.server.stop().await;
}

#[tokio::test]
async fn a_counterexample_keeps_what_the_schema_declares() {
    let sample = Sample::of(PARTICULAR).await;
    for (one, two) in DIFFERENT {
        let found = verify(one, two, Dialect::Postgres, &sample.catalog, &Options::default());
        let reason = found.verdict.reason();
        let Verdict::Refuted { counterexample } = found.verdict else { panic!("{one}\n{two}\n{reason}") };
        let inserts = counterexample.inserts.join("\n");
        let rows = sample.rows(&counterexample.inserts, [one, two]).await;
        let [first, second] = rows.unwrap_or_else(|| panic!("refused:\n{one}\n{two}\n{inserts}"));
        assert_ne!(sorted(first), sorted(second), "\n{one}\n{two}\n{inserts}");
    }
    sample.server.stop().await;
}
