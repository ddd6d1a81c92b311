//! Time of parsing, of lineage and of linting, beside that of plain parsing of the same text.
//!
//! Prints a line for each query of the sample workspace and, where `../shared/corpora` exists, of TPC-H and
//! TPC-DS, then one for each set and for all corpora; Criterion then measures the sets. Single thread,
//! warm, with the schema where there is one; the least of several runs counts in the table.
//! `cargo xtask bench --bench lineage -- TABLE` prints the table alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use serde_json::Value;
use sqlparser::dialect::{Dialect as Grammar, dialect_from_str};
use sqlparser::parser::Parser;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, trace};
use sqm_sql::lint::Config;
use sqm_sql::rules;

/// A text that plain parsing takes, too: otherwise there is nothing to compare with.
struct Item {
    name: String,
    sql: String,
    dialect: Dialect,
    grammar: Box<dyn Grammar>,
    catalog: Catalog,
}

/// A measurement: its name, and what is done with a text.
type Measure = (&'static str, fn(&Item));

/// What is measured, in the order of the table.
const MEASURES: [Measure; 4] = [
    ("plain", |item| {
        let _ = black_box(Parser::parse_sql(&*item.grammar, &item.sql));
    }),
    ("parse", |item| {
        let _ = guard::with_script(&item.sql, item.dialect, |script| black_box(script.statements.len()));
    }),
    ("lineage", |item| {
        black_box(trace(&item.sql, item.dialect, &item.catalog, &Options::default()));
    }),
    ("lint", |item| {
        black_box(rules::lint(&item.sql, item.dialect, &item.catalog, &Config::default()));
    }),
];

fn main() {
    // All of it on the thread with the large stack, as in a server: starting one is not measured.
    guard::on_large_stack(run).unwrap();
}

fn run() {
    let sets = sets();
    for (_, items) in sets.iter().filter(|(name, _)| *name != "corpora") {
        for item in items {
            row(&item.name, std::slice::from_ref(item));
        }
    }
    for (name, items) in &sets {
        row(&format!("{name}: {} texts", items.len()), items);
    }
    let mut criterion = Criterion::default().configure_from_args();
    for (name, items) in &sets {
        let mut group = criterion.benchmark_group(*name);
        group.sample_size(10).measurement_time(Duration::from_secs(1));
        measure(&mut group, items);
        group.finish();
    }
    criterion.final_summary();
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, items: &[Item]) {
    for (name, run) in MEASURES {
        group.bench_function(name, |bencher| bencher.iter(|| items.iter().for_each(run)));
    }
}

/// The least time of each measure, and what it is as a multiple of plain parsing.
fn row(name: &str, items: &[Item]) {
    let mut best = [Duration::MAX; MEASURES.len()];
    let start = Instant::now();
    let mut runs = 0;
    while runs < 5 || (runs < 100 && start.elapsed() < Duration::from_millis(300)) {
        for ((_, run), best) in MEASURES.iter().zip(&mut best) {
            let start = Instant::now();
            items.iter().for_each(run);
            *best = start.elapsed().min(*best);
        }
        runs += 1;
    }
    let mut line = format!("{name:<36}");
    for ((measure, _), time) in MEASURES.iter().zip(best) {
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        line.push_str(&format!("  {measure} {:>9.1} µs x{ratio:<5.2}", time.as_secs_f64() * 1e6));
    }
    println!("{line}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sets() -> Vec<(&'static str, Vec<Item>)> {
    let mut sets = vec![("sample", sample()), ("shapes", shapes())];
    let corpora = root().join("../shared/corpora/lineage");
    let mut all = Vec::new();
    for name in ["tpch", "tpcds", "sqllineage", "openlineage", "sqlglot", "flowscope", "polyglot", "probes"] {
        let Ok(text) = std::fs::read_to_string(corpora.join(format!("{name}.jsonl"))) else { continue };
        let items = || text.lines().filter_map(case);
        all.extend(items());
        if name.starts_with("tpc") {
            sets.push((name, items().collect()));
        }
    }
    if all.is_empty() {
        println!("skipped: {} does not exist", corpora.display());
    } else {
        sets.push(("corpora", all));
    }
    sets
}

fn item(name: String, sql: String, dialect: &str, catalog: Catalog) -> Option<Item> {
    let grammar = dialect_from_str(dialect).or_else(|| dialect_from_str("generic"))?;
    Parser::parse_sql(&*grammar, &sql).ok()?;
    Some(Item { name, sql, dialect: dialect.parse().ok()?, grammar, catalog })
}

fn case(line: &str) -> Option<Item> {
    let value: Value = serde_json::from_str(line).unwrap();
    let dialect = value["dialect"].as_str()?.split(',').next()?;
    let catalog = match &value["schema"] {
        Value::Object(_) => Catalog::from_json(&value["schema"].to_string()).ok()?.0,
        _ => Catalog::default(),
    };
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    item(text("id")?, text("sql")?, dialect, catalog)
}

/// The sample workspace, whose texts name their dialect in a comment.
fn sample() -> Vec<Item> {
    let folder = root().join("infra/sample");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let catalog = Catalog::from_ddl(&schema, Dialect::Postgres).unwrap().0;
    let files = std::fs::read_dir(folder.join("queries")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let items = paths.iter().filter_map(|path| {
        let sql = std::fs::read_to_string(path).unwrap();
        let named = sql.lines().find_map(|line| line.strip_prefix("-- dialect: ")).map(str::trim);
        let dialect = named.unwrap_or("postgres").to_owned();
        item(path.file_stem()?.to_string_lossy().into_owned(), sql, &dialect, catalog.clone())
    });
    items.collect()
}

/// Shapes on which other engines explode.
fn shapes() -> Vec<Item> {
    let list = |count: usize, each: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(each).collect::<Vec<_>>().join(between)
    };
    let columns = list(300, &|at| format!("a{at}"), ", ");
    let wide = list(50, &|at| format!("c{} AS (SELECT {columns} FROM c{at})", at + 1), ", ");
    let chain =
        list(500, &|at| format!("c{} AS (SELECT a + 1 AS a, b FROM c{at} WHERE b > 1)", at + 1), ", ");
    let nested = format!("{}t{}", "SELECT a, b FROM (".repeat(40), ") x".repeat(40));
    [
        ("300 columns x 50 CTEs", format!("WITH c0 AS (SELECT {columns} FROM t), {wide} SELECT * FROM c50")),
        ("chain of 500 CTEs", format!("WITH c0 AS (SELECT a, b FROM t), {chain} SELECT a FROM c500")),
        (
            "union of 500 arms",
            list(500, &|at| format!("SELECT a, b FROM t{at} WHERE c = {at}"), " UNION ALL "),
        ),
        ("40 nested subqueries", nested.replace("(t)", "(SELECT a, b FROM t)")),
    ]
    .into_iter()
    .filter_map(|(name, sql)| item(name.to_owned(), sql, "postgres", Catalog::default()))
    .collect()
}
