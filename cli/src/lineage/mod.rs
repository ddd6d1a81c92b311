//! `sqm lineage`.

mod form;
mod line;
mod plan;
mod report;
mod tree;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use sqm_sql::lineage::{self, Lineage, Options};

use form::Form;

use crate::args::{Bulk, Reading};
use crate::print::{Out, complain, harmless};
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
    #[arg(long, value_enum, default_value_t = Form::Text, value_name = "FORM", conflicts_with = "ndjson")]
    format: Form,
    #[command(flatten)]
    naming: Naming,
    /// What EXPLAIN printed: PostgreSQL's (VERBOSE, FORMAT JSON), or the JSON of DuckDB or MySQL. FILE is then
    /// the text that it was made for, if there is one, and what differs is said.
    #[arg(long, value_name = "PLAN", conflicts_with = "ndjson")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    pub bulk: Bulk,
}

/// What events call things.
#[derive(Debug, Clone, Args)]
pub struct Naming {
    /// In an event: the namespace of the job, whose name is that of the file.
    #[arg(long, value_name = "NAME", default_value = "sqm")]
    job_namespace: String,
    /// In an event: the data source of the tables; the dialect's name unless given.
    #[arg(long, value_name = "NAME")]
    dataset_namespace: Option<String>,
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
    if let Some(path) = &args.plan {
        let text = match args.files.as_slice() {
            [] => None,
            [text] => Some(text.as_path()),
            _ => bail!("--plan goes with one text, the one that it was made for"),
        };
        return plan::read_plan(path, text, &args.reading, &options, args.format, out);
    }
    let mut is_first = true;
    input::each_text(&args.reading, &args.files, |text, dialect, known| {
        let lineage = lineage::trace(&text.sql, dialect, &known.catalog, &options);
        match args.format {
            Form::Json => {
                let document = Document { id: &text.name, lineage: &lineage };
                writeln!(out, "{}", serde_json::to_string(&document)?)?;
            }
            Form::Text => {
                let gap = if std::mem::take(&mut is_first) { "" } else { "\n" };
                let name = out.style.bold(harmless(&text.name));
                writeln!(out, "{gap}{name}")?;
                report::write(out, text, &lineage)?;
            }
            form => {
                if form.is_drawing() && !std::mem::take(&mut is_first) {
                    bail!("{}: a drawing is of one text; name one file", text.name);
                }
                match form.show(text, dialect, &lineage, &args.naming) {
                    Ok(shown) => writeln!(out, "{}", shown.trim_end())?,
                    Err(unread) => complain(&unread.to_string()),
                }
            }
        }
        Ok(if lineage.is_whole() { Status::Done } else { Status::Found })
    })
}
