//! `sqm optimize`.

mod database;
mod line;
mod model;
mod script;
mod show;
mod statistics;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use sqm_database::{Runs, Weighed};
use sqm_sql::indexes::Index;
use sqm_sql::lint::{Finding, NOT_CHECKED};
use sqm_sql::rewrites::Alternative;
use sqm_verify::offer::{Offer, Options};

use crate::args::{Bulk, Effort, Format, Reading};
use crate::print::{self, Out};
use crate::status::Status;
use crate::{bulk, input};
use database::{Database, Found};
use model::Model;
use statistics::Known;

/// What `sqm optimize` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders (their .sql files) or - for standard input.
    #[arg(value_name = "FILE", conflicts_with = "ndjson")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// What is shown besides what can be used: rewrites that are not the same query, with the database that
    /// shows it.
    #[arg(long, value_enum, value_name = "WHAT")]
    include: Option<Include>,
    /// How a rewrite is shown.
    #[arg(long, value_enum, default_value_t = Show::Diff, value_name = "HOW", conflicts_with = "ndjson")]
    show: Show,
    /// Do not run originals and rewrites to see which is faster, neither on generated data nor on a database.
    #[arg(long)]
    no_measure: bool,
    /// What is known of the rows of the tables, a file of JSON: {"t": {"rows": 1000000, "columns": {"a":
    /// {"distinct": 4, "null_fraction": 0.1}}}}. Generated data has its proportions.
    #[arg(long, value_name = "FILE", conflicts_with = "no_measure")]
    statistics: Option<PathBuf>,
    /// Ask a PostgreSQL database what each rewrite brings, by its estimates. Its DSN is the value of the environment
    /// variable SQM_DATABASE_URL; nothing is written there.
    #[arg(long)]
    database: bool,
    /// Run queries on the database and compare times and results: those that read and do nothing else.
    #[arg(long, requires = "database", conflicts_with = "no_measure")]
    run: bool,
    /// Ask a model for rewrites too, each held against the original like every other one. SQM_MODEL_URL is the base URL
    /// of its chat endpoint, SQM_MODEL its name, SQM_MODEL_KEY its key. It is told the query without comments and literals.
    #[arg(long)]
    model: bool,
    #[command(flatten)]
    effort: Effort,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", conflicts_with = "ndjson")]
    format: Format,
    #[command(flatten)]
    pub bulk: Bulk,
}

/// What is shown besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Include {
    /// What the verifier refuted: never to be used.
    Refuted,
}

/// How a rewrite is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Show {
    /// As a difference from the original.
    Diff,
    /// As the whole new text.
    Sql,
}

/// What is written for a text.
#[derive(Serialize)]
pub struct Answer {
    #[serde(flatten)]
    failed: Option<bulk::Failed>,
    rewrites: Vec<Value>,
    alternatives: Vec<Alternative>,
    indexes: Vec<Index>,
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Weighed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    #[serde(flatten)]
    answer: Answer,
}

impl Arguments {
    fn options(&self) -> Options {
        let verification = self.effort.options();
        Options {
            time: verification.time.saturating_mul(5),
            verification,
            measure: !self.no_measure,
            ..Options::default()
        }
    }

    fn statistics(&self) -> Result<Option<Known>> {
        self.statistics.as_deref().map(Known::read).transpose()
    }

    fn database(&self) -> Result<Option<Database>> {
        let runs = if self.run { Runs::Allowed } else { Runs::Refused };
        self.database.then(|| Database::from_env(runs, self.options().time)).transpose()
    }

    fn model(&self) -> Result<Option<Model>> {
        self.model.then(Model::from_env).transpose()
    }
}

impl Answer {
    fn new(found: Found, include: Option<Include>, mut notes: Vec<String>) -> Self {
        let Found { optimization: found, weighed } = found;
        let refuted = if include == Some(Include::Refuted) { found.refuted } else { Vec::new() };
        notes.extend(found.notes);
        Self {
            failed: None,
            rewrites: found.rewrites.iter().chain(&refuted).map(rewrite).collect(),
            alternatives: found.alternatives,
            indexes: found.indexes,
            findings: found.findings,
            database: weighed,
            notes,
        }
    }
}

/// An offer as the contract has it: its benefit is an object, measured or not.
fn rewrite(offer: &Offer) -> Value {
    let mut value = serde_json::to_value(offer).unwrap_or_default();
    if offer.benefit.is_none() {
        value["benefit"] = json!({"method": null, "ratio": null, "summary": "not measured", "runs": []});
    }
    value
}

/// Line after line.
pub fn bulk(args: &Arguments) -> Result<Status> {
    let line = line::Line {
        options: args.options(),
        statistics: args.statistics()?,
        database: args.database()?,
        model: args.model()?,
        include: args.include,
    };
    bulk::run(line, &args.reading, &args.bulk)
}

/// Text after text.
pub fn files(args: &Arguments, out: &mut Out) -> Result<Status> {
    let (mut options, database, statistics) = (args.options(), args.database()?, args.statistics()?);
    let model = args.model()?;
    let mut is_first = true;
    input::each_text(&args.reading, &args.files, |text, dialect, known| {
        if let Some(statistics) = &statistics {
            options.statistics = statistics.of(&known.catalog)?;
        }
        let with = (database.as_ref(), model.as_ref());
        let found = script::optimize(&text.sql, dialect, &known.catalog, &options, with);
        let is_unread = found.optimization.findings.iter().any(|finding| finding.code == NOT_CHECKED.code);
        let notes: Vec<String> = input::grammar_note(dialect).into_iter().collect();
        match args.format {
            Format::Json => {
                let answer = Answer::new(found, args.include, notes);
                writeln!(out, "{}", serde_json::to_string(&Document { id: &text.name, answer })?)?;
            }
            Format::Text => {
                for note in notes {
                    print::complain(&format!("{}: {note}", text.name));
                }
                if !std::mem::take(&mut is_first) {
                    writeln!(out)?;
                }
                show::write(out, text, &found, args.show, args.include)?;
            }
        }
        Ok(if is_unread { Status::Found } else { Status::Done })
    })
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;
    use sqm_sql::catalog::Catalog;
    use sqm_verify::offer::{Candidate, judge};

    use super::*;

    #[test]
    fn refuted_rewrites_are_left_out_unless_asked_for() {
        let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a INT)", Dialect::Postgres).unwrap();
        let candidate = |sql: &str| Candidate {
            sql: sql.to_owned(),
            origin: "model:careless".to_owned(),
            title: String::new(),
            explanation: String::new(),
            conditions: Vec::new(),
        };
        let candidates = ["SELECT a FROM t WHERE a >= 1", "SELECT a FROM t WHERE 1 < a"].map(candidate);
        let sql = "SELECT a FROM t WHERE a > 1";
        let optimization = judge(sql, Dialect::Postgres, &catalog, candidates, &Options::default());
        let verdicts = |include: Option<Include>| -> Vec<Value> {
            let answer =
                Answer::new(Found { optimization: optimization.clone(), weighed: None }, include, Vec::new());
            answer.rewrites.into_iter().map(|rewrite| rewrite["verdict"].clone()).collect()
        };
        assert_eq!(verdicts(None), ["proved"]);
        assert_eq!(verdicts(Some(Include::Refuted)), ["proved", "refuted"]);
    }
}
