//! The user's text as tokens: what stands where, and how far a node of the tree really reaches.
//!
//! The spans of a syntax tree are incomplete (parentheses, CASE, functions and joins have none, or too
//! short ones), so extents are found from tokens: brackets and `CASE … END` are matched once, clauses are
//! split at keywords outside of them, and the number of parts is checked against the tree.

use std::ops::Range;

use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Whitespace};

use crate::text::{Position, Span};

/// A run of tokens by index, the end excluded.
pub(super) type Tokens = Range<usize>;

/// A token of the text, whitespace and comments left out.
struct Lexeme {
    token: Token,
    start: usize,
    end: usize,
    from: Location,
    to: Location,
    /// The index of the bracket (or CASE, END) that belongs to this one.
    mate: Option<usize>,
}

/// The text and its tokens.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    lexemes: Vec<Lexeme>,
    comments: Vec<Range<usize>>,
}

impl<'a> Source<'a> {
    /// Reads tokens with places into the same text. `None` if a place lies outside of it.
    pub(super) fn new(text: &'a str, tokens: &[TokenWithSpan]) -> Option<Self> {
        let lines = line_starts(text);
        let mut cursor = Cursor { text, lines: &lines, line: 0, column: 0, at: 0 };
        let mut lexemes = Vec::new();
        let mut comments = Vec::new();
        for TokenWithSpan { token, span } in tokens {
            if matches!(token, Token::EOF) {
                continue;
            }
            let (start, end) = (cursor.seek(span.start)?, cursor.seek(span.end)?);
            match token {
                Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                    comments.push(start..end);
                }
                Token::Whitespace(_) => {}
                _ => lexemes.push(Lexeme {
                    token: token.clone(),
                    start,
                    end,
                    from: span.start,
                    to: span.end,
                    mate: None,
                }),
            }
        }
        let mut source = Self { text, lexemes, comments };
        source.pair_brackets();
        Some(source)
    }

    fn pair_brackets(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for index in 0..self.lexemes.len() {
            let closes = match &self.lexemes[index].token {
                Token::LParen | Token::LBracket | Token::LBrace => {
                    open.push(index);
                    continue;
                }
                Token::Word(word) if word.quote_style.is_none() && word.keyword == Keyword::CASE => {
                    open.push(index);
                    continue;
                }
                Token::RParen => Token::LParen,
                Token::RBracket => Token::LBracket,
                Token::RBrace => Token::LBrace,
                Token::Word(word) if word.quote_style.is_none() && word.keyword == Keyword::END => {
                    if let Some(&case) = open.last()
                        && self.is(case, "CASE")
                    {
                        open.pop();
                        self.lexemes[case].mate = Some(index);
                        self.lexemes[index].mate = Some(case);
                    }
                    continue;
                }
                _ => continue,
            };
            // A CASE without END is a column of that name.
            while let Some(&last) = open.last()
                && self.is(last, "CASE")
            {
                open.pop();
            }
            if let Some(&last) = open.last()
                && self.lexemes[last].token == closes
            {
                open.pop();
                self.lexemes[last].mate = Some(index);
                self.lexemes[index].mate = Some(last);
            }
        }
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.lexemes.len()
    }

    /// The token at this index.
    pub(super) fn token(&self, index: usize) -> Option<&Token> {
        self.lexemes.get(index).map(|lexeme| &lexeme.token)
    }

    /// The token that starts at this place of the tree.
    pub(super) fn at(&self, place: Location) -> Option<usize> {
        self.lexemes.binary_search_by_key(&(place.line, place.column), |l| (l.from.line, l.from.column)).ok()
    }

    /// Whether the token is this word, unquoted, in any case.
    pub(super) fn is(&self, index: usize, word: &str) -> bool {
        matches!(self.token(index), Some(Token::Word(w)) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    }

    /// Whether the token is any of these words, unquoted.
    pub(super) fn is_any(&self, index: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(index, word))
    }

    /// The bracket that belongs to the bracket at this index.
    pub(super) fn mate(&self, index: usize) -> Option<usize> {
        self.lexemes.get(index)?.mate
    }

    /// The bytes from the first to the last of these tokens.
    pub(super) fn bytes(&self, tokens: &Tokens) -> Option<Range<usize>> {
        if tokens.is_empty() {
            return None;
        }
        Some(self.lexemes.get(tokens.start)?.start..self.lexemes.get(tokens.end - 1)?.end)
    }

    /// The text from the first to the last of these tokens, comments between them included.
    pub(super) fn slice(&self, tokens: &Tokens) -> &'a str {
        self.bytes(tokens).and_then(|bytes| self.text.get(bytes)).unwrap_or_default()
    }

    /// The same on one line where no comment stands between the tokens: each line break there becomes a
    /// blank, or nothing beside a parenthesis. Longer texts are kept as they are.
    pub(super) fn flat(&self, tokens: &Tokens) -> String {
        let whole = self.slice(tokens);
        if self.has_comment(tokens) { whole.to_owned() } else { flattened(whole) }
    }

    /// Whether a comment stands between the first and the last of these tokens.
    pub(super) fn has_comment(&self, tokens: &Tokens) -> bool {
        self.bytes(tokens)
            .is_some_and(|bytes| self.comments.iter().any(|c| c.start >= bytes.start && c.end <= bytes.end))
    }

    /// The place of these tokens for people.
    pub(super) fn span(&self, tokens: &Tokens) -> Span {
        let place = |l: Location| Position { line: small(l.line), column: small(l.column) };
        let first = self.lexemes.get(tokens.start).map_or(Position::START, |l| place(l.from));
        let last = tokens.end.checked_sub(1).and_then(|last| self.lexemes.get(last));
        Span { start: first, end: last.map_or(first, |l| place(l.to)) }
    }

    /// The tokens outside of the brackets and CASEs that open within these tokens. A bracket itself is
    /// given, what it holds is not.
    pub(super) fn outer(&self, tokens: Tokens) -> impl Iterator<Item = usize> + '_ {
        let mut next = tokens.start;
        std::iter::from_fn(move || {
            let here = next;
            if here >= tokens.end {
                return None;
            }
            next = match self.mate(here) {
                Some(mate) if mate > here => mate,
                _ => here + 1,
            };
            Some(here)
        })
    }

    /// These tokens cut at every comma outside of brackets.
    pub(super) fn split_commas(&self, tokens: &Tokens) -> Vec<Tokens> {
        self.split_at(tokens, |index| self.token(index) == Some(&Token::Comma))
    }

    fn split_at(&self, tokens: &Tokens, mut separates: impl FnMut(usize) -> bool) -> Vec<Tokens> {
        let mut parts = Vec::new();
        let mut start = tokens.start;
        for index in self.outer(tokens.clone()) {
            if separates(index) {
                parts.push(start..index);
                start = index + 1;
            }
        }
        parts.push(start..tokens.end);
        parts
    }

    /// The operands of a chain of one logical operator (AND or OR) with their extents, or the whole
    /// where `expr` is something else. `None` where text and tree do not agree.
    pub(super) fn operands<'e>(
        &self,
        expr: &'e Expr,
        tokens: &Tokens,
        operator: &BinaryOperator,
    ) -> Option<Vec<Operand<'e>>> {
        let nodes = chain(expr, operator);
        if nodes.len() == 1 {
            return Some(vec![Operand { expr, tokens: tokens.clone() }]);
        }
        let word = if *operator == BinaryOperator::And { "AND" } else { "OR" };
        let mut between = 0usize;
        let parts = self.split_at(tokens, |index| {
            if self.is(index, "BETWEEN") {
                between += 1;
            }
            if !self.is(index, word) {
                // An AND inside an OR chain ends a BETWEEN all the same.
                if between > 0 && self.is(index, "AND") {
                    between -= 1;
                }
                return false;
            }
            if word == "AND" && between > 0 {
                between -= 1;
                return false;
            }
            true
        });
        if parts.len() != nodes.len() || parts.iter().any(Range::is_empty) {
            return None;
        }
        Some(nodes.into_iter().zip(parts).map(|(expr, tokens)| Operand { expr, tokens }).collect())
    }

    /// These tokens without the parentheses around all of them, as often as there are some, and the
    /// expression inside.
    pub(super) fn open<'e>(&self, mut expr: &'e Expr, tokens: &Tokens) -> (&'e Expr, Tokens) {
        let mut tokens = tokens.clone();
        while let Expr::Nested(inner) = expr
            && !tokens.is_empty()
            && self.token(tokens.start) == Some(&Token::LParen)
            && self.mate(tokens.start) == Some(tokens.end - 1)
        {
            expr = inner;
            tokens = tokens.start + 1..tokens.end - 1;
        }
        (expr, tokens)
    }

    /// The two sides of a comparison. `None` unless its operator stands once outside of brackets.
    pub(super) fn sides(&self, tokens: &Tokens) -> Option<(Tokens, Tokens)> {
        let mut found = self.outer(tokens.clone()).filter(|&index| {
            matches!(
                self.token(index),
                Some(
                    Token::Eq
                        | Token::DoubleEq
                        | Token::Neq
                        | Token::Lt
                        | Token::Gt
                        | Token::LtEq
                        | Token::GtEq
                )
            )
        });
        let operator = found.next()?;
        if found.next().is_some() || operator == tokens.start || operator + 1 == tokens.end {
            return None;
        }
        Some((tokens.start..operator, operator + 1..tokens.end))
    }

    /// Whether anything stands before this token on its line but blanks; and those blanks.
    pub(super) fn indent(&self, index: usize) -> (bool, &'a str) {
        let Some(lexeme) = self.lexemes.get(index) else { return (false, "") };
        let line = self.text[..lexeme.start].rfind('\n').map_or(0, |at| at + 1);
        let head = &self.text[line..lexeme.start];
        let blanks = head.len() - head.trim_start().len();
        (blanks == head.len(), &head[..blanks])
    }

    /// What stands between this token and the one before it, without comments.
    pub(super) fn gap_before(&self, index: usize) -> String {
        let Some(lexeme) = self.lexemes.get(index) else { return String::new() };
        let gap = &self.text[self.end_before(index)..lexeme.start];
        let blank = gap.trim().is_empty();
        if blank { gap.to_owned() } else { format!("\n{}", self.indent(index).1) }
    }

    /// The end of the token before this one, in bytes.
    pub(super) fn end_before(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.lexemes.get(before)).map_or(0, |l| l.end)
    }

    /// Every word of the text, lower-cased, quoted or not.
    pub(super) fn words(&self) -> impl Iterator<Item = String> + '_ {
        self.lexemes.iter().filter_map(|lexeme| match &lexeme.token {
            Token::Word(word) => Some(word.value.to_lowercase()),
            _ => None,
        })
    }
}

/// A text without comments on one line, unless that would be too long to read.
pub(super) fn flattened(text: &str) -> String {
    const LONGEST: usize = 120;
    if !text.contains('\n') {
        return text.to_owned();
    }
    let mut flat = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c.is_whitespace() => {
                let mut breaks = c == '\n';
                while let Some(blank) = rest.next_if(|next| next.is_whitespace()) {
                    breaks |= blank == '\n';
                }
                if !breaks || !(flat.ends_with('(') || rest.peek() == Some(&')')) {
                    flat.push(' ');
                }
                continue;
            }
            _ => {}
        }
        flat.push(c);
    }
    if flat.len() > LONGEST || quote.is_some() { text.to_owned() } else { flat }
}

/// A part of a logical chain and where it stands.
#[derive(Clone)]
pub(super) struct Operand<'e> {
    pub(super) expr: &'e Expr,
    pub(super) tokens: Tokens,
}

/// The operands of a chain of one operator, left to right; parentheses are not opened.
pub(super) fn chain<'e>(expr: &'e Expr, operator: &BinaryOperator) -> Vec<&'e Expr> {
    let mut nodes = Vec::new();
    let mut todo = vec![expr];
    while let Some(node) = todo.pop() {
        match node {
            Expr::BinaryOp { left, op, right } if op == operator => {
                todo.push(right);
                todo.push(left);
            }
            _ => nodes.push(node),
        }
    }
    nodes
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// Turns places into byte offsets; places mostly ascend, so each step is short.
struct Cursor<'t> {
    text: &'t str,
    lines: &'t [usize],
    line: u64,
    column: u64,
    at: usize,
}

impl Cursor<'_> {
    fn seek(&mut self, place: Location) -> Option<usize> {
        if place.line != self.line || place.column < self.column {
            let line = usize::try_from(place.line.checked_sub(1)?).ok()?;
            self.at = *self.lines.get(line)?;
            self.line = place.line;
            self.column = 1;
        }
        let skip = usize::try_from(place.column - self.column).ok()?;
        let rest = &self.text[self.at..];
        let mut chars = rest.char_indices();
        self.at += match chars.nth(skip) {
            Some((at, _)) => at,
            None if rest.chars().count() == skip => rest.len(),
            None => return None,
        };
        self.column = place.column;
        Some(self.at)
    }
}
