//! The arguments that commands share. What only one of them takes stands beside that command.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sqm_domain::Dialect;
use sqm_sql::lint::Severity;

use crate::status;
use crate::{import, indexes, job, lineage, lint, optimize, plan, verify};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default());

/// Lineage, findings, verified rewrites and verdicts for SQL of many dialects.
#[derive(Debug, Parser)]
#[command(name = "sqm", version, styles = STYLES, after_help = status::HELP, arg_required_else_help = true)]
pub struct Cli {
    /// When to colour what people read; NO_COLOR counts too.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// All that a workspace holds, as lines of JSON that `import records` takes.
    #[command(after_help = status::HELP)]
    Export(import::Export),
    /// Bring queries, and how they ran, from where they are to a server.
    #[command(after_help = status::HELP)]
    Import(import::Arguments),
    /// Which indexes would serve all texts together, and are not there yet.
    #[command(after_help = status::HELP)]
    Indexes(indexes::Arguments),
    /// How far the analysis of what was brought to a server is, until it is finished.
    #[command(after_help = status::HELP)]
    Job(job::Arguments),
    /// Which tables are read and written, and which column comes from which.
    #[command(after_help = status::HELP)]
    Lineage(lineage::Arguments),
    /// What is likely wrong, slow, unsafe or unclear, and where.
    #[command(after_help = status::HELP)]
    Lint(lint::Arguments),
    /// Other ways to say the same, each with a verdict whether it is the same.
    #[command(after_help = status::HELP)]
    Optimize(optimize::Arguments),
    /// What is wrong with a plan that EXPLAIN of a database prints, and where in the query.
    #[command(after_help = status::HELP)]
    Plan(plan::Arguments),
    /// Whether two queries are the same query.
    #[command(after_help = status::HELP)]
    Verify(verify::Arguments),
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a file, one a line: the form of --ndjson with the file's name as `id`.
    Json,
}

/// From which severity on a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// An info does, and all that is graver.
    Info,
    /// A warning does, and an error.
    Warning,
    /// An error does.
    Error,
    /// None does.
    Nothing,
}

impl Deny {
    /// Whether one of this severity does.
    pub fn stops_at(self, severity: Severity) -> bool {
        match self {
            Self::Info => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Nothing => false,
        }
    }
}

/// How texts are read.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// The dialect. Without it the one that a text names in its first comment lines, as
    /// `-- dialect: snowflake`, or else generic. With --ndjson it is that of lines without a `dialect`.
    #[arg(short, long, value_name = "NAME")]
    pub dialect: Option<Dialect>,
    /// What the tables are: a file of DDL or of JSON, {"t": ["col", …]} or
    /// {"t": {"cols": {"a": "INT"}, "not_null": […], "pk": […], "unique": [[…]], "fk": [[[…], "u", […]]],
    /// "indexes": [[…]]}}.
    /// With --ndjson it is that of lines without a `schema`.
    #[arg(short, long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// The dialect of the DDL, where it is not that of the text.
    #[arg(long, value_name = "NAME", requires = "schema")]
    pub schema_dialect: Option<Dialect>,
}

/// Many texts at once.
#[derive(Debug, Clone, Args)]
pub struct Bulk {
    /// Read one JSON object a line from standard input and write one a line: line N answers line N.
    #[arg(long, help_heading = "Bulk")]
    pub ndjson: bool,
    /// How many lines are worked on at once; all cores unless given.
    #[arg(short, long, value_name = "N", requires = "ndjson", help_heading = "Bulk")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// At the end write {"items", "cpu_s", "wall_s", "peak_rss_mb"} to standard error: of the work alone,
    /// reading and printing left out.
    #[arg(long, requires = "ndjson", help_heading = "Bulk")]
    pub stats: bool,
}

/// How much is tried before a verdict.
#[derive(Debug, Clone, Args)]
pub struct Effort {
    /// How many databases are generated to find a difference.
    #[arg(long, value_name = "N", default_value_t = sqm_verify::Options::default().databases)]
    databases: usize,
    /// Where the random numbers start: the same seed gives the same databases, in the same order. How many of
    /// them there is time for is the machine's business.
    #[arg(long, value_name = "N", default_value_t = sqm_verify::Options::default().seed)]
    seed: u64,
    /// After so many seconds no further database is tried for a pair; optimize as a whole ends after five
    /// times as many.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    timeout: Duration,
}

impl Effort {
    /// For one pair.
    pub fn options(&self) -> sqm_verify::Options {
        let Self { databases, seed, timeout } = *self;
        sqm_verify::Options { databases, seed, time: timeout, ..sqm_verify::Options::default() }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
