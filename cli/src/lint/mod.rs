//! `sqm lint`.

mod line;
mod report;
mod rules;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use sqm_sql::complexity::{self, Complexity};
use sqm_sql::lint::{Config, Finding};

use crate::args::{Bulk, Deny, Format, Reading};
use crate::print::Out;
use crate::status::Status;
use crate::{bulk, input};
use report::Tally;
use rules::Level;

/// What `sqm lint` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders (their .sql files) or - for standard input.
    #[arg(value_name = "FILE", conflicts_with = "ndjson")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// The severity from which on a finding makes the exit code 1.
    #[arg(long, value_enum, default_value_t = Deny::Error, value_name = "SEVERITY", conflicts_with = "ndjson")]
    deny: Deny,
    /// Only these rules: code, start of a code (a group) or name; several with commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Not these rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,
    /// How loudly a rule speaks: off, info, warning or error.
    #[arg(long, value_name = "RULE=LEVEL", value_delimiter = ',')]
    level: Vec<Level>,
    /// The same in a file of TOML, by default sqm.toml where there is one: a table [rules] with only = [...],
    /// ignore = [...] and levels = { SQM301 = "error" }. The options above add to it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Say how much there is to each text as well: a score, and the parts that it is the sum of.
    #[arg(long, conflicts_with = "ndjson")]
    complexity: bool,
    /// Print what a rule finds and why, instead of looking for it; `all` lists the rules.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["files", "ndjson"])]
    explain: Option<String>,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", conflicts_with = "ndjson")]
    format: Format,
    #[command(flatten)]
    pub bulk: Bulk,
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    complexity: Option<Complexity>,
}

impl Arguments {
    fn config(&self) -> Result<Config> {
        rules::config(self.config.as_deref(), &self.only, &self.ignore, &self.level)
    }
}

/// Line after line.
pub fn bulk(args: &Arguments) -> Result<Status> {
    bulk::run(line::Line { config: args.config()? }, &args.reading, &args.bulk)
}

/// Text after text.
pub fn files(args: &Arguments, out: &mut Out) -> Result<Status> {
    if let Some(rule) = &args.explain {
        write!(out, "{}", rules::explained(rule)?)?;
        return Ok(Status::Done);
    }
    let config = args.config()?;
    let mut tally = Tally::default();
    let status = input::each_text(&args.reading, &args.files, |text, dialect, known| {
        let findings = sqm_sql::rules::lint(&text.sql, dialect, &known.catalog, &config);
        let complexity = match args.complexity {
            true => complexity::of(&text.sql, dialect, &known.catalog).ok().flatten(),
            false => None,
        };
        match args.format {
            Format::Json => {
                let document = Document { id: &text.name, findings: &findings, complexity };
                writeln!(out, "{}", serde_json::to_string(&document)?)?;
            }
            Format::Text => {
                report::write(out, text, &findings)?;
                if let Some(complexity) = complexity {
                    report::write_complexity(out, text, &complexity)?;
                }
            }
        }
        tally.add(&findings);
        let stops = findings.iter().any(|finding| args.deny.stops_at(finding.severity));
        Ok(if stops { Status::Found } else { Status::Done })
    })?;
    if args.format == Format::Text {
        writeln!(out, "{tally}")?;
    }
    Ok(status)
}
