//! What is imported, read piece by piece.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::Args;
use jiff::Timestamp;
use sqm_domain::{CatalogName, Dialect, Tag};
use sqm_import::{Outcome, Record, dbt, pg_stat_statements, snowflake, sql_file};

use super::{Found, What, files, lines};
use crate::input;

/// Files and folders.
#[derive(Debug, Args)]
pub struct Sql {
    /// Folders, whose `.sql` files are imported, and files. A query is known again by its path below the folder.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// A dbt project.
#[derive(Debug, Args)]
pub struct Dbt {
    /// The folder target of the project, after `dbt compile` or `dbt run`, and `dbt docs generate` for the columns.
    #[arg(value_name = "FOLDER")]
    target: PathBuf,
}

/// A dump of statistics.
#[derive(Debug, Args)]
pub struct Statistics {
    /// The file, `-` for standard input; packed with gzip or not.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// When the statistics were read; without it, when the file was written.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// A file.
#[derive(Debug, Args)]
pub struct File {
    /// The file, `-` for standard input; packed with gzip or not.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What goes with all of it.
pub struct Given {
    pub dialect: Option<Dialect>,
    pub catalog: Option<CatalogName>,
    pub tags: Vec<Tag>,
}

/// Gives away what the source holds.
///
/// # Errors
/// What cannot be read at all, and what `take` says.
pub fn read(what: &What, given: &Given, take: &mut impl FnMut(Found) -> Result<()>) -> Result<()> {
    match what {
        What::Sql(Sql { paths }) => sql(paths, given, take),
        What::Dbt(Dbt { target }) => project(target, given, take),
        What::PgStatStatements(statistics) => {
            let at = match statistics.at {
                Some(at) => at,
                None => written(&statistics.file)?,
            };
            let options =
                pg_stat_statements::Options { at, catalog: given.catalog.clone(), tags: given.tags.clone() };
            let mut reader = pg_stat_statements::Reader::new(options);
            rows(&statistics.file, take, |bytes, out| reader.feed(bytes, &mut |it| out(it)))?;
            Gathered::default().of(|out| reader.finish(&mut |it| out(it))).give(take)
        }
        What::Snowflake(File { file }) => {
            let options = snowflake::Options { catalog: given.catalog.clone(), tags: given.tags.clone() };
            let mut reader = snowflake::Reader::new(options);
            let read = rows(file, take, |bytes, out| reader.feed(bytes, &mut |it| out(it)));
            // Executions that are held belong to what was read, whatever came after.
            Gathered::default().of(|out| reader.finish(&mut |it| out(it))).give(take)?;
            read
        }
        What::Records(File { file }) => lines::lines(file, |number, line| match line {
            Ok(line) => take(Found::Line(line)),
            Err(why) => take(Found::Broken(format!("line {number}"), why.to_owned())),
        }),
    }
}

fn sql(paths: &[PathBuf], given: &Given, take: &mut impl FnMut(Found) -> Result<()>) -> Result<()> {
    let options = sql_file::Options {
        dialect: given.dialect,
        catalog: given.catalog.clone(),
        tags: given.tags.clone(),
    };
    for file in files::of(paths)? {
        let read = file.and_then(|file| {
            let text = input::read(&file.path)?;
            Ok((sql_file::read(&file.name, text.sql, &options), file.name))
        });
        match read {
            Ok((Ok(query), _)) => take(Found::Outcome(Record::Query(query).into()))?,
            Ok((Err(why), name)) => take(Found::Broken(name, why))?,
            Err(unreadable) => take(Found::Unreadable(unreadable.to_string()))?,
        }
    }
    Ok(())
}

fn project(target: &Path, given: &Given, take: &mut impl FnMut(Found) -> Result<()>) -> Result<()> {
    let manifest = target.join("manifest.json");
    let manifest = std::fs::read_to_string(&manifest).with_context(|| {
        format!("{}: name the folder `target` of a project, after `dbt compile`", manifest.display())
    })?;
    let catalog = target.join("catalog.json");
    let catalog = match std::fs::read_to_string(&catalog) {
        Ok(catalog) => Some(catalog),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| catalog.display().to_string()),
    };
    let options =
        dbt::Options { dialect: given.dialect, catalog: given.catalog.clone(), tags: given.tags.clone() };
    let outcomes = dbt::read(&manifest, catalog.as_deref(), &options).map_err(anyhow::Error::msg)?;
    outcomes.into_iter().try_for_each(|outcome| take(Found::Outcome(outcome)))
}

/// Feeds a reader with a file. What it gives is given away chunk by chunk, so that little is in memory.
fn rows(
    file: &Path,
    take: &mut impl FnMut(Found) -> Result<()>,
    mut feed: impl FnMut(&[u8], &mut Gather<'_>),
) -> Result<()> {
    lines::chunks(file, |bytes| Gathered::default().of(|out| feed(bytes, out)).give(take))
}

type Gather<'a> = dyn FnMut(Outcome) + 'a;

/// What a reader gave of one chunk.
#[derive(Default)]
struct Gathered(Vec<Outcome>);

impl Gathered {
    fn of(mut self, read: impl FnOnce(&mut Gather<'_>)) -> Self {
        read(&mut |outcome| self.0.push(outcome));
        self
    }

    fn give(self, take: &mut impl FnMut(Found) -> Result<()>) -> Result<()> {
        self.0.into_iter().try_for_each(|outcome| take(Found::Outcome(outcome)))
    }
}

fn written(file: &Path) -> Result<Timestamp> {
    if file.to_str() == Some("-") {
        return Ok(Timestamp::now());
    }
    let modified: SystemTime =
        std::fs::metadata(file).and_then(|it| it.modified()).with_context(|| file.display().to_string())?;
    Ok(Timestamp::try_from(modified)?)
}
