//! Texts that mean far more than they say, and texts that are half garbage.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Lineage, Options, trace};
use sqm_sql::lint::Config;
use sqm_sql::{rewrites, rules};

fn lineage(sql: &str, dialect: Dialect) -> Lineage {
    trace(sql, dialect, &Catalog::default(), &Options::default())
}

/// `piece` for each of these numbers, `#` being the number and `@` the next one.
fn repeated(piece: &str, count: usize) -> String {
    (0..count).fold(String::new(), |text, at| {
        text + &piece.replace('#', &at.to_string()).replace('@', &(at + 1).to_string())
    })
}

/// Texts of two kilobytes or little more that stand for some 2^40 columns, or for a million of one list.
fn multiplying() -> [(&'static str, Dialect, String); 6] {
    let ctes = |first: &str, step: &str, query: &str| {
        format!("WITH c0 AS ({first}){} {query}", repeated(&format!(", c@ AS ({step})"), 40))
    };
    let aggregates = repeated(", sum(a) AS a#", 1_000);
    let values = repeated(", # AS v#", 1_000);
    [
        (
            "joins",
            Dialect::Postgres,
            ctes("SELECT a, b FROM t", "SELECT * FROM c# x CROSS JOIN c# y", "SELECT * FROM c40"),
        ),
        (
            "unknown columns",
            Dialect::Snowflake,
            ctes("SELECT * FROM t", "SELECT * FROM c# x CROSS JOIN c# y", "SELECT a FROM c40"),
        ),
        (
            "common columns",
            Dialect::DuckDb,
            ctes("SELECT a, b FROM t", "SELECT x.*, y.* FROM c# x NATURAL JOIN c# y", "SELECT * FROM c40"),
        ),
        (
            "structs",
            Dialect::BigQuery,
            ctes(
                "SELECT STRUCT(a, b) AS s FROM t",
                "SELECT (SELECT AS STRUCT s.*, s.*) AS s FROM c#",
                "SELECT s.* FROM c40",
            ),
        ),
        (
            "views",
            Dialect::MySql,
            format!(
                "CREATE VIEW v0 AS SELECT a, b FROM t;{}",
                repeated("CREATE VIEW v@ AS SELECT * FROM v# x CROSS JOIN v# y;", 40)
            ),
        ),
        (
            "pivots",
            Dialect::Snowflake,
            format!("SELECT * FROM t PIVOT({} FOR b IN ({}))", &aggregates[2..], &values[2..]),
        ),
    ]
}

#[test]
fn columns_that_a_text_multiplies_are_bounded() {
    for (name, dialect, sql) in multiplying() {
        let lineage = lineage(&sql, dialect);
        assert!(lineage.ok, "{name}: {:?}", lineage.statements[0].error);
        assert!(lineage.tables_in.iter().any(|table| table.name.eq_ignore_ascii_case("t")), "{name}");
        let codes: Vec<_> = lineage.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&"too_many_columns"), "{name}: {codes:?}");
        assert!(lineage.columns.len() < 100_000, "{name}: {}", lineage.columns.len());
        drop(rewrites::propose(&sql, dialect, &Catalog::default()));
        drop(rules::lint(&sql, dialect, &Catalog::default(), &Config::default()));
    }
}

#[test]
fn what_is_wide_but_not_too_wide_is_whole() {
    let columns = repeated(", c#", 10_000);
    let sql = format!("SELECT * FROM (SELECT {} FROM t) x", &columns[2..]);
    let lineage = lineage(&sql, Dialect::BigQuery);
    assert_eq!((lineage.columns.len(), lineage.findings.as_slice()), (10_000, &[][..]));
}

#[test]
fn edges_that_a_text_multiplies_are_bounded() {
    let sum = repeated(" + c#", 500);
    let all = repeated(&format!(", {} AS s#", &sum[3..]), 50);
    let sql = format!("WITH x AS (SELECT {} FROM t)", &all[2..])
        + &format!("SELECT {} FROM x", &repeated(", s0 + s1 AS r#", 300)[2..]);
    let lineage = lineage(&sql, Dialect::Postgres);
    let edges = lineage.columns.len();
    let told = lineage.findings.iter().any(|finding| finding.code == "too_many_edges");
    assert!(told && edges <= 100_000, "{edges}: {:?}", lineage.findings);
}

#[test]
fn the_type_of_a_column_may_be_deep() {
    let deep = format!("{}INT{}", "ARRAY<".repeat(20_000), ">".repeat(20_000));
    let start = Instant::now();
    let lineage = lineage(&format!("CREATE TABLE t (a {deep}, b INT)"), Dialect::BigQuery);
    assert_eq!(lineage.statements.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
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
            let wrong = garbage[at % garbage.len()];
            writeln!(sql, "INSERT INTO t{at} SELECT c{at} FROM s{at};\n{wrong};").unwrap();
            expected.push((format!("s{at}.c{at}"), format!("t{at}.c{at}")));
        }
        let found: Vec<(String, String)> = lineage(&sql, dialect)
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

/// The corpus of `cargo fuzz run lineage`: the first byte of a file chooses the dialect, the rest is the text.
#[test]
fn what_fuzzing_found_has_an_answer() {
    let dialects: Vec<Dialect> = Dialect::all().collect();
    let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a INT, b TEXT)", Dialect::Postgres).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/lineage");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 100, "{}", files.len());
    // On one large stack, so that a panic ends the test.
    guard::on_large_stack(|| {
        for file in &files {
            let bytes = std::fs::read(file).unwrap();
            let Some((choice, text)) = bytes.split_first() else { continue };
            let text = String::from_utf8_lossy(text);
            let dialect = dialects[usize::from(choice / 2) % dialects.len()];
            let start = Instant::now();
            let lineage = trace(&text, dialect, &catalog, &Options::default());
            drop(lineage.to_text());
            drop(rules::lint(&text, dialect, &catalog, &Config::default()));
            drop(rewrites::propose(&text, dialect, &catalog));
            assert!(start.elapsed() < Duration::from_secs(20), "{}", file.display());
        }
    })
    .unwrap();
}
