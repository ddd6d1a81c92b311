//! `sqm import`: what other tools keep of queries, brought to a server; `sqm export`: all that is there, as lines.

mod export;
mod files;
mod lines;
mod source;

pub use export::{Export, export};

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};
use sqm_domain::{CatalogName, Dialect, Tag};
use sqm_import::Outcome;
use tokio::runtime::{Builder, Runtime};

use crate::print;
use crate::remote::{Importer, Server};
use crate::status::Status;
use source::Given;

/// The arguments.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: Server,
    /// Write the records to standard output, one JSON object a line, and send nothing.
    #[arg(long, global = true)]
    dry_run: bool,
    /// The dialect of what names none.
    #[arg(short, long, value_name = "NAME", global = true)]
    dialect: Option<Dialect>,
    /// The stored catalog that describes the tables; for dbt, what the project's catalog is called.
    #[arg(short, long, value_name = "NAME", global = true)]
    catalog: Option<CatalogName>,
    /// A tag of all queries; may be given more than once.
    #[arg(short, long, value_name = "TAG", global = true)]
    tag: Vec<Tag>,
}

/// What is imported.
#[derive(Debug, Subcommand)]
enum What {
    /// Folders and files of SQL, whose first comment lines may say title, description, tags, owner, dialect, catalog.
    Sql(source::Sql),
    /// A dbt project, out of the manifest.json and catalog.json in its folder target.
    Dbt(source::Dbt),
    /// PostgreSQL's pg_stat_statements, as `psql --csv` writes it: queries, and how often and how long they ran.
    PgStatStatements(source::Statistics),
    /// Snowflake's QUERY_HISTORY as CSV: queries and their executions.
    Snowflake(source::File),
    /// Records, one JSON object a line: an export, or what --dry-run has written.
    Records(source::File),
}

/// Imports.
///
/// # Errors
/// What cannot be read at all, or a server that cannot be reached.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Status> {
    let given =
        Given { dialect: arguments.dialect, catalog: arguments.catalog.clone(), tags: arguments.tag.clone() };
    let mut skipped = 0_u64;
    let mut broken = 0_u64;
    if arguments.dry_run {
        let done = source::read(&arguments.what, &given, &mut |found| {
            match found {
                Found::Outcome(Outcome::Record(record)) => {
                    serde_json::to_writer(&mut *out, &record)?;
                    writeln!(out)?;
                }
                Found::Outcome(Outcome::Skipped(it)) => note(&mut skipped, &it.place, &it.why),
                Found::Line(line) => writeln!(out, "{line}")?,
                Found::Broken(place, why) => note(&mut broken, &place, &why),
                Found::Unreadable(told) => {
                    broken += 1;
                    print::complain(&told);
                }
            }
            Ok(())
        });
        done?;
        return Ok(if broken > 0 { Status::Unusable } else { Status::Done });
    }
    let remote = arguments.server.remote()?;
    let mut importer = Importer::new(&remote);
    let runtime = runtime()?;
    let mut complain = |what: String| print::complain(&what);
    source::read(&arguments.what, &given, &mut |found| match found {
        Found::Outcome(Outcome::Record(record)) => runtime.block_on(importer.add(&record, &mut complain)),
        Found::Line(line) => runtime.block_on(importer.add_line(line, &mut complain)),
        Found::Outcome(Outcome::Skipped(it)) => {
            note(&mut skipped, &it.place, &it.why);
            Ok(())
        }
        Found::Broken(place, why) => {
            note(&mut broken, &place, &why);
            Ok(())
        }
        Found::Unreadable(told) => {
            broken += 1;
            print::complain(&told);
            Ok(())
        }
    })?;
    runtime.block_on(importer.finish(&mut complain))?;
    let totals = &importer.totals;
    writeln!(
        out,
        "{} created, {} updated, {} unchanged, {} failed, {} left out",
        totals.created,
        totals.updated,
        totals.unchanged,
        totals.failed,
        skipped + broken
    )?;
    if totals.recorded + totals.known + totals.expired > 0 {
        writeln!(
            out,
            "executions: {} recorded, {} known, {} too old to be kept",
            totals.recorded, totals.known, totals.expired
        )?;
    }
    Ok(match (broken > 0, totals.failed > 0) {
        (true, _) => Status::Unusable,
        (false, true) => Status::Found,
        (false, false) => Status::Done,
    })
}

/// What a source gives.
enum Found {
    Outcome(Outcome),
    /// A record that is written already.
    Line(String),
    /// A place that cannot be read, and why; the others are read all the same.
    Broken(String, String),
    /// The same of a file that could not be opened, as it is told.
    Unreadable(String),
}

fn note(count: &mut u64, place: &str, why: &str) {
    *count += 1;
    print::complain(&format!("{place}: {why}"));
}

/// A runtime for requests, one after the other.
fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
