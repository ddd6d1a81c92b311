//! Findings for people, as a compiler shows them.

use std::fmt;
use std::io::{self, Write};

use sqm_sql::complexity::Complexity;
use sqm_sql::lint::{Finding, Severity};

use crate::input::Text;
use crate::print::{Out, excerpt, harmless};

/// Writes the findings of a text.
///
/// ```text
/// orders.sql:6:7: warning SQM012 not-in-nullable
///   NOT IN of a list that may hold NULL …
///    |
///  6 | WHERE p.promotion_id NOT IN (SELECT o.promotion_id FROM orders AS o);
///    |       ^^^^^^^^^^^^^^^^^^^^^
///   fix: replace it by NOT EXISTS
/// ```
pub fn write(out: &mut Out, text: &Text, findings: &[Finding]) -> io::Result<()> {
    let style = out.style;
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => style.red("error"),
            Severity::Warning => style.yellow("warning"),
            Severity::Info => style.cyan("info"),
        };
        let start = finding.span.start;
        let place = format!("{}:{}:{}", harmless(&text.name), start.line, start.column);
        let rule = style.bold(format!("{} {}", finding.code, finding.name));
        writeln!(out, "{}: {severity} {rule}", style.bold(place))?;
        writeln!(out, "  {}", harmless(&finding.message))?;
        write!(out, "{}", excerpt(&text.sql, finding.span, style))?;
        if let Some(fix) = &finding.fix {
            writeln!(out, "  {} {}", style.green("fix:"), harmless(&fix.title))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes the score of a text, and of its parts those that there are.
///
/// ```text
/// orders.sql: complexity 12: 1 block, 2 joins, 9 predicates
/// ```
pub fn write_complexity(out: &mut Out, text: &Text, found: &Complexity) -> io::Result<()> {
    let parts = [
        (found.blocks, "block", "blocks"),
        (found.joins, "join", "joins"),
        (found.outer_joins, "outer", "outer"),
        (found.subqueries, "subquery", "subqueries"),
        (found.correlated, "correlated", "correlated"),
        (found.ctes, "CTE", "CTEs"),
        (found.set_operations, "set operation", "set operations"),
        (found.windows, "window", "windows"),
        (found.aggregates, "aggregate", "aggregates"),
        (found.predicates, "predicate", "predicates"),
        (found.alternatives, "OR", "ORs"),
        (found.branches, "WHEN", "WHENs"),
        (found.distincts, "DISTINCT", "DISTINCTs"),
        (found.functions, "function", "functions"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    let name = harmless(&text.name);
    writeln!(out, "{name}: complexity {}: {}", out.style.bold(found.score), said.join(", "))
}

/// How many findings of which severity there were.
#[derive(Debug, Default)]
pub struct Tally {
    texts: usize,
    clean: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

impl Tally {
    /// Counts those of one text.
    pub fn add(&mut self, findings: &[Finding]) {
        self.texts += 1;
        self.clean += usize::from(findings.is_empty());
        for finding in findings {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Info => self.infos += 1,
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let all = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "info")];
        let said: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|&(n, what)| count(n, what)).collect();
        let found = if said.is_empty() { "no findings".to_owned() } else { said.join(", ") };
        write!(f, "{found} in {}", count(self.texts, "text"))?;
        match self.clean {
            0 => Ok(()),
            clean if clean == self.texts => Ok(()),
            clean => write!(f, "; {clean} without findings"),
        }
    }
}
