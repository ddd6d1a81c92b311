//! `sqm lineage --plan`: the lineage of what really ran, and where that is not what the text says.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sqm_sql::lineage::{Lineage, Options};
use sqm_sql::plan::{self, Compared, Difference, What, Where};

use super::form::Form;
use super::report;
use crate::args::Reading;
use crate::input::{Catalogs, Text, dialect_of, read};
use crate::print::{Out, Style, complain, harmless};
use crate::status::Status;

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    #[serde(flatten)]
    compared: &'a Compared,
}

/// Reads a plan and, where there is one, the text that it was made for.
pub fn read_plan(
    path: &Path,
    text: Option<&Path>,
    reading: &Reading,
    options: &Options,
    form: Form,
    out: &mut Out,
) -> Result<Status> {
    let given = read(path)?;
    let value = serde_json::from_str(&given.sql)
        .with_context(|| format!("{}: this is no plan in JSON", given.name))?;
    let text = text.map(read).transpose()?;
    let texts: Vec<&Text> = text.iter().collect();
    let of_plan = reading.dialect.or_else(|| plan::dialect_of(&value));
    let dialect = dialect_of(&texts, of_plan);
    let known = Catalogs::of(reading)?.file(dialect)?;
    for problem in known.news() {
        complain(problem);
    }
    let compared = text.as_ref().map(|text| plan::Text { sql: &text.sql, dialect });
    let compared = plan::read(&value, compared, &known.catalog, options)
        .with_context(|| format!("{}: not read", given.name))?;
    match form {
        Form::Json => {
            let document = Document { id: &given.name, compared: &compared };
            writeln!(out, "{}", serde_json::to_string(&document)?)?;
        }
        Form::Text => write(out, &given, text.as_ref(), &compared)?,
        _ => bail!("a plan is shown as text or json"),
    }
    let is_read = compared.plan.lineage.is_whole() && compared.text.as_ref().is_none_or(Lineage::is_whole);
    Ok(if is_read && compared.differences.is_empty() { Status::Done } else { Status::Found })
}

fn write(out: &mut Out, given: &Text, text: Option<&Text>, compared: &Compared) -> Result<()> {
    let style = out.style;
    let plan = &compared.plan;
    writeln!(out, "{}", style.bold(harmless(&given.name)))?;
    match &plan.sql {
        // Places are in the query that the plan amounts to, which nobody has seen.
        Some(_) => report::write(out, given, &plan.lineage)?,
        None => {
            for (table, columns) in &plan.columns_read {
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                let line = format!("{table}: {}", columns.join(", "));
                writeln!(out, "{}{}", style.dim("reads   "), harmless(&line))?;
            }
        }
    }
    let Some(text) = text else { return Ok(()) };
    writeln!(out)?;
    if compared.differences.is_empty() {
        writeln!(out, "{} says the same.", harmless(&text.name))?;
        return Ok(());
    }
    writeln!(out, "{}", style.bold(format!("What differs from {}", harmless(&text.name))))?;
    for difference in &compared.differences {
        writeln!(out, "{}", said(difference, style))?;
    }
    Ok(())
}

fn said(difference: &Difference, style: Style) -> String {
    let who = match difference.only_in {
        Where::Plan => "only the plan",
        Where::Text => "only the text",
    };
    let does = match difference.what {
        What::TableIn => "reads the table",
        What::TableOut => "writes the table",
        What::Column => "reads the column",
        What::Value => "has the value of",
    };
    let into = difference.target.as_ref().map_or_else(String::new, |target| format!(" in {target}"));
    let what = format!("{}{into}", difference.source);
    format!("{} {does} {}", style.yellow(who), harmless(&what))
}
