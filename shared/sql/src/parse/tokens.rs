//! Tokens with their places in the user's text.

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::text::{Position, Span};

/// A place of the tokenizer as one of ours.
pub(crate) fn position(at: Location) -> Position {
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: count(at.line), column: count(at.column) }
}

/// A span of the parser as one of ours; `None` where the parser knows none.
pub fn span(span: sqlparser::tokenizer::Span) -> Option<Span> {
    (span.start.line > 0).then(|| Span { start: position(span.start), end: position(span.end) })
}

/// The place in the text of a place in a piece of it that starts at `base`.
pub(super) fn shifted(at: Location, base: Position) -> Position {
    let at = position(at);
    let column = if at.line == 1 { at.column + base.column - 1 } else { at.column };
    Position { line: at.line + base.line - 1, column }
}

/// The tokens of a piece of text that starts at `base`, comments and white space included.
pub(crate) fn tokenize(
    grammar: &dyn Dialect,
    piece: &str,
    base: Position,
) -> Result<Vec<TokenWithSpan>, TokenizerError> {
    let mut tokens = Vec::with_capacity(piece.len() / 4 + 8);
    let mut tokenizer = Tokenizer::new(grammar, piece);
    if base == Position::START {
        tokenizer.tokenize_with_location_into_buf(&mut tokens)?;
    } else {
        tokenizer.tokenize_with_location_into_buf_with_mapper(&mut tokens, |mut token| {
            token.span.start = location(shifted(token.span.start, base));
            token.span.end = location(shifted(token.span.end, base));
            token
        })?;
    }
    Ok(tokens)
}

fn location(at: Position) -> Location {
    Location { line: u64::from(at.line), column: u64::from(at.column) }
}

/// Whether the token says something, so is neither white space nor a comment.
pub(super) fn says_something(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

/// Whether the token is this word, in any case and without quotes.
pub(super) fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}
