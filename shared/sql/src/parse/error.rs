//! Why a statement has no tree.

use serde::Serialize;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::TokenizerError;

use crate::text::Position;

/// What the grammar did not expect, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}, at {position}")]
pub struct ParseError {
    /// What was expected or is wrong; without the place.
    pub message: String,
    /// Where; the start of the statement if nothing better is known.
    pub position: Position,
}

impl ParseError {
    pub(super) fn of_parser(error: ParserError, start: Position) -> Self {
        match error {
            // An attempt says where it went too deep.
            ParserError::RecursionLimitExceeded => Self::of_text("nested too deeply", start),
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => Self::of_text(&text, start),
        }
    }

    pub(super) fn of_tokenizer(error: TokenizerError, base: Position) -> Self {
        let at = error.location;
        let position = if at.line == 0 { base } else { super::tokens::shifted(at, base) };
        Self { message: error.message, position }
    }

    /// The parser writes its place at the end of the message: ` at Line: 3, Column: 7`.
    fn of_text(text: &str, start: Position) -> Self {
        let place = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            Some((message, Position { line: line.parse().ok()?, column: column.trim().parse().ok()? }))
        });
        match place {
            Some((message, position)) if position.line > 0 => Self { message: said(message), position },
            Some((message, _)) => Self { message: said(message), position: start },
            None => Self { message: said(text), position: start },
        }
    }
}

/// A message of the parser without what it prints of its own insides.
fn said(message: &str) -> String {
    let Some(token) = message.strip_prefix("No infix parser for token ") else { return message.to_owned() };
    let word = token.split_once("value: \"").and_then(|(_, rest)| rest.split_once('"')).map(|(word, _)| word);
    match word {
        Some(word) => format!("{word} is not understood here"),
        None => "an operator is not understood here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_taken_out_of_the_message() {
        let start = Position { line: 4, column: 2 };
        let error = ParseError::of_text("Expected: ), found: x at Line: 3, Column: 17", start);
        assert_eq!(error.to_string(), "Expected: ), found: x, at line 3, column 17");
        assert_eq!(ParseError::of_text("no place", start).position, start);
        let inside = "No infix parser for token Word(Word { value: \"COLLATE\", quote_style: None })";
        assert_eq!(ParseError::of_text(inside, start).message, "COLLATE is not understood here");
    }
}
