//! The words of a text by which people look for it: its identifiers, and what its comments say. Never its literals,
//! which may be somebody's data.

use std::collections::BTreeSet;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Whitespace};
use sqm_domain::Dialect;

use crate::guard;
use crate::parse::{Grammar, tokenize};
use crate::text::Position;

/// Longest text of a name or a comment that is looked at, in bytes.
const MAX_BYTES: usize = 4_000;

/// What people may look for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Names, as they are written, without quotes.
    pub identifiers: BTreeSet<String>,
    /// Comments, as they are written.
    pub comments: Vec<String>,
}

/// The terms of a text; none of one that has no tokens.
pub fn of(sql: &str, dialect: Dialect) -> Terms {
    let mut terms = Terms::default();
    if guard::check_limits(sql).is_err() {
        return terms;
    }
    // Tokens are a list: no tree is made.
    let Ok(tokens) = tokenize(Grammar::of(dialect).parser(), sql, Position::START) else { return terms };
    for token in tokens {
        match token.token {
            Token::Word(word)
                if (word.keyword == Keyword::NoKeyword || word.quote_style.is_some())
                    && word.value.len() <= MAX_BYTES =>
            {
                terms.identifiers.insert(word.value);
            }
            Token::Whitespace(
                Whitespace::SingleLineComment { comment, .. } | Whitespace::MultiLineComment(comment),
            ) => {
                terms.comments.push(comment[..comment.floor_char_boundary(MAX_BYTES)].to_owned());
            }
            _ => {}
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_comments_and_no_literals() {
        let sql = "-- Daily revenue\nSELECT o.total AS \"Grand Total\", 'secret' FROM shop.orders o /* for finance */";
        let terms = of(sql, Dialect::Postgres);
        let names: Vec<&str> = terms.identifiers.iter().map(String::as_str).collect();
        assert_eq!(names, ["Grand Total", "o", "orders", "shop", "total"]);
        let comments: Vec<&str> = terms.comments.iter().map(|comment| comment.trim()).collect();
        assert_eq!(comments, ["Daily revenue", "for finance"]);
        assert_eq!(of("SELECT 'open", Dialect::Postgres), Terms::default());
    }
}
