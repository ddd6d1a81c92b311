//! Peak memory of a lineage, beside what `sqlparser` alone takes for the same text.
//!
//! Prints a line for each text of the sample workspace, the shapes and TPC, then one for each set: the bytes of
//! the tree, the peak while it is made (its tokens are there still), the peak of the whole lineage from text to
//! answer, and that as a multiple of the two. Allocations are counted, so every run prints the same.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;

use peak_alloc::PeakAlloc;
use sqlparser::parser::Parser;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, trace};

mod texts;

use texts::{Item, sets};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes.
#[derive(Default, Clone, Copy)]
struct Taken {
    tree: usize,
    parsing: usize,
    lineage: usize,
}

fn main() {
    guard::on_large_stack(|| {
        for (name, items) in sets() {
            let mut all = Taken::default();
            let mut worst: Option<(f64, &str)> = None;
            for item in &items {
                let taken = measure(item);
                all.tree += taken.tree;
                all.parsing += taken.parsing;
                all.lineage += taken.lineage;
                let ratio = ratio(taken.lineage, taken.parsing);
                if worst.is_none_or(|(most, _)| ratio > most) {
                    worst = Some((ratio, &item.name));
                }
                if name != "corpora" {
                    row(&item.name, taken);
                }
            }
            row(&format!("{name}: {} texts", items.len()), all);
            if let Some((ratio, text)) = worst {
                println!("{:<36}  most for one text: x{ratio:.2} of parsing, {text}", "");
            }
        }
    })
    .unwrap();
}

fn measure(item: &Item) -> Taken {
    // Once before: what is made once and kept belongs to no text.
    run(item);
    let (parsing, tree) = peak(|| Parser::parse_sql(&*item.grammar, &item.sql));
    let (lineage, _) = peak(|| run(item));
    Taken { tree, parsing, lineage }
}

fn run(item: &Item) {
    black_box(trace(&item.sql, item.dialect, &item.catalog, &Options::default()));
}

/// The most that was taken at once, and what is held at the end.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let made = work();
    let (most, held) = (ALLOCATOR.peak_usage(), ALLOCATOR.current_usage());
    drop(black_box(made));
    (most.saturating_sub(before), held.saturating_sub(before))
}

fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other.max(1) as f64
}

fn row(name: &str, taken: Taken) {
    println!(
        "{name:<36}  tree {:>9.1} KB  parsing {:>9.1} KB  lineage {:>9.1} KB  x{:.2} of the tree  x{:.2} of parsing",
        taken.tree as f64 / 1e3,
        taken.parsing as f64 / 1e3,
        taken.lineage as f64 / 1e3,
        ratio(taken.lineage, taken.tree),
        ratio(taken.lineage, taken.parsing),
    );
}
