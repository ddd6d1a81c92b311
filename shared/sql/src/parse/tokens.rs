//! Tokens with their places in the user's text.

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use super::grammar::Grammar;
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

/// The tokens of a piece of text that starts at `base`, comments included, and one for each stretch of white
/// space.
pub(crate) fn tokenize(
    grammar: &dyn Dialect,
    piece: &str,
    base: Position,
) -> Result<Vec<TokenWithSpan>, TokenizerError> {
    let mut tokens = Vec::with_capacity(token_count(piece));
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
    join_spaces(&mut tokens);
    Ok(tokens)
}

/// The tokens of a text that is a part of a statement, written as they are there.
pub(crate) fn raw_tokens(grammar: Grammar, part: &str) -> Option<Vec<Token>> {
    Tokenizer::new(grammar.parser(), part).with_unescape(false).tokenize().ok()
}

/// About how many tokens a text has, each character of white space being one: a list that grows as they come
/// takes twice its memory, and tokens are large. Wrong only where quotes stand in comments.
fn token_count(text: &str) -> usize {
    let (mut count, mut in_word, mut in_quotes) = (1, false, false);
    for byte in text.bytes() {
        if byte == b'\'' {
            in_quotes = !in_quotes;
        }
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        count += usize::from(!(in_quotes || is_word && in_word));
        in_word = is_word;
    }
    count
}

/// Leaves one token of each run of white space: the tokenizer makes one of each character, and indentation
/// would take more memory than the query. What asks whether two tokens touch finds the one that is left.
fn join_spaces(tokens: &mut Vec<TokenWithSpan>) {
    let mut after_space = false;
    tokens.retain(|token| {
        let is_space = matches!(
            token.token,
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        );
        let is_repeated = is_space && after_space;
        after_space = is_space;
        !is_repeated
    });
    tokens.shrink_to_fit();
}

fn location(at: Position) -> Location {
    Location { line: u64::from(at.line), column: u64::from(at.column) }
}

/// From the first to the last of the tokens.
pub(super) fn span_of(tokens: &[TokenWithSpan]) -> Option<Span> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(Span { start: position(first.span.start), end: position(last.span.end) })
}

/// Whether the token says something, so is neither white space nor a comment.
pub(super) fn says_something(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

/// Whether the token is this word, in any case and without quotes.
pub(super) fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

/// The text of a token that is an unquoted word.
pub(super) fn bare_word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

/// A place among tokens from which white space and comments are invisible.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    tokens: &'t [TokenWithSpan],
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(tokens: &'t [TokenWithSpan], at: usize) -> Self {
        let mut cursor = Self { tokens, at };
        cursor.settle();
        cursor
    }

    fn settle(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| !says_something(token)) {
            self.at += 1;
        }
    }

    /// Its place; the number of tokens at the end.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The token here; `EOF` at the end.
    pub(super) fn token(&self) -> &'t Token {
        self.tokens.get(self.at).map_or(&Token::EOF, |token| &token.token)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        is_word(self.token(), word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn advance(&mut self) {
        if self.at < self.tokens.len() {
            self.at += 1;
            self.settle();
        }
    }

    /// The next token that says something.
    pub(super) fn next(mut self) -> Self {
        self.advance();
        self
    }

    /// Steps over the word if it is here.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn take_token(&mut self, token: &Token) -> bool {
        let found = self.token() == token;
        if found {
            self.advance();
        }
        found
    }

    /// From an opening bracket to after the one that closes it; to the end if none does. One token otherwise.
    pub(super) fn skip_group(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.token() {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
                Token::EOF => return,
                _ => {}
            }
            self.advance();
            if depth == 0 {
                return;
            }
        }
    }

    /// The token before this one that says something.
    pub(super) fn before(&self) -> &'t Token {
        self.tokens[..self.at.min(self.tokens.len())]
            .iter()
            .rev()
            .find(|token| says_something(token))
            .map_or(&Token::EOF, |token| &token.token)
    }
}
