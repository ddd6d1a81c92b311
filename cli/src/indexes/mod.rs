//! `sqm indexes`: what would serve all texts together.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::indexes::{Advice, Index, advise_all};

use crate::args::{Format, Reading};
use crate::input;
use crate::print::{self, Out, harmless};
use crate::status::Status;

/// What `sqm indexes` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders (their .sql files) or - for standard input: together the workload.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    format: Format,
}

/// The answer: `query` of what an index serves is a position in `texts`.
#[derive(Serialize)]
struct Document<'a> {
    texts: Vec<&'a str>,
    dialect: Dialect,
    indexes: &'a [Index],
    notes: &'a [String],
}

/// All texts at once.
pub fn files(args: &Arguments, out: &mut Out) -> Result<Status> {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut first: Option<(Dialect, Arc<Catalog>)> = None;
    let status = input::each_text(&args.reading, &args.files, |text, dialect, known| {
        let (of_all, _) = first.get_or_insert_with(|| (dialect, Arc::clone(&known.catalog)));
        if *of_all != dialect {
            let complaint =
                format!("{}: left out: it is {dialect}, the texts before it are {of_all}", text.name);
            print::complain(&complaint);
            return Ok(Status::Unusable);
        }
        texts.push((text.name.clone(), text.sql.clone()));
        Ok(Status::Done)
    })?;
    let Some((dialect, catalog)) = first else { return Ok(status) };
    let queries: Vec<(&str, f64)> = texts.iter().map(|(_, sql)| (sql.as_str(), 1.0)).collect();
    let advice = advise_all(&queries, dialect, &catalog);
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    match args.format {
        Format::Json => {
            let Advice { indexes, notes } = &advice;
            writeln!(out, "{}", serde_json::to_string(&Document { texts: names, dialect, indexes, notes })?)?;
        }
        Format::Text => write(out, &names, &advice)?,
    }
    Ok(status)
}

fn write(out: &mut Out, names: &[&str], advice: &Advice) -> std::io::Result<()> {
    let style = out.style;
    if advice.indexes.is_empty() {
        writeln!(out, "{}", style.bold("no index"))?;
    }
    for index in &advice.indexes {
        writeln!(out, "{};", style.bold(harmless(&index.ddl)))?;
        writeln!(out, "   {}", harmless(&index.reason))?;
        let mut served: Vec<(&str, Vec<String>)> = Vec::new();
        for service in &index.serves {
            let name = service.query.and_then(|query| names.get(query)).copied().unwrap_or_default();
            let place = service.span.start.to_string();
            match served.last_mut().filter(|(last, _)| *last == name) {
                Some((_, places)) => places.push(place),
                None => served.push((name, vec![place])),
            }
        }
        for (name, places) in served {
            writeln!(out, "   {}", style.dim(format!("{}: {}", harmless(name), places.join(", "))))?;
        }
    }
    for note in &advice.notes {
        writeln!(out, "note: {}", harmless(note))?;
    }
    Ok(())
}
