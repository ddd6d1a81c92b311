//! Many texts at once: one JSON object a line in, one a line out, in the same order.
//!
//! Line N of the output answers line N of the input whatever it holds. Only so much is in memory at a
//! time, and what is ready is flushed before anybody waits. Nothing here knows what is done with a line.

mod broken;
mod item;
mod lines;
mod one;
mod pool;
mod respond;
pub mod schema;
mod stats;

pub use broken::{careful, keep_panics_quiet};
pub use item::{Item, Refusal};
pub use respond::{Failed, notes};

use std::io::Write;
use std::sync::Arc;

use anyhow::{Result, ensure};
use serde::Serialize;
use sqm_domain::Dialect;
use sqm_sql::guard;

use crate::args::{Bulk, Reading};
use crate::input::{Catalogs, Known};
use crate::status::Status;
use stats::Meter;

/// What a command makes of a line.
pub trait Analysis: Send + Sync + 'static {
    /// What it writes, apart from the id.
    type Answer: Serialize;

    /// The work.
    ///
    /// # Errors
    /// What of the line cannot be used.
    fn analyse(&self, item: &Item<'_>, context: &mut Context) -> Result<Self::Answer, Refusal>;

    /// What is written for a line that cannot be used.
    fn refuse(&self, refusal: Refusal) -> Self::Answer;
}

/// What goes with every line. Each thread has its own.
#[derive(Clone)]
pub struct Context {
    /// The dialect of lines that name none.
    dialect: Dialect,
    catalogs: Catalogs,
}

impl Context {
    /// The dialect of a line, and what there is to say where its name is not known.
    pub fn dialect(&self, item: &Item<'_>) -> (Dialect, Option<String>) {
        item.dialect().unwrap_or((self.dialect, None))
    }

    /// What is known of the tables of a line.
    ///
    /// # Errors
    /// Why its schema declares none.
    pub fn known(&mut self, item: &Item<'_>, dialect: Dialect) -> Result<Known, Refusal> {
        let known = match item.schema() {
            Some(raw) => self.catalogs.line(raw, dialect).map_err(|why| format!("schema: {why}")),
            None => self.catalogs.file(dialect).map_err(|error| format!("{error:#}")),
        };
        known.map_err(Refusal::new)
    }
}

/// Answers every line of standard input.
///
/// # Errors
/// What is wrong with the arguments, or with reading and writing; never a line.
pub fn run<A: Analysis>(analysis: A, reading: &Reading, bulk: &Bulk) -> Result<Status> {
    ensure!(
        reading.schema.as_deref().is_none_or(|path| path.as_os_str() != "-"),
        "--schema -: standard input holds the lines; name a file"
    );
    let dialect = reading.dialect.unwrap_or(Dialect::Generic);
    let mut context = Context { dialect, catalogs: Catalogs::of(reading)? };
    // A schema that cannot be used is a wrong argument, not a wrong line.
    context.catalogs.file(dialect)?;
    let jobs = bulk.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from);
    let meter = Arc::new(Meter::new(bulk.stats));
    if jobs == 1 {
        guard::on_large_stack(|| one::run(&analysis, &mut context, &meter))??;
    } else {
        pool::run(Arc::new(analysis), &context, jobs, &meter)?;
    }
    if bulk.stats {
        let _ = writeln!(std::io::stderr().lock(), "{}", meter.report());
    }
    Ok(Status::Done)
}

fn reading_failed(error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("standard input")
}
