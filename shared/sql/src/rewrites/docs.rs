//! The documentation of the rewrites, which stands on them: its examples, for whoever executes them.
//!
//! A section `## Tables` holds DDL. Each `## Bad` is followed by the `## Good` that a rewrite makes of it;
//! the SQL under `## Kept` is left alone.

use sqm_domain::Dialect;

use super::SOURCES;

/// An example of a rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The name of the rewrite.
    pub rewrite: &'static str,
    /// The DDL of the tables, as PostgreSQL takes it.
    pub tables: String,
    /// The dialect of the example.
    pub dialect: Dialect,
    /// A query.
    pub sql: String,
    /// What the rewrite makes of it; `None` where the condition of the rewrite does not hold.
    pub becomes: Option<String>,
}

/// The examples of all rewrites.
pub fn examples() -> Vec<Example> {
    SOURCES.iter().flat_map(|(name, source)| of_source(name, source)).collect()
}

/// The examples of one documentation.
pub(super) fn of_source(rewrite: &'static str, source: &str) -> Vec<Example> {
    let blocks = blocks(source);
    let of = |wanted: &'static str| blocks.iter().filter(move |(section, ..)| section == wanted);
    let tables = of("Tables").map(|(.., sql)| sql.as_str()).collect::<Vec<_>>().join("\n");
    let example = |dialect: Dialect, sql: &str, becomes: Option<&str>| Example {
        rewrite,
        tables: tables.clone(),
        dialect,
        sql: sql.to_owned(),
        becomes: becomes.map(str::to_owned),
    };
    of("Bad")
        .zip(of("Good"))
        .map(|((_, dialect, bad), (.., good))| example(*dialect, bad, Some(good)))
        .chain(of("Kept").map(|(_, dialect, kept)| example(*dialect, kept, None)))
        .collect()
}

/// The SQL of a documentation, each piece with its section and dialect.
fn blocks(source: &str) -> Vec<(String, Dialect, String)> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut open: Option<(Dialect, Vec<&str>)> = None;
    for line in source.lines() {
        let Some(line) = line.strip_prefix("///") else { continue };
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some((dialect, body)) = open.as_mut() {
            if line.trim() == "```" {
                found.push((section.clone(), *dialect, body.join("\n")));
                open = None;
            } else {
                body.push(line);
            }
        } else if let Some(name) = line.strip_prefix("## ") {
            section = name.trim().to_owned();
        } else if let Some(rest) = line.strip_prefix("```sql") {
            let dialect = match rest.trim() {
                "" => Dialect::Postgres,
                name => name.parse().unwrap_or(Dialect::Generic),
            };
            open = Some((dialect, Vec::new()));
        }
    }
    found
}
