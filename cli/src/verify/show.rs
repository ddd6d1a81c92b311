//! A verdict for people: what it is, what it rests on, and a counterexample that can be run.

use std::collections::BTreeSet;
use std::io::{self, Write};

use sqm_verify::compare::Difference;
use sqm_verify::value::Value;
use sqm_verify::{Counterexample, Coverage, Verdict, Verification};

use crate::print::{Style, harmless, table};

/// Writes it, each line behind the indent.
pub fn write_verdict(
    out: &mut impl Write,
    style: Style,
    verification: &Verification,
    indent: &str,
) -> io::Result<()> {
    let verdict = &verification.verdict;
    let name = match verdict {
        Verdict::Proved { .. } | Verdict::Tested { .. } => style.green(verdict.name()),
        Verdict::Refuted { .. } => style.red(verdict.name()),
        Verdict::Unknown { .. } => style.yellow(verdict.name()),
    };
    match verdict {
        Verdict::Proved { steps } => {
            writeln!(out, "{indent}{name}: the same on every database that keeps the constraints")?;
            for (at, step) in steps.iter().enumerate() {
                writeln!(out, "{indent}  {}. {}", at + 1, harmless(step))?;
            }
        }
        _ => writeln!(out, "{indent}{name}: {}", harmless(&verdict.reason()))?,
    }
    if let Verdict::Tested { coverage } = verdict {
        for (count, what) in [
            (coverage.errors, "where a query failed"),
            (coverage.undetermined, "where a query may return one of several results"),
        ] {
            if count > 0 {
                writeln!(out, "{indent}  besides {count} databases {what}")?;
            }
        }
        write_gaps(out, coverage, indent)?;
    }
    for assumption in condensed(&verification.assumptions) {
        writeln!(out, "{indent}  assuming: {}", harmless(&assumption))?;
    }
    match verdict.counterexample() {
        Some(counterexample) => write_counterexample(out, style, counterexample, indent),
        None => Ok(()),
    }
}

/// So many gaps are shown; a file of the answer has all of them.
const MOST_GAPS: usize = 6;

/// What the databases did not reach.
fn write_gaps(out: &mut impl Write, coverage: &Coverage, indent: &str) -> io::Result<()> {
    for gap in coverage.gaps.iter().take(MOST_GAPS) {
        writeln!(out, "{indent}  not reached in {}", harmless(gap))?;
    }
    match coverage.gaps.len().saturating_sub(MOST_GAPS) {
        0 => Ok(()),
        more => writeln!(out, "{indent}  and {more} more that were not reached"),
    }
}

/// The assumptions, those about CHECK constraints in one sentence: a warehouse has dozens.
fn condensed(assumptions: &[String]) -> Vec<String> {
    let table = |assumption: &str| {
        let of = assumption.strip_prefix("CHECK (")?.strip_suffix(" is not kept by the databases")?;
        of.rsplit_once(" of ").map(|(_, table)| table.to_owned())
    };
    let tables: Vec<String> = assumptions.iter().filter_map(|it| table(it)).collect();
    if tables.len() < 2 {
        return assumptions.to_vec();
    }
    let names: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let mut said = vec![format!("the databases do not keep {} CHECK constraints (of {names})", tables.len())];
    said.extend(assumptions.iter().filter(|it| table(it).is_none()).cloned());
    said
}

fn write_counterexample(
    out: &mut impl Write,
    style: Style,
    it: &Counterexample,
    indent: &str,
) -> io::Result<()> {
    let inner = format!("{indent}  ");
    if it.difference == Difference::Names {
        for (which, names) in [("first", &it.outputs1), ("second", &it.outputs2)] {
            writeln!(out, "{indent}the {which} query returns {}", harmless(&names.join(", ")))?;
        }
        return Ok(());
    }
    for (name, held) in &it.tables {
        let rows = cells(&held.rows);
        writeln!(out, "\n{indent}{}", style.bold(harmless(name)))?;
        write!(out, "{}", table(&held.columns, &rows, &inner))?;
    }
    for (which, columns, rows) in
        [("first", &it.outputs1, &it.result1), ("second", &it.outputs2, &it.result2)]
    {
        writeln!(out, "\n{indent}{}", style.bold(format!("the {which} query returns")))?;
        write!(out, "{}", table(columns, &cells(rows), &inner))?;
    }
    if it.difference == Difference::Order {
        writeln!(out, "\n{indent}the rows are the same, in an order that the first query excludes")?;
    }
    writeln!(out, "\n{indent}{}", style.bold("to see it yourself"))?;
    for insert in &it.inserts {
        writeln!(out, "{inner}{}", harmless(insert))?;
    }
    writeln!(out, "{indent}confirmed by {}", it.confirmed_by.join(" and "))
}

/// Texts in quotes, so that an empty one and NULL can be told apart.
fn cells(rows: &[Vec<Value>]) -> Vec<Vec<String>> {
    let cell = |value: &Value| match value {
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

#[cfg(test)]
mod tests {
    use sqm_verify::TableRows;

    use super::*;

    fn shown(verdict: Verdict, assumptions: &[&str]) -> String {
        let assumptions = assumptions.iter().map(|&text| text.to_owned()).collect();
        let verification = Verification { verdict, databases: 150, assumptions, ms: 1.0 };
        let mut out = Vec::new();
        write_verdict(&mut out, Style::PLAIN, &verification, "").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_holds_says_what_it_rests_on() {
        let steps = vec!["both are inner joins".to_owned(), "u.k is a key".to_owned()];
        insta::assert_snapshot!(shown(Verdict::Proved { steps }, &[]), @r"
        proved: the same on every database that keeps the constraints
          1. both are inner joins
          2. u.k is a key
        ");
        let coverage = Coverage {
            compared: 148,
            first_returned_rows: 90,
            largest_table: 9,
            second_returned_rows: 90,
            undetermined: 2,
            gaps: vec!["both queries: a > 1 was never NULL".to_owned()],
            ..Coverage::default()
        };
        let coverage = Box::new(coverage);
        let assumptions = [
            "CHECK (a > 0) of t is not kept by the databases",
            "text is compared byte by byte",
            "CHECK (b IN (' of u')) of u is not kept by the databases",
        ];
        insta::assert_snapshot!(shown(Verdict::Tested { coverage }, &assumptions), @r"
        tested: no difference on 148 generated databases; rows came back on 90 and 90 of them
          besides 2 databases where a query may return one of several results
          not reached in both queries: a > 1 was never NULL
          assuming: the databases do not keep 2 CHECK constraints (of t, u)
          assuming: text is compared byte by byte
        ");
        let reason = "no table nowhere\x1b[2J".to_owned();
        insta::assert_snapshot!(shown(Verdict::Unknown { reason }, &assumptions[..1]), @r"
        unknown: no table nowhere�[2J
          assuming: CHECK (a > 0) of t is not kept by the databases
        ");
    }

    #[test]
    fn a_counterexample_is_shown_as_tables() {
        let row = |a: Value, b: Value| vec![a, b];
        let text = |text: &str| Value::Text(text.to_owned());
        let columns = vec!["id".to_owned(), "name".to_owned()];
        let counterexample = Counterexample {
            tables: [(
                "t".to_owned(),
                TableRows {
                    columns: columns.clone(),
                    rows: vec![row(Value::Int(1), text("NULL")), row(Value::Int(200), Value::Null)],
                },
            )]
            .into(),
            result1: vec![row(Value::Int(1), text("NULL"))],
            result2: Vec::new(),
            outputs1: columns.clone(),
            outputs2: columns,
            difference: Difference::Rows,
            inserts: vec!["INSERT INTO t (id, name) VALUES (1, 'NULL');".to_owned()],
            confirmed_by: vec!["DataFusion".to_owned(), "SQLite".to_owned()],
        };
        let verdict = Verdict::Refuted { counterexample: Box::new(counterexample) };
        insta::assert_snapshot!(shown(verdict, &[]), @r"
        refuted: the results differ on the database shown

        t
          id   name
          ───  ──────
          1    'NULL'
          200  NULL

        the first query returns
          id  name
          ──  ──────
          1   'NULL'

        the second query returns
          id  name
          ──  ────
          (no rows)

        to see it yourself
          INSERT INTO t (id, name) VALUES (1, 'NULL');
        confirmed by DataFusion and SQLite
        ");
    }
}
