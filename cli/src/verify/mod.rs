//! `sqm verify`.

mod line;
mod show;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use sqm_verify::{Options, Verdict, verify};

use crate::args::{Bulk, Effort, Format, Reading};
use crate::bulk;
use crate::input::{self, Catalogs};
use crate::print::{self, Out};
use crate::status::Status;

pub use show::write_verdict;

/// What `sqm verify` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file of the first query, or - for standard input.
    #[arg(value_name = "A", required_unless_present = "ndjson", conflicts_with = "ndjson")]
    first: Option<PathBuf>,
    /// The file of the second query, or - for standard input.
    #[arg(value_name = "B", required_unless_present = "ndjson", conflicts_with = "ndjson")]
    second: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    effort: Effort,
    /// Compare the names of the outputs too, in any case.
    #[arg(long)]
    names: bool,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", conflicts_with = "ndjson")]
    format: Format,
    #[command(flatten)]
    pub bulk: Bulk,
}

impl Arguments {
    fn options(&self) -> Options {
        Options { names: self.names, ..self.effort.options() }
    }
}

/// Line after line.
pub fn bulk(args: &Arguments) -> Result<Status> {
    bulk::run(line::Line { options: args.options() }, &args.reading, &args.bulk)
}

/// One pair of files.
pub fn files(args: &Arguments, out: &mut Out) -> Result<Status> {
    let (Some(first), Some(second)) = (&args.first, &args.second) else { return Ok(Status::Unusable) };
    let (first, second) = (input::read(first)?, input::read(second)?);
    let dialect = input::dialect_of(&[&first, &second], args.reading.dialect);
    let known = Catalogs::of(&args.reading)?.file(dialect)?;
    known.news().iter().for_each(|problem| print::complain(problem));
    let verification = verify(&first.sql, &second.sql, dialect, &known.catalog, &args.options());
    match args.format {
        Format::Json => {
            let mut answer = verification.to_contract();
            answer["id"] = json!([first.name, second.name]);
            writeln!(out, "{answer}")?;
        }
        Format::Text => {
            if let Some(note) = input::grammar_note(dialect) {
                print::complain(&note);
            }
            let style = out.style;
            write_verdict(out, style, &verification, "")?;
            if args.reading.schema.is_none() && matches!(verification.verdict, Verdict::Unknown { .. }) {
                writeln!(out, "without --schema no table is known, so only queries of constants can be run")?;
            }
        }
    }
    Ok(match verification.verdict {
        Verdict::Proved { .. } | Verdict::Tested { .. } => Status::Done,
        Verdict::Refuted { .. } => Status::Found,
        Verdict::Unknown { .. } => Status::Unknown,
    })
}
