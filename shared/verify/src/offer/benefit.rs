//! What a rewrite brings where both were run: in the embedded engine on generated data, and nowhere
//! else. That is a hint of growth, not a promise for another engine.

use std::time::{Duration, Instant};

use serde::Serialize;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;

use crate::bind::{self, Tables};
use crate::engine::{Engine, Limits, Query};
use crate::generate::Generator;

/// Rows of each table at which both are run.
const SIZES: [usize; 3] = [250, 1_000, 4_000];

/// Once a run takes longer, larger tables are not tried.
const LONGEST: Duration = Duration::from_millis(400);

/// Below this ratio no benefit was shown: runs of one query differ by that much.
const SHOWN: f64 = 1.2;

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benefit {
    /// How it was measured.
    pub method: &'static str,
    /// Time of the original divided by that of the rewrite, at the largest size.
    pub ratio: f64,
    /// `faster`, `slower`, or `equivalent, benefit not shown`.
    pub summary: &'static str,
    /// The single measurements.
    pub runs: Vec<Run>,
}

impl Benefit {
    /// Whether the rewrite was faster, by more than one run of a query differs from the next.
    pub fn is_shown(&self) -> bool {
        self.ratio >= SHOWN
    }
}

/// Both queries at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Rows of each table.
    pub rows: usize,
    /// Milliseconds of the original.
    pub original_ms: f64,
    /// Milliseconds of the rewrite.
    pub rewrite_ms: f64,
}

/// Runs both at growing sizes, until then at most; `None` where they do not run.
pub fn measure(
    original: &str,
    rewrite: &str,
    dialect: Dialect,
    catalog: &Catalog,
    until: Instant,
) -> Option<Benefit> {
    guard::on_large_stack(|| measure_here(original, rewrite, dialect, catalog, until)).ok().flatten()
}

fn measure_here(
    original: &str,
    rewrite: &str,
    dialect: Dialect,
    catalog: &Catalog,
    until: Instant,
) -> Option<Benefit> {
    // Planning alone cannot be cut short, and may take longer than all runs.
    let in_time = || (Instant::now() < until).then_some(());
    in_time()?;
    let tables = Tables::new(catalog, dialect);
    let one = bind::bind(original, dialect, &tables).ok()?;
    let two = bind::bind(rewrite, dialect, &tables).ok()?;
    // CHECKs are not kept here: nothing is called the same by these rows, and asking each cost more than running.
    let (schema, swaps) = tables.schema();
    let engine = Engine::new(swaps, Limits { run: LONGEST * 4, until }).ok()?;
    in_time()?;
    let one = engine.plan(&one).ok()?;
    in_time()?;
    let two = engine.plan(&two).ok()?;
    let generator = Generator::new(&schema, 1);
    let mut runs = Vec::new();
    for rows in SIZES {
        if in_time().is_none() {
            break;
        }
        engine.load(&generator.volume(rows)).ok()?;
        let (Some(original), Some(rewrite)) = (fastest(&engine, &one), fastest(&engine, &two)) else { break };
        let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        runs.push(Run { rows, original_ms: ms(original), rewrite_ms: ms(rewrite) });
        if original.max(rewrite) > LONGEST {
            break;
        }
    }
    let last = runs.last()?;
    let ratio = (last.original_ms / last.rewrite_ms.max(0.001) * 100.0).round() / 100.0;
    let summary = if ratio >= SHOWN {
        "faster"
    } else if ratio <= 1.0 / SHOWN {
        "slower"
    } else {
        "equivalent, benefit not shown"
    };
    Some(Benefit { method: "embedded engine, generated data", ratio, summary, runs })
}

/// The fastest of three runs: what disturbs a run only makes it slower.
fn fastest(engine: &Engine, query: &Query) -> Option<Duration> {
    let mut best: Option<Duration> = None;
    for _ in 0..3 {
        let time = engine.time(query).ok()?;
        best = Some(best.map_or(time, |best| best.min(time)));
        if time > LONGEST {
            break;
        }
    }
    best
}
