//! `sqm lineage`.

mod line;
mod report;
mod tree;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;
use sqm_sql::lineage::{self, Lineage, Options};

use crate::args::{Bulk, Format, Reading};
use crate::print::{Out, harmless};
use crate::status::Status;
use crate::{bulk, input};

/// What `sqm lineage` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders (their .sql files) or - for standard input.
    #[arg(value_name = "FILE", conflicts_with = "ndjson")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// The database of names that give none.
    #[arg(long, value_name = "NAME")]
    default_db: Option<String>,
    /// The schema of names that give none.
    #[arg(long, value_name = "NAME")]
    default_schema: Option<String>,
    /// Whether a view of the schema is an end or is looked through.
    #[arg(long, value_enum, default_value_t = Views::Stop, value_name = "HOW")]
    views: Views,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", conflicts_with = "ndjson")]
    format: Format,
    #[command(flatten)]
    pub bulk: Bulk,
}

/// What a view is to the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Views {
    /// A table like any other.
    Stop,
    /// Its query: lineage goes on to base tables.
    Follow,
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            default_db: self.default_db.clone(),
            default_schema: self.default_schema.clone(),
            views: match self.views {
                Views::Stop => lineage::Views::Stop,
                Views::Follow => lineage::Views::Follow,
            },
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    #[serde(flatten)]
    lineage: &'a Lineage,
}

/// Line after line.
pub fn bulk(args: &Arguments) -> Result<Status> {
    bulk::run(line::Line { options: args.options() }, &args.reading, &args.bulk)
}

/// Text after text.
pub fn files(args: &Arguments, out: &mut Out) -> Result<Status> {
    let options = args.options();
    let mut is_first = true;
    input::each_text(&args.reading, &args.files, |text, dialect, known| {
        let lineage = lineage::trace(&text.sql, dialect, &known.catalog, &options);
        match args.format {
            Format::Json => {
                let document = Document { id: &text.name, lineage: &lineage };
                writeln!(out, "{}", serde_json::to_string(&document)?)?;
            }
            Format::Text => {
                let gap = if std::mem::take(&mut is_first) { "" } else { "\n" };
                let name = out.style.bold(harmless(&text.name));
                writeln!(out, "{gap}{name}")?;
                report::write(out, text, &lineage)?;
            }
        }
        let is_whole = lineage.ok && lineage.statements.iter().all(|statement| statement.error.is_none());
        Ok(if is_whole { Status::Done } else { Status::Found })
    })
}
