//! Rewrites for people: what was done, whether it is the same query, what it brings, and the text.

use std::io::{self, Write};

use sqm_database::Weighed;
use sqm_sql::indexes::Index;
use sqm_sql::rewrites::Alternative;
use sqm_verify::offer::{Benefit, Estimates, Evidence, Offer, OnDatabase, Ran};

use super::database::Found;
use super::{Include, Show};
use crate::input::Text;
use crate::print::{Out, harmless, unified};
use crate::verify;

/// Writes them, best first.
pub fn write(
    out: &mut Out,
    text: &Text,
    found: &Found,
    show: Show,
    include: Option<Include>,
) -> io::Result<()> {
    let Found { optimization: found, weighed } = found;
    let (style, name) = (out.style, harmless(&text.name).into_owned());
    let refuted: &[Offer] = if include == Some(Include::Refuted) { &found.refuted } else { &[] };
    let heading = match found.rewrites.len() {
        0 => "no rewrite".to_owned(),
        1 => "1 rewrite".to_owned(),
        many => format!("{many} rewrites"),
    };
    writeln!(out, "{}", style.bold(format!("{name}: {heading}")))?;
    for (at, offer) in found.rewrites.iter().chain(refuted).enumerate() {
        writeln!(out, "\n{}. {}  {}", at + 1, style.bold(harmless(&offer.title)), style.dim(&offer.origin))?;
        writeln!(out, "   {}", harmless(&offer.explanation))?;
        verify::write_verdict(out, style, &offer.verification, "   ")?;
        for condition in &offer.conditions {
            writeln!(out, "   rests on: {}", harmless(condition))?;
        }
        if let Some(benefit) = &offer.benefit {
            write_benefit(out, benefit)?;
        }
        writeln!(out)?;
        match show {
            Show::Diff => write!(out, "{}", unified(&text.sql, &offer.sql, &name, style))?,
            Show::Sql => writeln!(out, "{}", harmless(offer.sql.trim_end()))?,
        }
    }
    if found.rewrites.len() + refuted.len() > 0 {
        writeln!(out)?;
    }
    for alternative in &found.alternatives {
        write_alternative(out, text, alternative, show)?;
    }
    write_indexes(out, &found.indexes)?;
    if let Some(Weighed { server_version, indexes }) = weighed {
        let names: Vec<_> = indexes.iter().map(|index| harmless(&index.name)).collect();
        let indexes = if names.is_empty() { "no index".to_owned() } else { names.join(", ") };
        writeln!(out, "weighed on PostgreSQL {}, with {indexes}", harmless(server_version))?;
    }
    for note in &found.notes {
        writeln!(out, "note: {}", harmless(note))?;
    }
    if found.refuted.len() > refuted.len() {
        let one = found.refuted.len() == 1;
        let (what, verb, them) = if one { ("rewrite", "is", "it") } else { ("rewrites", "are", "them") };
        let count = found.refuted.len();
        writeln!(
            out,
            "{count} {what} that the verifier refuted {verb} left out; --include refuted shows {them}"
        )?;
    }
    match found.findings.len() {
        0 => Ok(()),
        1 => writeln!(out, "1 finding; `sqm lint` shows it"),
        many => writeln!(out, "{many} findings; `sqm lint` shows them"),
    }
}

/// A query that may do for the same purpose, and how its result differs.
fn write_alternative(out: &mut Out, text: &Text, other: &Alternative, show: Show) -> io::Result<()> {
    let style = out.style;
    let name = harmless(&text.name).into_owned();
    writeln!(out, "{}  {}", style.bold(harmless(&other.title)), style.yellow("another query, not the same"))?;
    writeln!(out, "   {}", harmless(&other.explanation))?;
    for change in &other.changes {
        writeln!(out, "   differs: {}", harmless(change))?;
    }
    writeln!(out)?;
    match show {
        Show::Diff => write!(out, "{}", unified(&text.sql, &other.sql, &name, style))?,
        Show::Sql => writeln!(out, "{}", harmless(other.sql.trim_end()))?,
    }
    writeln!(out)
}

/// Indexes: the statement that makes each, and why.
pub fn write_indexes(out: &mut Out, indexes: &[Index]) -> io::Result<()> {
    let style = out.style;
    match indexes.len() {
        0 => return Ok(()),
        1 => writeln!(out, "{}", style.bold("1 index would serve it"))?,
        many => writeln!(out, "{}", style.bold(format!("{many} indexes would serve it")))?,
    }
    for (at, index) in indexes.iter().enumerate() {
        writeln!(out, "   {}. {};", at + 1, harmless(&index.ddl))?;
        writeln!(out, "      {}", style.dim(harmless(&index.reason)))?;
        if let Some(other) = index.alternative_to {
            writeln!(out, "      instead of number {}, not beside it", other + 1)?;
        }
        if let Some(estimate) = index.estimate {
            let summary = match estimate.pays {
                true => style.green(format!("estimated at {:.1} times less", estimate.ratio)),
                false => style.yellow("brings nothing"),
            };
            let (without, with) = (estimate.cost_without, estimate.cost_with);
            writeln!(out, "      {summary}: cost {without:.0}, with the index {with:.0}")?;
        }
    }
    Ok(())
}

fn write_benefit(out: &mut Out, benefit: &Benefit) -> io::Result<()> {
    let style = out.style;
    let summary = match benefit.summary() {
        "faster" => style.green(format!("{:.1} times as fast", benefit.ratio)),
        "cheaper" => style.green(format!("estimated at {:.1} times less", benefit.ratio)),
        other => style.yellow(other),
    };
    write!(out, "   {summary}")?;
    if let Evidence::Database(found) = &benefit.evidence {
        let Estimates { original_cost, rewrite_cost, .. } = found.estimates;
        write!(out, ": cost {original_cost:.0}, rewritten {rewrite_cost:.0}")?;
    }
    if let Some(run) = benefit.typical() {
        let (divider, rows) = match run.rows {
            Some(rows) => (":", format!(" at {rows} rows a table")),
            None => (",", String::new()),
        };
        write!(out, "{divider} {:.1} ms, rewritten {:.1} ms{rows}", run.original_ms, run.rewrite_ms)?;
    }
    writeln!(out, " ({})", benefit.method())?;
    if let Evidence::Database(OnDatabase { runs: Ran::No { reason }, .. }) = &benefit.evidence {
        writeln!(out, "   not run: {}", harmless(reason))?;
    }
    Ok(())
}
