//! Types with brackets inside of brackets, as Trino writes them: `ROW(a BIGINT, b ARRAY(VARCHAR))`.
//!
//! What matters are the names of a row's fields: `ROW(…)` becomes `STRUCT<…>`, `ARRAY(…)` becomes `ARRAY<…>`,
//! any other type of several words or with brackets becomes one word.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source};

/// The most types inside each other.
const MOST_DEPTH: usize = 32;

/// The type after the AS of a CAST, with the bracket that ends it left alone.
pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let trino = matches!(source.dialect, Dialect::Trino | Dialect::Presto | Dialect::Athena);
    let is_type = at > 0
        && source.is(at - 1, "AS")
        && source.is_any(at, &["ROW", "ARRAY", "MAP"])
        && source.is_token(at + 1, &Token::LParen);
    if !trino || !is_type {
        return None;
    }
    let end = source.after_group(at + 1);
    // The type of a CAST, not an alias or a list of columns.
    if !source.is_token(end, &Token::RParen) {
        return None;
    }
    one(source, at, end, 0, output);
    Some(end)
}

/// Writes the type that stands between the places.
fn one(source: &Source, at: usize, end: usize, depth: usize, output: &mut Output) {
    let nested = source.is_token(at + 1, &Token::LParen) && depth < MOST_DEPTH;
    match () {
        () if nested && source.is(at, "ROW") => {
            output.words(source, at, "STRUCT");
            output.put(source, at, Token::Lt);
            fields(source, at + 2, source.after_group(at + 1) - 1, depth, output);
            output.put(source, end - 1, Token::Gt);
        }
        () if nested && source.is(at, "ARRAY") => {
            output.words(source, at, "ARRAY");
            output.put(source, at, Token::Lt);
            one(source, at + 2, source.after_group(at + 1) - 1, depth + 1, output);
            output.put(source, end - 1, Token::Gt);
        }
        () => output.words(source, at, "VARCHAR"),
    }
}

fn fields(source: &Source, start: usize, end: usize, depth: usize, output: &mut Output) {
    let mut at = start;
    while at < end {
        let next = source.find(at, end, |at| source.is_token(at, &Token::Comma)).unwrap_or(end);
        // A field without a name has a type alone.
        let named = source.is_ident(at) && source.is_ident(at + 1) && at + 1 < next;
        if named {
            output.copy(source, at);
        }
        one(source, at + usize::from(named), next, depth + 1, output);
        if next < end {
            output.words(source, next, ",");
        }
        at = next + 1;
    }
}
