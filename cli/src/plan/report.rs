//! A plan for people: its steps as a tree, each finding below with the place in the query.

use std::io::{self, Write};

use sqm_sql::explain::{Explained, Finding, Node};
use sqm_sql::lint::Severity;

use crate::input::Text;
use crate::print::{Out, Style, excerpt, harmless};

/// Writes it.
///
/// ```text
/// postgres
/// 0      Limit  10 rows
/// 0.0    └─ Seq Scan orders  10 rows (5 estimated), 90 removed
///
/// warning sequential-scan at 0.0 Seq Scan
///   100,000 rows of orders were read to keep 12 (less than 0.1 %): …
///    |
///  3 | WHERE status = 'open'
///    |       ^^^^^^^^^^^^^^^
/// ```
pub fn write(out: &mut Out, name: &str, sql: Option<&Text>, explained: &Explained) -> io::Result<()> {
    let style = out.style;
    writeln!(out, "{}: a plan of {}", style.bold(harmless(name)), explained.engine.name())?;
    let mut lines = Vec::new();
    steps(&explained.plan, "", "", &mut lines);
    let widest = lines.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    for (path, line) in lines {
        writeln!(out, "{}{}  {line}", style.dim(&path), " ".repeat(widest - path.len()))?;
    }
    for finding in &explained.findings {
        write_finding(out, style, sql, finding)?;
    }
    writeln!(out)?;
    match explained.findings.len() {
        0 => writeln!(out, "no findings"),
        1 => writeln!(out, "1 finding"),
        many => writeln!(out, "{many} findings"),
    }
}

/// A step and those below it, each with its path and what it is drawn behind.
fn steps(node: &Node, before: &str, below: &str, lines: &mut Vec<(String, String)>) {
    lines.push((node.path.clone(), format!("{before}{}", words(node))));
    for (at, child) in node.children.iter().enumerate() {
        let is_last = at + 1 == node.children.len();
        let (branch, rest) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        steps(child, &format!("{below}{branch}"), &format!("{below}{rest}"), lines);
    }
}

fn words(node: &Node) -> String {
    let mut said = String::new();
    if let Some(subplan) = &node.subplan {
        said += &format!("{}: ", harmless(subplan));
    }
    said += &harmless(&node.kind);
    if let Some(relation) = &node.relation {
        said += &format!(" {}", harmless(&relation.name));
        if let Some(alias) = &relation.alias {
            said += &format!(" as {}", harmless(alias));
        }
    }
    if let Some(index) = &node.index {
        said += &format!(" by {}", harmless(index));
    }
    let mut figures = Vec::new();
    match (node.total_rows(), node.estimated_rows) {
        (Some(rows), Some(estimated)) => {
            figures.push(format!("{rows:.0} rows ({:.0} estimated)", estimated * node.times()));
        }
        (Some(rows), None) => figures.push(format!("{rows:.0} rows")),
        (None, Some(estimated)) => figures.push(format!("{estimated:.0} rows estimated")),
        (None, None) => {}
    }
    if let Some(removed) = node.total_removed().filter(|removed| *removed > 0.0) {
        figures.push(format!("{removed:.0} removed"));
    }
    if node.times() > 1.0 {
        figures.push(format!("{:.0} times", node.times()));
    }
    if let Some(ms) = node.time_ms {
        figures.push(format!("{:.1} ms", ms * node.times()));
    }
    if !figures.is_empty() {
        said += &format!("  {}", figures.join(", "));
    }
    said.replace('\n', " ")
}

fn write_finding(out: &mut Out, style: Style, sql: Option<&Text>, finding: &Finding) -> io::Result<()> {
    let severity = match finding.severity {
        Severity::Error => style.red("error"),
        Severity::Warning => style.yellow("warning"),
        Severity::Info => style.cyan("info"),
    };
    let (code, kind) = (style.bold(finding.code.name()), harmless(&finding.kind));
    writeln!(out, "\n{severity} {code} at {} {kind}", finding.node)?;
    writeln!(out, "  {}", harmless(&finding.message))?;
    if let (Some(sql), Some(place)) = (sql, finding.predicate_at.or(finding.relation_at)) {
        write!(out, "{}", excerpt(&sql.sql, place, style))?;
    }
    Ok(())
}
