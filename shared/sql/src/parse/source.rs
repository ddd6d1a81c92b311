//! The tokens of a statement for whoever rewrites or recognizes it: without white space, with matching brackets found once.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Whitespace};
use sqm_domain::Dialect;

use super::tokens::{is_word, position, says_something};
use crate::text::Position;

/// A token that says something, and whether white space stands before it.
#[derive(Debug, Clone)]
pub(super) struct Tok {
    pub(super) token: Token,
    pub(super) span: Span,
    pub(super) spaced: bool,
}

/// The tokens of a statement.
pub(super) struct Source {
    toks: Vec<Tok>,
    /// For each opening bracket, the place of the one that closes it; the number of tokens if none does.
    closing: Vec<u32>,
    pub(super) dialect: Dialect,
}

impl Source {
    pub(super) fn of(tokens: &[TokenWithSpan], dialect: Dialect) -> Self {
        let mut spaced = false;
        let mut toks = Vec::with_capacity(tokens.len());
        for token in tokens {
            if says_something(token) {
                toks.push(Tok { token: token.token.clone(), span: token.span, spaced });
            }
            spaced = !says_something(token);
        }
        Self::from_toks(toks, dialect)
    }

    pub(super) fn from_toks(toks: Vec<Tok>, dialect: Dialect) -> Self {
        let end = u32::try_from(toks.len()).unwrap_or(u32::MAX);
        let mut closing = vec![end; toks.len()];
        let mut open = Vec::new();
        for (at, tok) in toks.iter().enumerate() {
            match tok.token {
                Token::LParen | Token::LBracket | Token::LBrace => open.push(at),
                Token::RParen | Token::RBracket | Token::RBrace => {
                    if let Some(start) = open.pop() {
                        closing[start] = u32::try_from(at).unwrap_or(end);
                    }
                }
                _ => {}
            }
        }
        Self { toks, closing, dialect }
    }

    pub(super) fn len(&self) -> usize {
        self.toks.len()
    }

    /// The token here; `EOF` past the end.
    pub(super) fn token(&self, at: usize) -> &Token {
        self.toks.get(at).map_or(&Token::EOF, |tok| &tok.token)
    }

    pub(super) fn tok(&self, at: usize) -> Option<&Tok> {
        self.toks.get(at)
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        is_word(self.token(at), word)
    }

    pub(super) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    /// Whether these words stand here one after the other.
    pub(super) fn are(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is(at + offset, word))
    }

    pub(super) fn is_token(&self, at: usize, token: &Token) -> bool {
        self.token(at) == token
    }

    pub(super) fn is_ident(&self, at: usize) -> bool {
        matches!(self.token(at), Token::Word(_))
    }

    pub(super) fn is_string(&self, at: usize) -> bool {
        matches!(self.token(at), Token::SingleQuotedString(_) | Token::DoubleQuotedString(_))
    }

    /// Whether nothing but a token's end separates it from the one before.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        at > 0 && self.toks.get(at).is_some_and(|tok| !tok.spaced)
    }

    pub(super) fn span(&self, at: usize) -> Span {
        self.toks.get(at).or(self.toks.last()).map_or_else(Span::empty, |tok| tok.span)
    }

    pub(super) fn position(&self, at: usize) -> Position {
        position(self.span(at).start)
    }

    /// The place after the bracket that closes the one here; the next place where none is here.
    pub(super) fn after_group(&self, at: usize) -> usize {
        match self.token(at) {
            Token::LParen | Token::LBracket | Token::LBrace => {
                (self.closing[at] as usize + 1).min(self.len())
            }
            _ => at + 1,
        }
    }

    /// The place after the name `a.b.c` that starts here; here if there is none.
    pub(super) fn after_name(&self, at: usize) -> usize {
        if !self.is_ident(at) {
            return at;
        }
        let mut at = at + 1;
        loop {
            let hyphen = self.is_token(at, &Token::Minus)
                && self.is_glued(at)
                && self.is_glued(at + 1)
                && self.is_ident(at + 1);
            if self.is_ident(at + 1) && (self.is_token(at, &Token::Period) || hyphen) {
                at += 2;
            } else {
                return at;
            }
        }
    }

    /// The first place from `at` to `end` outside brackets where the test holds.
    pub(super) fn find(&self, at: usize, end: usize, mut test: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut at = at;
        while at < end.min(self.len()) {
            if test(at) {
                return Some(at);
            }
            at = self.after_group(at);
        }
        None
    }

    /// Whether a query starts here, in brackets or not.
    pub(super) fn starts_query(&self, at: usize) -> bool {
        let brackets = (at..at + 32).take_while(|&at| self.is_token(at, &Token::LParen)).count();
        let at = at + brackets;
        self.is_any(at, &["SELECT", "SEL"])
            || (self.is(at, "WITH") && self.is_cte(at + 1))
            || (self.is(at, "VALUES") && self.is_token(at + 1, &Token::LParen))
            || (self.dialect == Dialect::DuckDb && self.is(at, "FROM") && self.is_ident(at + 1))
    }

    /// Whether `name AS (` or `name (columns) AS (` stands here, after RECURSIVE or not.
    fn is_cte(&self, at: usize) -> bool {
        let at = if self.is(at, "RECURSIVE") { at + 1 } else { at };
        let after = if self.is_token(at + 1, &Token::LParen) { self.after_group(at + 1) } else { at + 1 };
        let content = after + 1 + usize::from(self.is(after + 1, "NOT"));
        self.is_ident(at)
            && self.is(after, "AS")
            && (self.is_token(after + 1, &Token::LParen) || self.is(content, "MATERIALIZED"))
    }
}

/// Tokens being written.
#[derive(Default)]
pub(super) struct Output {
    pub(super) toks: Vec<Tok>,
    pub(super) changed: bool,
}

impl Output {
    pub(super) fn copy(&mut self, source: &Source, at: usize) {
        self.toks.extend(source.tok(at).cloned());
    }

    pub(super) fn copy_range(&mut self, source: &Source, range: std::ops::Range<usize>) {
        for at in range {
            self.copy(source, at);
        }
    }

    /// Puts in a token in the place of the one at `at`.
    pub(super) fn put(&mut self, source: &Source, at: usize, token: Token) {
        self.toks.push(Tok { token, span: source.span(at), spaced: true });
    }

    /// Puts in words in the place of the token at `at`.
    pub(super) fn words(&mut self, source: &Source, at: usize, words: &str) {
        for word in words.split_whitespace() {
            let token = match word {
                "(" => Token::LParen,
                ")" => Token::RParen,
                "," => Token::Comma,
                "*" => Token::Mul,
                "=" => Token::Eq,
                "." => Token::Period,
                "->" => Token::Arrow,
                _ => Token::make_keyword(word),
            };
            self.put(source, at, token);
        }
    }

    /// The tokens of a range as the parser takes them.
    pub(super) fn of_range(source: &Source, range: std::ops::Range<usize>) -> Vec<TokenWithSpan> {
        let mut output = Self::default();
        output.copy_range(source, range);
        output.into_tokens()
    }

    pub(super) fn into_tokens(self) -> Vec<TokenWithSpan> {
        let mut tokens = Vec::with_capacity(self.toks.len() * 2);
        for tok in self.toks {
            let joins = |token: &TokenWithSpan| matches!(token.token, Token::Word(_) | Token::Number(..));
            let would_join =
                matches!(tok.token, Token::Word(_) | Token::Number(..)) && tokens.last().is_some_and(joins);
            if (tok.spaced || would_join) && !tokens.is_empty() {
                let space = Span::new(tok.span.start, tok.span.start);
                tokens.push(TokenWithSpan::new(Token::Whitespace(Whitespace::Space), space));
            }
            tokens.push(TokenWithSpan::new(tok.token, tok.span));
        }
        tokens
    }
}

/// A name that no keyword is recognized in.
pub(super) fn name(value: &str) -> Token {
    Token::make_word(value, Some('"'))
}
