//! Time of an optimization: every rewrite that is proposed for a query, each with its verdict.
//!
//! Prints a line for each query of the sample workspace and, where `../shared/corpora` exists, of TPC-H and
//! TPC-DS, then one for each set; Criterion then measures single verdicts. Single thread, warm.
//! `cargo xtask bench --bench verify -- TABLE` prints the table alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use serde_json::Value;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_verify::offer::{Options, optimize};
use sqm_verify::verify;

struct Item {
    name: String,
    sql: String,
    dialect: Dialect,
}

struct Set {
    name: &'static str,
    items: Vec<Item>,
    catalog: Catalog,
}

fn main() {
    // All of it on the thread with the large stack, as in a server: starting one is not measured.
    guard::on_large_stack(run).unwrap();
}

fn run() {
    for set in sets() {
        let rows: Vec<Row> = set.items.iter().map(|item| row(item, &set.catalog)).collect();
        total(set.name, &rows);
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("verdict");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    let (catalog, _) = Catalog::from_ddl(
        "CREATE TABLE o (id INT PRIMARY KEY, c INT NOT NULL REFERENCES c (id), total NUMERIC(10,2));
         CREATE TABLE c (id INT PRIMARY KEY, name VARCHAR(20));",
        Dialect::Postgres,
    )
    .unwrap();
    for (expected, first, second) in [
        ("proved", "SELECT o.id FROM o JOIN c ON c.id = o.c", "SELECT id FROM o"),
        ("refuted", "SELECT c.id FROM c JOIN o ON c.id = o.c", "SELECT id FROM c"),
        ("tested", "SELECT id FROM o WHERE abs(total) > 10", "SELECT id FROM o WHERE total * total > 100"),
    ] {
        let judge = || verify(first, second, Dialect::Postgres, &catalog, &sqm_verify::Options::default());
        assert_eq!(judge().verdict.name(), expected, "{first}");
        group.bench_function(expected, |bencher| bencher.iter(|| black_box(judge())));
    }
    group.finish();
    criterion.final_summary();
}

/// What was measured of a query.
struct Row {
    time: Duration,
    verdicts: BTreeMap<&'static str, usize>,
}

fn row(item: &Item, catalog: &Catalog) -> Row {
    let options = Options { measure: false, ..Options::default() };
    let start = Instant::now();
    let found = optimize(&item.sql, item.dialect, catalog, &options);
    let time = start.elapsed();
    let mut verdicts = BTreeMap::new();
    for offer in found.rewrites.iter().chain(&found.refuted) {
        *verdicts.entry(offer.verdict).or_default() += 1;
    }
    println!("{:<36} {:>9.1} ms  {}", item.name, ms(time), words(&verdicts));
    Row { time, verdicts }
}

fn total(name: &str, rows: &[Row]) {
    let mut times: Vec<Duration> = rows.iter().map(|row| row.time).collect();
    times.sort_unstable();
    let at = |percent: usize| ms(times[(times.len() * percent / 100).min(times.len() - 1)]);
    let mut verdicts = BTreeMap::new();
    for (verdict, count) in rows.iter().flat_map(|row| &row.verdicts) {
        *verdicts.entry(*verdict).or_default() += count;
    }
    println!(
        "{name}: {} queries in {:.1} ms, median {:.1} ms, p95 {:.1} ms, longest {:.1} ms; {}",
        rows.len(),
        ms(times.iter().sum()),
        at(50),
        at(95),
        at(100),
        words(&verdicts),
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn words(verdicts: &BTreeMap<&'static str, usize>) -> String {
    verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sets() -> Vec<Set> {
    let mut sets = vec![sample()];
    let corpora = root().join("../shared/corpora");
    for name in ["tpch", "tpcds"] {
        let queries = std::fs::read_to_string(corpora.join(format!("lineage/{name}.jsonl")));
        let schema = std::fs::read_to_string(corpora.join(format!("equivalence/schemas/{name}.json")));
        let (Ok(queries), Ok(schema)) = (queries, schema) else {
            println!("skipped: {name} is not in {}", corpora.display());
            continue;
        };
        let catalog = Catalog::from_json(&schema).unwrap().0;
        let items = queries.lines().map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let text = |field: &str| value[field].as_str().unwrap().to_owned();
            Item { name: text("id"), sql: text("sql"), dialect: Dialect::Generic }
        });
        sets.push(Set { name, items: items.collect(), catalog });
    }
    sets
}

/// The sample workspace, whose texts name their dialect in a comment.
fn sample() -> Set {
    let folder = root().join("infra/sample");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let catalog = Catalog::from_ddl(&schema, Dialect::Postgres).unwrap().0;
    let files = std::fs::read_dir(folder.join("queries")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let items = paths.iter().map(|path| {
        let sql = std::fs::read_to_string(path).unwrap();
        let named = sql.lines().find_map(|line| line.strip_prefix("-- dialect: ")).map(str::trim);
        let dialect = named.unwrap_or("postgres").parse().unwrap();
        Item { name: path.file_stem().unwrap().to_string_lossy().into_owned(), sql, dialect }
    });
    Set { name: "sample", items: items.collect(), catalog }
}
