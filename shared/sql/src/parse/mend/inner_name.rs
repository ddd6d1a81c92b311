//! ClickHouse's names inside of an expression, `(a + 1 AS b) * 2`, which hold in the whole block: as
//! `WITH a + 1 AS b` before it. Where another block has the name as well, it may mean something else there, and
//! the text is left as it is.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

/// More of them are made by nobody.
const MOST_NAMES: usize = 200;

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if source.dialect != Dialect::ClickHouse || !source.is_any(0, &["SELECT", "WITH", "INSERT", "CREATE"]) {
        return None;
    }
    // Behind INSERT INTO t, or CREATE VIEW v AS.
    let query = source.find(0, source.len(), |at| source.is_any(at, &["SELECT", "WITH"]))?;
    let mut found = Vec::new();
    inside(source, query..source.len(), Kind::Other, &mut found);
    let names: Vec<usize> = found.iter().map(|(_, name)| *name).collect();
    if found.is_empty() || names.len() > MOST_NAMES || is_elsewhere(source, &names) {
        return None;
    }
    let has_with = source.is(query, "WITH");
    let mut output = Output::default();
    output.copy_range(source, 0..query);
    output.words(source, query, "WITH");
    for (at, &(start, name)) in found.iter().enumerate() {
        if at > 0 {
            output.words(source, start, ",");
        }
        output.copy_range(source, start..name + 1);
        mends.push(Mend { position: source.position(start), kind: MendKind::Rephrased });
    }
    if has_with {
        output.words(source, query, ",");
    }
    let mut at = query + usize::from(has_with);
    for &(start, name) in &found {
        output.copy_range(source, at..start);
        at = name;
    }
    output.copy_range(source, at..source.len());
    Some(output.toks)
}

/// Whether another block has one of the names: a subquery, a further query of a set operation, or a relation
/// that qualifies it.
fn is_elsewhere(source: &Source, names: &[usize]) -> bool {
    let is_named = |at: usize| match source.token(at) {
        Token::Word(word) => names.iter().any(|&name| source.is(name, &word.value)),
        _ => false,
    };
    let mut at = 0;
    let mut is_other = false;
    while at < source.len() {
        is_other |= source.is_any(at, &["UNION", "EXCEPT", "INTERSECT"]);
        let is_query = source.is_token(at, &Token::LParen) && source.starts_query(at);
        let end = if is_query { source.after_group(at) } else { at + 1 };
        let is_qualified = at > 0 && source.is_token(at - 1, &Token::Period);
        if (is_query || is_other || is_qualified) && (at..end).any(is_named) {
            return true;
        }
        at = end;
    }
    false
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
