//! The query inside a CREATE VIEW, as written.

use sqlparser::tokenizer::Token;

use super::grammar::Grammar;
use super::lines::LineIndex;
use super::tokens::{is_word, position, says_something, tokenize};
use crate::text::{Position, Span};

/// Ends of a CREATE VIEW that are no part of its query.
const ENDINGS: &[&[&str]] = &[
    &["WITH", "NO", "SCHEMA", "BINDING"],
    &["WITH", "CHECK", "OPTION"],
    &["WITH", "CASCADED", "CHECK", "OPTION"],
    &["WITH", "LOCAL", "CHECK", "OPTION"],
    &["WITH", "READ", "ONLY"],
    &["WITH", "NO", "DATA"],
    &["WITH", "DATA"],
];

/// What stands after the AS of a CREATE VIEW; `None` where no such AS is found.
pub(crate) fn view_query(text: &str, grammar: Grammar) -> Option<&str> {
    let mut tokens = tokenize(grammar.parser(), text, Position::START).ok()?;
    tokens.retain(says_something);
    let mut depth = 0_i64;
    let as_at = tokens.iter().position(|token| {
        depth += match token.token {
            Token::LParen => 1,
            Token::RParen => -1,
            _ => 0,
        };
        depth == 0 && is_word(&token.token, "AS")
    })?;
    let mut end = tokens.len();
    for ending in ENDINGS {
        let start = tokens.len().saturating_sub(ending.len());
        if ending.iter().zip(&tokens[start..]).all(|(word, token)| is_word(&token.token, word))
            && start > as_at
        {
            end = start;
        }
    }
    let (first, last) = (tokens.get(as_at + 1)?, tokens.get(end.checked_sub(1)?)?);
    let span = Span { start: position(first.span.start), end: position(last.span.end) };
    Some(LineIndex::new(text).slice(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(view_query(text, Grammar::Redshift), expected);
    }

    #[test]
    fn the_query_is_kept_as_written() {
        check("CREATE VIEW v AS  select 1 -- one\n  + 2 ", Some("select 1 -- one\n  + 2"));
        check("create or replace view v (a, b) as (select 1, 2)", Some("(select 1, 2)"));
        check("CREATE VIEW v AS SELECT 1 AS x WITH NO SCHEMA BINDING", Some("SELECT 1 AS x"));
        check("CREATE VIEW v", None);
    }
}
