//! ClickHouse's names inside of an expression, `(a + 1 AS b) * 2`, which hold in the whole query: as
//! `WITH a + 1 AS b` before it.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if source.dialect != Dialect::ClickHouse || !source.is_any(0, &["SELECT", "WITH"]) {
        return None;
    }
    let mut found = Vec::new();
    inside(source, 0..source.len(), Kind::Other, &mut found);
    if found.is_empty() {
        return None;
    }
    let has_with = source.is(0, "WITH");
    let mut output = Output::default();
    output.words(source, 0, "WITH");
    for (at, &(start, name)) in found.iter().enumerate() {
        if at > 0 {
            output.words(source, start, ",");
        }
        output.copy_range(source, start..name + 1);
        mends.push(Mend { position: source.position(start), kind: MendKind::Rephrased });
    }
    if has_with {
        output.words(source, 0, ",");
    }
    let mut at = usize::from(has_with);
    for &(start, name) in &found {
        output.copy_range(source, at..start);
        at = name;
    }
    output.copy_range(source, at..source.len());
    Some(output.toks)
}

/// What a bracket holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Arguments or an expression: what is named in them is named here.
    Expression,
    /// The list of a query, types, tables: their names are others.
    Other,
}

/// The named expressions in brackets: where each starts, and where its name stands.
fn inside(source: &Source, range: std::ops::Range<usize>, kind: Kind, found: &mut Vec<(usize, usize)>) {
    let (mut at, mut start) = (range.start, range.start);
    while at < range.end {
        if source.is_token(at, &Token::LParen) {
            let end = source.after_group(at).min(range.end);
            if !source.starts_query(at) {
                inside(source, at + 1..end.saturating_sub(1), of_bracket(source, at), found);
            }
            at = end.max(at + 1);
            continue;
        }
        let ends = at + 2 == range.end || source.is_token(at + 2, &Token::Comma);
        if kind == Kind::Expression && source.is(at, "AS") && source.is_ident(at + 1) && ends && at > start {
            // A name inside of what is named stands in the text of that.
            found.retain(|(inner, _)| *inner < start);
            found.push((start, at + 1));
        }
        if source.is_token(at, &Token::Comma) {
            start = at + 1;
        }
        at += 1;
    }
}

fn of_bracket(source: &Source, at: usize) -> Kind {
    let before = at.saturating_sub(1);
    let others = ["FROM", "JOIN", "CAST", "TRY_CAST", "AS", "VIEW", "COLUMNS", "USING", "OVER", "WINDOW"];
    if at == 0 || source.is_any(before, &others) { Kind::Other } else { Kind::Expression }
}
