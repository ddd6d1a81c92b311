//! What a rewrite brings where no database is at hand: both are run in the embedded engine on generated data,
//! and nowhere else. That is a hint of growth, not a promise for another engine.

use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;

use super::{Benefit, Run};
use crate::bind::{self, Tables};
use crate::engine::{Engine, Limits, Query};
use crate::generate::Generator;

/// Rows of each table at which both are run.
const SIZES: [usize; 3] = [250, 1_000, 4_000];

/// Once a run takes longer, larger tables are not tried.
const LONGEST: Duration = Duration::from_millis(400);

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
        runs.push(Run { rows: Some(rows), original_ms: ms(original), rewrite_ms: ms(rewrite) });
        if original.max(rewrite) > LONGEST {
            break;
        }
    }
    Benefit::generated(runs)
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
