//! All lines on one thread.

use std::io::{self, BufWriter, Write};

use anyhow::Result;

use super::lines::Lines;
use super::respond::respond;
use super::stats::Meter;
use super::{Analysis, Context};

/// Reads, answers and writes one line after the other.
pub fn run<A: Analysis>(analysis: &A, context: &mut Context, meter: &Meter) -> Result<()> {
    let mut lines = Lines::new(io::stdin().lock());
    let mut out = BufWriter::with_capacity(128 * 1024, io::stdout().lock());
    loop {
        // Before waiting: whoever reads may be waiting for this answer before asking on.
        if !lines.has_line() {
            out.flush()?;
        }
        let Some(line) = lines.next().map_err(super::reading_failed)? else { break };
        out.write_all(&respond(analysis, &line, context, meter))?;
        meter.count();
    }
    out.flush()?;
    Ok(())
}
