//! `sqm`: lineage, findings, verified rewrites, indexes, plans and verdicts on the command line, without a server; and
//! imports into one.
//!
//! A shell: what a query means, the crates below know. Here are arguments, texts in, answers out.

mod args;
mod bulk;
mod import;
mod indexes;
mod input;
mod job;
mod lineage;
mod lint;
mod optimize;
mod plan;
mod print;
mod remote;
mod status;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use sqm_sql::guard;

use crate::args::{Cli, Command};
use crate::print::Out;
use crate::status::Status;

fn main() -> ExitCode {
    let cli = Cli::parse();
    bulk::keep_panics_quiet();
    match run(cli) {
        Ok(status) => status.into(),
        // Whoever reads has read enough, as with `| head`.
        Err(error) if is_broken_pipe(&error) => Status::Done.into(),
        Err(error) => {
            print::complain(&format!("{error:#}"));
            Status::Unusable.into()
        }
    }
}

fn run(cli: Cli) -> Result<Status> {
    let color = cli.color;
    match cli.command {
        Command::Lineage(args) if args.bulk.ndjson => lineage::bulk(&args),
        Command::Lint(args) if args.bulk.ndjson => lint::bulk(&args),
        Command::Optimize(args) if args.bulk.ndjson => optimize::bulk(&args),
        Command::Verify(args) if args.bulk.ndjson => verify::bulk(&args),
        // Trees of deep texts live on a large stack: one for all of the files.
        command => guard::on_large_stack(move || {
            let mut out = Out::new(color);
            let status = match command {
                Command::Export(args) => import::export(&args, &mut out),
                Command::Import(args) => import::run(&args, &mut out),
                Command::Indexes(args) => indexes::files(&args, &mut out),
                Command::Job(args) => job::follow(&args, &mut out),
                Command::Lineage(args) => lineage::files(&args, &mut out),
                Command::Lint(args) => lint::files(&args, &mut out),
                Command::Optimize(args) => optimize::files(&args, &mut out),
                Command::Plan(args) => plan::file(&args, &mut out),
                Command::Verify(args) => verify::files(&args, &mut out),
            }?;
            out.flush()?;
            Ok(status)
        })?,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let of_io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let of_json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    of_io.or(of_json) == Some(io::ErrorKind::BrokenPipe)
}
