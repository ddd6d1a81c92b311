//! Which rules speak, out of the arguments; and what a rule is about.

use std::fmt::Write;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use sqm_sql::lint::{self, Config, NOT_CHECKED};
use sqm_sql::rules;

use crate::input;

/// `RULE=LEVEL`.
#[derive(Debug, Clone)]
pub struct Level {
    rule: String,
    level: lint::Level,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rule, level) = text.split_once('=').ok_or("expected RULE=LEVEL, as in SQM301=error")?;
        let level = match level.to_ascii_lowercase().as_str() {
            "off" => lint::Level::Off,
            "info" => lint::Level::Info,
            "warning" => lint::Level::Warning,
            "error" => lint::Level::Error,
            _ => return Err(format!("no level is called {level}; there are off, info, warning and error")),
        };
        Ok(Self { rule: rule.to_owned(), level })
    }
}

/// Where a project says which rules speak.
const PROJECT: &str = "sqm.toml";

/// A configuration file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    rules: Config,
}

/// The configuration of a file (`sqm.toml` of the folder one stands in, where there is one), with what the
/// options add.
///
/// # Errors
/// A file that is no configuration, and names that no rule has: a typing error must not pass in silence.
pub fn config(file: Option<&Path>, only: &[String], ignore: &[String], levels: &[Level]) -> Result<Config> {
    let project = Path::new(PROJECT);
    let mut config = match file.or_else(|| project.exists().then_some(project)) {
        None => Config::default(),
        Some(path) => {
            let text = input::read(path)?;
            toml::from_str::<File>(&text.sql).with_context(|| text.name)?.rules
        }
    };
    config.only.extend_from_slice(only);
    config.ignore.extend_from_slice(ignore);
    config.levels.extend(levels.iter().map(|level| (level.rule.clone(), level.level)));
    for name in config.only.iter().chain(&config.ignore).chain(config.levels.keys()) {
        ensure!(is_known(name), "no rule is called {name}; `sqm lint --explain all` lists the rules");
    }
    Ok(config)
}

fn is_known(name: &str) -> bool {
    rules::all().chain([&NOT_CHECKED]).any(|meta| {
        let starts = meta.code.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        name.len() >= 3 && starts || meta.name.eq_ignore_ascii_case(name)
    })
}

/// The page of a rule, or the list of all.
///
/// # Errors
/// When no rule has this name.
pub fn explained(rule: &str) -> Result<String> {
    if rule.eq_ignore_ascii_case("all") {
        let mut list = String::new();
        for doc in rules::docs() {
            let severity = format!("{:?}", doc.meta.severity).to_lowercase();
            let summary = doc.summary().replace('\n', " ");
            let _ = writeln!(list, "{} {:<28} {severity:<8} {summary}", doc.meta.code, doc.meta.name);
        }
        return Ok(list);
    }
    let is_meant = |doc: &lint::docs::Doc| {
        doc.meta.code.eq_ignore_ascii_case(rule) || doc.meta.name.eq_ignore_ascii_case(rule)
    };
    match rules::docs().find(is_meant) {
        Some(doc) => Ok(page(&doc.page())),
        None => bail!("no rule is called {rule}; `sqm lint --explain all` lists the rules"),
    }
}

/// The page without the comment for whoever edits it.
fn page(page: &str) -> String {
    let mut lines = page.lines().skip_while(|line| line.starts_with("<!--")).collect::<Vec<_>>().join("\n");
    lines.push('\n');
    lines
}
