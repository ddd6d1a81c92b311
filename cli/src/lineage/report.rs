//! Lineage for people: the trees, then what could not be read or told and where.

use std::io::{self, Write};

use sqm_sql::lineage::{Failure, Lineage, Severity};

use super::tree::trees;
use crate::input::Text;
use crate::print::{Out, harmless};

/// Writes it.
pub fn write(out: &mut Out, text: &Text, lineage: &Lineage) -> io::Result<()> {
    let style = out.style;
    write!(out, "{}", trees(lineage, style))?;
    if lineage.statements.is_empty() && lineage.ok {
        writeln!(out, "no statement")?;
    }
    let failures = lineage.statements.iter().filter_map(|statement| statement.error.as_ref());
    let whole = lineage.error.iter().filter(|_| lineage.statements.is_empty());
    for Failure { message, line, column } in failures.chain(whole) {
        let place = place(text, line.unwrap_or(1), column.unwrap_or(1));
        writeln!(out, "{place}: {} {}", style.red("error:"), harmless(message))?;
    }
    for finding in &lineage.findings {
        let severity = match finding.severity {
            Severity::Warning => style.yellow("warning:"),
            Severity::Info => style.cyan("info:"),
        };
        let place = place(text, finding.line, finding.column);
        writeln!(out, "{place}: {severity} {}", harmless(&finding.message))?;
    }
    Ok(())
}

fn place(text: &Text, line: u32, column: u32) -> String {
    format!("{}:{line}:{column}", harmless(&text.name))
}
