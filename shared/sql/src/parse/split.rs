//! Where statements end.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::tokens::says_something;

/// Cuts the tokens into statements: ranges without the semicolon, none of them empty.
pub(super) fn split(tokens: &[TokenWithSpan]) -> Vec<std::ops::Range<usize>> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut push = |range: std::ops::Range<usize>| {
        let said = |at: &usize| says_something(&tokens[*at]);
        if let (Some(first), Some(last)) = (range.clone().find(said), range.rev().find(said)) {
            statements.push(first..last + 1);
        }
    };
    for (at, token) in tokens.iter().enumerate() {
        if token.token == Token::SemiColon {
            push(start..at);
            start = at + 1;
        }
    }
    push(start..tokens.len());
    statements
}
