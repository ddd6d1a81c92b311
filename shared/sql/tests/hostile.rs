//! Hostile texts: nothing aborts or hangs, in any dialect, through everything that looks at SQL.
//!
//! An abort would end the process, and with it this test. Each shape is as long as a statement may be,
//! or as deep as its text allows.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_domain::limits::MAX_STATEMENT_BYTES;
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Options, trace};
use sqm_sql::lint::Config;
use sqm_sql::{rewrites, rules};

/// What one look may take, for a build without optimisation on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// `head`, then as many of `unit` as fit, then `tail`.
fn flat(head: &str, unit: &str, tail: &str) -> String {
    let room = MAX_STATEMENT_BYTES - head.len() - tail.len();
    format!("{head}{}{tail}", unit.repeat(room / unit.len()))
}

/// `open` and `close` around `core`, so often that the text is as long as it may be.
fn nested(head: &str, open: &str, core: &str, close: &str, most: usize) -> String {
    let room = MAX_STATEMENT_BYTES - head.len() - core.len();
    let depth = (room / (open.len() + close.len())).min(most);
    format!("{head}{}{core}{}", open.repeat(depth), close.repeat(depth))
}

fn numbered(count: usize, each: impl Fn(usize) -> String, between: &str) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(between)
}

fn shapes() -> Vec<(&'static str, String)> {
    let all = usize::MAX;
    let ctes = numbered(4_000, |at| format!("c{} AS (SELECT a, b FROM c{at} WHERE a > 1)", at + 1), ", ");
    let joins = numbered(3_000, |at| format!("JOIN t{at} ON t{at}.a = t.a"), " ");
    let columns = numbered(12_000, |at| format!("a + b AS c{at}"), ", ");
    let scalar = numbered(3_000, |at| format!("(SELECT max(x) FROM u WHERE u.y = t.a) AS s{at}"), ", ");
    let case = flat("SELECT CASE ", "WHEN a = 1 THEN b ", "END FROM t");
    let wide = numbered(300, |at| format!("a{at}"), ", ");
    let through = numbered(50, |at| format!("c{} AS (SELECT * FROM c{at})", at + 1), ", ");
    vec![
        ("brackets", nested("SELECT ", "(", "1", ")", all)),
        ("subqueries", nested("", "SELECT * FROM (", "SELECT 1", ") x", all)),
        ("scalar subqueries", nested("SELECT ", "(SELECT ", "a", " FROM t)", all)),
        ("nested calls", nested("SELECT ", "f(", "a", ")", all)),
        ("nested cases", nested("SELECT ", "CASE WHEN a THEN ", "b", " END", all)),
        ("nested joins", nested("SELECT * FROM ", "(t JOIN ", "u", " ON 1 = 1)", all)),
        ("EXISTS in EXISTS", nested("SELECT 1 WHERE ", "EXISTS (SELECT 1 FROM t WHERE ", "a", ")", all)),
        ("arrays", nested("SELECT ", "[", "1", "]", all)),
        ("structs", nested("SELECT ", "STRUCT(", "a", " AS b)", all)),
        ("array types", nested("SELECT CAST(a AS ", "ARRAY<", "INT", ">", all) + ")"),
        ("blocks", nested("", "BEGIN ", "SELECT 1;", " END;", 5_000)),
        ("conditions of scripts", nested("", "IF a THEN ", "SELECT 1;", " END IF;", 5_000)),
        ("not", flat("SELECT ", "NOT ", "a FROM t")),
        ("signs", flat("SELECT ", "- ", "a FROM t")),
        ("sum", flat("SELECT a", " + a", " FROM t")),
        ("and", flat("SELECT a FROM t WHERE a = 1", " AND a = 1", "")),
        ("or of ands", flat("SELECT a FROM t WHERE a", " AND (b OR c)", "")),
        ("concat", flat("SELECT a", " || 'x' || b", " FROM t")),
        ("casts", flat("SELECT a", "::int", " FROM t")),
        ("subscripts", flat("SELECT a", "[1]", " FROM t")),
        ("dots", flat("SELECT a", ".b", " FROM t")),
        ("JSON paths", flat("SELECT a", "->'x'", " FROM t")),
        ("colons", flat("SELECT a:b", ".c", " FROM t")),
        ("union", flat("SELECT a FROM t", " UNION ALL SELECT a FROM t", "")),
        ("except", flat("SELECT a FROM t", " EXCEPT SELECT a FROM t", "")),
        ("in list", flat("SELECT a FROM t WHERE a IN (1", ", 1", ")")),
        ("values", flat("INSERT INTO t VALUES (1, 'a')", ", (1, 'a')", "")),
        ("cross joins", flat("SELECT * FROM t", ", t", "")),
        ("star list", flat("SELECT *", ", *", " FROM t, u")),
        ("case branches", case),
        ("chain of CTEs", format!("WITH c0 AS (SELECT a, b FROM t), {ctes} SELECT a FROM c4000")),
        ("joins", format!("SELECT * FROM t {joins}")),
        ("wide list", format!("SELECT {columns} FROM t")),
        ("many scalars", format!("SELECT {scalar} FROM t")),
        ("wide and deep", format!("WITH c0 AS (SELECT {wide} FROM t), {through} SELECT * FROM c50")),
        ("statements", flat("SELECT 1", ";SELECT 1", "")),
        ("semicolons", flat("", ";", "")),
        ("open brackets", flat("SELECT ", "(", "")),
        ("closed brackets", flat("SELECT ", ")", "")),
        ("open quote", flat("SELECT '", "x", "")),
        ("quotes", flat("SELECT ", "'", "")),
        ("dollars", flat("SELECT ", "$a$", "")),
        ("comments", flat("SELECT ", "/*", "")),
        ("templates", flat("SELECT ", "{{ ", "")),
        ("nothing", flat("", "\0", "")),
        ("one word", flat("", "x", "")),
        ("keywords", flat("", "SELECT ", "")),
        ("from", flat("SELECT 1 ", "FROM ", "")),
        ("with", flat("", "WITH a AS (", "")),
        ("windows", flat("SELECT a", ", sum(a) OVER (PARTITION BY b ORDER BY c)", " FROM t")),
        ("pipes", flat("FROM t", " |> WHERE a > 1", "")),
        ("lambdas", nested("SELECT f(", "x -> ", "x", "", 40_000) + ")"),
    ]
}

/// Runs `look` over every shape in every dialect and says what took longest. `SQM_SHAPE` and `SQM_DIALECT`
/// name one of them.
fn sweep(what: &str, look: impl Fn(&str, Dialect)) {
    let only = |variable: &str, name: &str| std::env::var(variable).is_ok_and(|only| only != name);
    let mut slowest = (Duration::ZERO, String::new());
    for (name, sql) in shapes().into_iter().filter(|(name, _)| !only("SQM_SHAPE", name)) {
        assert!(sql.len() <= MAX_STATEMENT_BYTES, "{name}: {}", sql.len());
        for dialect in Dialect::all().filter(|dialect| !only("SQM_DIALECT", dialect.name())) {
            let start = Instant::now();
            look(&sql, dialect);
            let took = start.elapsed();
            if took > Duration::from_secs(2) {
                println!("{what}: {name} in {dialect} took {took:?}");
            }
            if took > slowest.0 {
                slowest = (took, format!("{name} in {dialect}"));
            }
            assert!(took < PATIENCE, "{what}: {name} in {dialect} took {took:?}");
        }
    }
    println!("{what}: {:?} for {}", slowest.0, slowest.1);
}

#[test]
#[ignore = "takes many minutes: run by hand, in release"]
fn lineage_ends() {
    sweep("lineage", |sql, dialect| {
        let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
        drop(serde_json::to_vec(&lineage));
    });
}

#[test]
#[ignore = "takes many minutes: run by hand, in release"]
fn drawings_end() {
    sweep("drawings", |sql, dialect| {
        // Four grammars that differ most stand for all: drawings know no dialect.
        if matches!(dialect, Dialect::Postgres | Dialect::BigQuery | Dialect::Snowflake | Dialect::TSql) {
            let lineage = trace(sql, dialect, &Catalog::default(), &Options::default());
            drop((lineage.to_text(), lineage.to_mermaid(), lineage.to_dot(), lineage.to_svg()));
        }
    });
}

#[test]
#[ignore = "takes many minutes: run by hand, in release"]
fn lint_ends() {
    sweep("lint", |sql, dialect| drop(rules::lint(sql, dialect, &Catalog::default(), &Config::default())));
}

#[test]
#[ignore = "takes many minutes: run by hand, in release"]
fn rewrites_end() {
    sweep("rewrites", |sql, dialect| drop(rewrites::propose(sql, dialect, &Catalog::default())));
}

#[test]
fn garbage_between_statements_loses_none_of_them() {
    let garbage = [
        "THIS IS NOT SQL",
        "SELECT FROM WHERE GROUP",
        "INSERT INTO (SELECT",
        "CREATE TABLE ))",
        "SELECT ((a FROM t",
        "%$ & 17",
        "MERGE x y z",
    ];
    for dialect in Dialect::all() {
        let mut sql = String::new();
        let mut expected = Vec::new();
        for at in 0..40 {
            sql.push_str(&format!(
                "INSERT INTO t{at} SELECT c{at} FROM s{at};\n{};\n",
                garbage[at % garbage.len()]
            ));
            expected.push((format!("s{at}.c{at}"), format!("t{at}.c{at}")));
        }
        let lineage = trace(&sql, dialect, &Catalog::default(), &Options::default());
        let found: Vec<(String, String)> = lineage
            .columns
            .iter()
            .filter_map(|edge| {
                let target = edge.target.as_ref()?;
                let source = format!("{}.{}", edge.source.table, edge.source.column);
                Some((source.to_lowercase(), format!("{}.{}", target.table, target.column).to_lowercase()))
            })
            .collect();
        assert_eq!(found, expected, "{dialect}");
    }
}
