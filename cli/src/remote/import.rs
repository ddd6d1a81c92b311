//! Records on their way to a server: as many lines at once as it takes, those again that it had no time for, and what
//! it says of each.

use anyhow::{Context, Result};
use serde_json::Value;
use sqm_import::Record;

use super::Remote;

/// Most lines of one request, and most bytes: less than the server takes.
const MOST_LINES: usize = 500;
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// How often a line is sent that the server was too busy for.
const ATTEMPTS: usize = 5;

/// What came of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub recorded: u64,
    pub known: u64,
    pub expired: u64,
    pub failed: u64,
}

/// An import under way.
pub struct Importer<'a> {
    remote: &'a Remote,
    lines: Vec<String>,
    bytes: usize,
    /// What came of it so far.
    pub totals: Totals,
}

impl<'a> Importer<'a> {
    /// Nothing is sent yet.
    pub fn new(remote: &'a Remote) -> Self {
        Self { remote, lines: Vec::new(), bytes: 0, totals: Totals::default() }
    }

    /// Adds a record, and sends those before it where they are enough. What the server refuses goes to `complain`.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses all.
    pub async fn add(&mut self, record: &Record, complain: &mut impl FnMut(String)) -> Result<()> {
        self.add_line(serde_json::to_string(record)?, complain).await
    }

    /// The same with a line that is written already.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn add_line(&mut self, line: String, complain: &mut impl FnMut(String)) -> Result<()> {
        if self.lines.len() >= MOST_LINES || self.bytes + line.len() > MOST_BYTES {
            self.send(complain).await?;
        }
        self.bytes += line.len() + 1;
        self.lines.push(line);
        Ok(())
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn finish(&mut self, complain: &mut impl FnMut(String)) -> Result<()> {
        self.send(complain).await
    }

    async fn send(&mut self, complain: &mut impl FnMut(String)) -> Result<()> {
        self.bytes = 0;
        let mut lines = std::mem::take(&mut self.lines);
        let mut attempt = 0;
        while !lines.is_empty() {
            attempt += 1;
            let report = self.remote.post_lines("/v1/imports", lines.join("\n")).await?;
            let again = self.take(&report, &lines, attempt < ATTEMPTS, complain)?;
            // A server that gets nothing done is not asked for ever.
            if again.len() < lines.len() {
                attempt = 0;
            }
            lines = again;
        }
        Ok(())
    }

    /// Counts what a report says, and gives the lines that are to be sent again.
    fn take(
        &mut self,
        report: &Value,
        lines: &[String],
        may_repeat: bool,
        complain: &mut impl FnMut(String),
    ) -> Result<Vec<String>> {
        let count = |name: &str| report[name].as_u64().unwrap_or(0);
        let totals = &mut self.totals;
        totals.created += count("created");
        totals.updated += count("updated");
        totals.unchanged += count("unchanged");
        let runs = |name: &str| report["runs"][name].as_u64().unwrap_or(0);
        totals.recorded += runs("recorded");
        totals.known += runs("known");
        totals.expired += runs("expired");
        let results = report["results"].as_array().context("the server answers with no report")?;
        let mut done = vec![false; lines.len()];
        let mut again = Vec::new();
        for result in results {
            let at = result["line"].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or(0);
            let Some(line) = at.checked_sub(1).and_then(|at| lines.get(at)) else { continue };
            done[at - 1] = true;
            let problem = &result["problem"];
            if problem.is_null() {
                continue;
            }
            let kind = problem["type"].as_str().unwrap_or_default();
            if may_repeat && matches!(kind, "/problems/unavailable" | "/problems/too-many-requests") {
                again.push(line.clone());
            } else {
                totals.failed += 1;
                complain(format!("{}: {}", named(line), told(problem)));
            }
        }
        // Those that there was no time for come first: others may rest on them.
        let left = lines.iter().zip(done).filter(|(_, done)| !done).map(|(line, _)| line.clone());
        Ok(left.chain(again).collect())
    }
}

/// What a line is called to whoever reads of it.
fn named(line: &str) -> String {
    let record: Value = serde_json::from_str(line).unwrap_or_default();
    let names = ["origin", "query", "name", "title"];
    let name = names.iter().find_map(|name| record[*name].as_str());
    name.unwrap_or("a record").to_owned()
}

fn told(problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let place = match (text("field"), problem["line"].as_u64(), problem["column"].as_u64()) {
        (field, Some(line), Some(column)) => format!(" ({field} {line}:{column})"),
        ("", ..) => String::new(),
        (field, ..) => format!(" ({field})"),
    };
    let detail = text("detail");
    format!("{}{place}", if detail.is_empty() { text("title") } else { detail })
}
