//! Time of parsing, of lineage and of linting, beside that of plain parsing of the same text.
//!
//! Prints a line for each query of the sample workspace and, where `../shared/corpora` exists, of TPC-H and
//! TPC-DS, then one for each set and for all corpora; Criterion then measures the sets. Single thread,
//! warm, with the schema where there is one; the least of several runs counts in the table.
//! `cargo xtask bench --bench lineage -- TABLE` prints the table alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use sqlparser::parser::Parser;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, trace};
use sqm_sql::lint::Config;
use sqm_sql::rules;

mod texts;

use texts::{Item, sets};

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
