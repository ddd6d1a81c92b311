//! `sqm plan`.

mod report;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde::Serialize;
use sqm_domain::Dialect;
use sqm_sql::explain::{self, Engine, Explained, Printed, Text};

use crate::args::{Deny, Format, Reading};
use crate::input::{self, Catalogs};
use crate::print::{self, Out};
use crate::status::Status;

/// What `sqm plan` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file of the plan, as EXPLAIN prints it, or - for standard input.
    #[arg(value_name = "FILE")]
    plan: PathBuf,
    /// The file of the query that the plan was made for: findings say where in it.
    #[arg(long, value_name = "FILE")]
    sql: Option<PathBuf>,
    /// Whose plan it is: postgres, mysql, duckdb, sqlite or snowflake. Without it the plan's form says so.
    #[arg(short, long, value_name = "NAME")]
    engine: Option<Engine>,
    /// The dialect of the query. Without it the one that it names in its first comment lines, or else the
    /// engine's.
    #[arg(short, long, value_name = "NAME")]
    dialect: Option<Dialect>,
    /// What the tables are: a file of DDL or of JSON. Its keys say which indexes there are.
    #[arg(short, long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// The dialect of the DDL, where it is not that of the query.
    #[arg(long, value_name = "NAME", requires = "schema")]
    schema_dialect: Option<Dialect>,
    /// The severity from which on a finding makes the exit code 1.
    #[arg(long, value_enum, default_value_t = Deny::Error, value_name = "SEVERITY")]
    deny: Deny,
    /// What the answer looks like.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    format: Format,
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    #[serde(flatten)]
    explained: &'a Explained,
}

/// One plan.
pub fn file(args: &Arguments, out: &mut Out) -> Result<Status> {
    let printed = input::read_plan(&args.plan)?;
    let sql = args.sql.as_ref().map(|path| input::read(path)).transpose()?;
    let of_plan = |error| anyhow!("{}: {error}", printed.name);
    let plan = explain::parse(Printed::Text(&printed.sql), args.engine).map_err(of_plan)?;
    let named = sql.as_ref().map(|sql| input::dialect_of(&[sql], args.dialect));
    let dialect = named.or(args.dialect).filter(|dialect| *dialect != Dialect::Generic);
    let dialect = dialect.unwrap_or(plan.engine.dialect());
    let reading =
        Reading { dialect: args.dialect, schema: args.schema.clone(), schema_dialect: args.schema_dialect };
    let known = Catalogs::of(&reading)?.file(dialect)?;
    known.news().iter().for_each(|problem| print::complain(problem));
    let text = sql.as_ref().map(|sql| Text { sql: &sql.sql, dialect });
    let explained = explain::examine(plan, text, &known.catalog)?;
    match args.format {
        Format::Json => {
            let document = Document { id: &printed.name, explained: &explained };
            writeln!(out, "{}", serde_json::to_string(&document)?)?;
        }
        Format::Text => report::write(out, &printed.name, sql.as_ref(), &explained)?,
    }
    let stops = explained.findings.iter().any(|finding| args.deny.stops_at(finding.severity));
    Ok(if stops { Status::Found } else { Status::Done })
}
