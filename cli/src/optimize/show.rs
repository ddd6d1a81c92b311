//! Rewrites for people: what was done, whether it is the same query, what it brings, and the text.

use std::io::{self, Write};

use sqm_verify::offer::{Benefit, Offer, Optimization};

use super::{Include, Show};
use crate::input::Text;
use crate::print::{Out, harmless, unified};
use crate::verify;

/// Writes them, best first.
pub fn write(
    out: &mut Out,
    text: &Text,
    found: &Optimization,
    show: Show,
    include: Option<Include>,
) -> io::Result<()> {
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

fn write_benefit(out: &mut Out, benefit: &Benefit) -> io::Result<()> {
    let Some(last) = benefit.runs.last() else { return Ok(()) };
    let summary = match benefit.summary {
        "faster" => out.style.green(format!("{:.1} times as fast", benefit.ratio)),
        other => out.style.yellow(other),
    };
    let (original, rewrite, rows) = (last.original_ms, last.rewrite_ms, last.rows);
    let method = benefit.method;
    writeln!(
        out,
        "   {summary}: {original:.1} ms, rewritten {rewrite:.1} ms at {rows} rows a table ({method})"
    )
}
