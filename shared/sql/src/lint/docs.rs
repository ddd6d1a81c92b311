//! The documentation of a rule, read from the comment on it: its page, and its examples as cases.

use std::fmt::Write as _;

use sqm_domain::Dialect;

use super::rule::Meta;

/// A rule's documentation.
#[derive(Debug, Clone)]
pub struct Doc {
    /// What is fixed about the rule.
    pub meta: &'static Meta,
    /// The comment on the rule, in Markdown.
    pub text: String,
}

/// An example of a rule's documentation: what is found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The SQL.
    pub sql: String,
    /// The dialect; PostgreSQL where the example names none.
    pub dialect: Dialect,
    /// The DDL of the tables, from the `schema` block before it.
    pub schema: String,
    /// The codes of the rules that speak; none of all the rules if empty.
    pub expects: Vec<String>,
}

/// Numbers from the one between two `§` on, so many, with commas between.
fn repeated(text: &str, times: usize) -> String {
    let parts: Vec<_> = text.split('§').collect();
    let [before, first, after] = parts[..] else { return text.to_owned() };
    let first: usize = first.parse().unwrap_or(1);
    let numbers: Vec<_> = (first..first + times).map(|number| number.to_string()).collect();
    format!("{before}{}{after}", numbers.join(", "))
}

impl Doc {
    /// Takes the documentation out of the source of a rule: the comment on its type.
    pub(crate) fn of_source(meta: &'static Meta, source: &str) -> Self {
        let mut text = String::new();
        for line in source.lines() {
            if let Some(line) = line.strip_prefix("///") {
                let _ = writeln!(text, "{}", line.strip_prefix(' ').unwrap_or(line));
            } else if line.starts_with("pub struct ") {
                break;
            }
        }
        Self { meta, text }
    }

    /// The first sentence of the documentation.
    pub fn summary(&self) -> &str {
        let after = self.text.split("## What it does").nth(1).unwrap_or("").trim_start();
        let paragraph = after.split("\n\n").next().unwrap_or("").trim_end();
        match paragraph.find(". ").or_else(|| paragraph.find(".\n")) {
            Some(end) => &paragraph[..=end],
            None => paragraph,
        }
    }

    /// The examples, in order. An error names a block that cannot be read.
    pub fn examples(&self) -> Result<Vec<Example>, String> {
        let mut examples = Vec::new();
        let mut schema = String::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(info) = line.strip_prefix("```sql") else { continue };
            let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let mut sql = body.join("\n");
            let mut words = info.split([' ', ',']).filter(|word| !word.is_empty());
            let mut expects = Vec::new();
            let mut dialect = Dialect::Postgres;
            match words.next() {
                Some("schema") => {
                    schema = sql;
                    continue;
                }
                Some("expects") => {}
                _ => return Err(format!("{}: a block without `expects` or `schema`", self.meta.code)),
            }
            for word in words {
                if let Some(name) = word.strip_prefix("dialect=") {
                    dialect = name.parse().map_err(|error| format!("{}: {error}", self.meta.code))?;
                } else if let Some(times) = word.strip_prefix("repeat=").and_then(|times| times.parse().ok())
                {
                    sql = repeated(&sql, times);
                } else if word != "none" {
                    expects.push(word.to_owned());
                }
            }
            examples.push(Example { sql, dialect, schema: schema.clone(), expects });
        }
        Ok(examples)
    }

    /// The page of the rule, in Markdown.
    pub fn page(&self) -> String {
        let Meta { code, name, group, severity, .. } = self.meta;
        let severity = serde_json::to_string(severity).unwrap_or_default();
        let severity = severity.trim_matches('"');
        let mut page = String::new();
        let _ = writeln!(page, "<!-- Made from the documentation on the rule; don't edit. -->");
        let _ = writeln!(page, "# {code} {name}\n\nGroup: {}. Severity: {severity}.\n", group.name());
        for line in self.text.lines() {
            let Some(info) = line.strip_prefix("```sql") else {
                let _ = writeln!(page, "{}", repeated(line, 3));
                continue;
            };
            let expected = info.trim();
            let dialect = expected.split("dialect=").nth(1).unwrap_or("");
            if expected.starts_with("schema") {
                let _ = writeln!(page, "With these tables:\n");
            } else if !dialect.is_empty() {
                let _ = writeln!(page, "In {dialect}:\n");
            }
            let _ = writeln!(page, "```sql");
        }
        page
    }
}
