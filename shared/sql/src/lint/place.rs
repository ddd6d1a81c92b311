//! Where a node of the tree stands in the text, to the character.
//!
//! The parser's own spans leave out brackets, keywords and whole operators, and computing them recurses.
//! Here the leaves at both ends of an expression are found in the tree, and the place is widened over
//! the tokens that belong to it. Tokens are made only once something is reported.

use std::cell::{Cell, OnceCell};

use sqlparser::ast::{
    CastKind, Expr, Ident, ObjectName, ObjectNamePart, Query, SetExpr, Spanned, TableFactor,
};
use sqlparser::tokenizer::{Location, Span as ParserSpan, Token, TokenWithSpan};

use super::children::{Child, children};
use crate::parse::Script;
use crate::text::{Position, Span};

/// The places of the nodes of one script.
pub struct Places<'a> {
    script: &'a Script<'a>,
    /// Without white space and comments.
    tokens: OnceCell<Vec<TokenWithSpan>>,
    /// What is meant where a node has no place of its own.
    statement: Cell<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl<'a> Places<'a> {
    /// Of a script.
    pub(crate) fn new(script: &'a Script<'a>) -> Self {
        let nowhere = Span { start: Position::START, end: Position::START };
        Self { script, tokens: OnceCell::new(), statement: Cell::new(nowhere) }
    }

    /// Goes on to a statement.
    pub(crate) fn set_statement(&self, span: Span) {
        self.statement.set(span);
    }

    /// The place of the statement that is being walked: its first word to its end.
    pub fn of_statement(&self) -> Span {
        self.statement.get()
    }

    /// The first `words` words of the statement, such as `DROP TABLE`.
    pub fn of_statement_start(&self, words: usize) -> Span {
        let whole = self.statement.get();
        let tokens = self.tokens();
        let first = tokens.partition_point(|token| position(token.span.start) < whole.start);
        let last = (first + words).saturating_sub(1);
        tokens.get(last).map_or(whole, |token| Span { start: whole.start, end: position(token.span.end) })
    }

    /// The place of an expression.
    pub fn of_expr(&self, expr: &Expr) -> Span {
        self.exact(expr).unwrap_or_else(|| self.of_statement())
    }

    /// From the start of one expression to the end of another.
    pub fn from_to(&self, first: &Expr, last: &Expr) -> Span {
        Span { start: self.of_expr(first).start, end: self.of_expr(last).end }
    }

    /// The place of a name.
    pub fn of_name(&self, name: &ObjectName) -> Span {
        let spans = name.0.iter().map(|part| match part {
            ObjectNamePart::Identifier(ident) => ident.span,
            ObjectNamePart::Function(function) => function.name.span,
        });
        self.known(spans.reduce(|a, b| a.union(&b)))
    }

    /// The place of an identifier.
    pub fn of_ident(&self, ident: &Ident) -> Span {
        self.known(Some(ident.span))
    }

    /// The place of what stands in FROM: its name and alias.
    pub fn of_relation(&self, relation: &TableFactor) -> Span {
        match relation {
            TableFactor::Table { name, alias, .. } => {
                let name = self.of_name(name);
                let alias = alias.as_ref().map(|alias| self.of_ident(&alias.name));
                Span { start: name.start, end: alias.map_or(name.end, |alias| alias.end.max(name.end)) }
            }
            TableFactor::Derived { subquery, .. } => self.of_query(subquery),
            other => self.known(Some(other.span())),
        }
    }

    /// The place of a query: its first keyword; a query is too long to be marked whole.
    pub fn of_query(&self, query: &Query) -> Span {
        self.known(query_start(query))
    }

    /// The place of a token that the tree keeps, such as a keyword.
    pub fn of_token(&self, token: &TokenWithSpan) -> Span {
        self.known(Some(token.span))
    }

    /// The text at a place.
    pub fn text(&self, span: Span) -> &'a str {
        self.script.lines.slice(span)
    }

    /// The text of an expression.
    pub fn text_of(&self, expr: &Expr) -> &'a str {
        self.text(self.of_expr(expr))
    }

    /// The place of the first of these words, in this order, at or after a position.
    pub fn of_words(&self, words: &[&str], after: Position) -> Option<Span> {
        let tokens = self.tokens();
        let start = tokens.partition_point(|token| position(token.span.start) < after);
        let hit = tokens[start..]
            .windows(words.len())
            .find(|window| window.iter().zip(words).all(|(token, word)| is_word(&token.token, word)))?;
        Some(Span { start: position(hit.first()?.span.start), end: position(hit.last()?.span.end) })
    }

    fn known(&self, span: Option<ParserSpan>) -> Span {
        match span {
            Some(span) if span.start.line > 0 => {
                Span { start: position(span.start), end: position(span.end) }
            }
            _ => self.of_statement(),
        }
    }

    fn tokens(&self) -> &[TokenWithSpan] {
        self.tokens.get_or_init(|| {
            let mut tokens = self.script.tokens();
            tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
            tokens
        })
    }

    fn exact(&self, expr: &Expr) -> Option<Span> {
        let start = edge(expr, Side::Left)?;
        let end = edge(expr, Side::Right)?;
        let tokens = self.tokens();
        let first = tokens.partition_point(|token| token.span.end <= start);
        let last = tokens.partition_point(|token| token.span.start < end).checked_sub(1)?;
        if first > last || last >= tokens.len() {
            return None;
        }
        let mut range = Range { tokens, first, last };
        range.widen(expr);
        Some(Span {
            start: position(tokens[range.first].span.start),
            end: position(tokens[range.last].span.end),
        })
    }
}

pub(super) fn position(at: Location) -> Position {
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: count(at.line), column: count(at.column) }
}

fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

/// The first keyword of a query.
fn query_start(query: &Query) -> Option<ParserSpan> {
    let mut query = query;
    loop {
        if let Some(with) = &query.with {
            return Some(with.with_token.0.span);
        }
        let mut body = &*query.body;
        loop {
            match body {
                SetExpr::SetOperation { left, .. } => body = left,
                SetExpr::Select(select) => return Some(select.select_token.0.span),
                SetExpr::Query(inner) => {
                    query = inner;
                    break;
                }
                _ => return None,
            }
        }
    }
}

/// The outer end of the leaf at one side of an expression, as far as the tree knows it.
fn edge(expr: &Expr, side: Side) -> Option<Location> {
    let pick = |span: ParserSpan| {
        (span.start.line > 0).then_some(if side == Side::Left { span.start } else { span.end })
    };
    let mut expr = expr;
    loop {
        match expr {
            Expr::BinaryOp { left, right, .. } => expr = if side == Side::Left { left } else { right },
            Expr::Identifier(ident) => return pick(ident.span),
            Expr::CompoundIdentifier(parts) => {
                return pick(if side == Side::Left { parts.first()?.span } else { parts.last()?.span });
            }
            Expr::Value(value) => return pick(value.span),
            Expr::TypedString(typed) => return pick(typed.value.span),
            Expr::Wildcard(token) => return pick(token.0.span),
            Expr::Case { case_token, end_token, .. } => {
                return pick(if side == Side::Left { case_token.0.span } else { end_token.0.span });
            }
            _ => {
                let mut found: Option<Location> = None;
                let mut only: Option<&Expr> = None;
                let mut count = 0;
                let mut take = |location: Option<Location>| {
                    let Some(location) = location else { return };
                    found = Some(match (found, side) {
                        (None, _) => location,
                        (Some(known), Side::Left) => known.min(location),
                        (Some(known), Side::Right) => known.max(location),
                    });
                };
                if let Expr::Function(function) = expr {
                    take(function.name.0.first().and_then(|part| pick(part.span())));
                    count = 2;
                }
                if let Expr::Collate { collation, .. } = expr {
                    take(collation.0.last().and_then(|part| pick(part.span())));
                    count = 2;
                }
                children(expr, &mut |child| {
                    count += 1;
                    if let Child::Expr(child) = child {
                        only = Some(child);
                    }
                });
                match only {
                    Some(child) if count == 1 => {
                        expr = child;
                        continue;
                    }
                    _ => {}
                }
                children(expr, &mut |child| match child {
                    Child::Expr(child) | Child::Window(child) => take(edge(child, side)),
                    Child::Query(query, _) => take(query_start(query).and_then(pick)),
                });
                return found;
            }
        }
    }
}

/// The first or last operand of an expression, as deep as it goes.
fn outermost(expr: &Expr, side: Side) -> &Expr {
    let mut expr = expr;
    loop {
        expr = match (expr, side) {
            (Expr::BinaryOp { left, .. }, Side::Left) => left,
            (Expr::BinaryOp { right, .. }, Side::Right) => right,
            (
                Expr::Like { expr: inner, .. }
                | Expr::ILike { expr: inner, .. }
                | Expr::InList { expr: inner, .. }
                | Expr::InSubquery { expr: inner, .. }
                | Expr::Between { expr: inner, .. }
                | Expr::IsNull(inner)
                | Expr::IsNotNull(inner),
                Side::Left,
            ) => inner,
            (
                Expr::Like { pattern: inner, .. }
                | Expr::ILike { pattern: inner, .. }
                | Expr::Between { high: inner, .. }
                | Expr::UnaryOp { expr: inner, .. },
                Side::Right,
            ) => inner,
            _ => return expr,
        }
    }
}

/// Words before a bracket that belong to it.
const CALLS: &[&str] = &[
    "CAST",
    "TRY_CAST",
    "SAFE_CAST",
    "CONVERT",
    "TRY_CONVERT",
    "EXTRACT",
    "SUBSTRING",
    "SUBSTR",
    "TRIM",
    "POSITION",
    "CEIL",
    "CEILING",
    "FLOOR",
    "OVERLAY",
    "EXISTS",
    "ARRAY",
    "STRUCT",
    "MAP",
    "GROUPING",
    "CUBE",
    "ROLLUP",
    "ANY",
    "ALL",
    "SOME",
    "IN",
];

/// Words after an operand that make a predicate of it.
const SUFFIXES: &[&str] = &["IS", "NOT", "NULL", "TRUE", "FALSE", "UNKNOWN", "ISNULL", "NOTNULL"];

struct Range<'t> {
    tokens: &'t [TokenWithSpan],
    first: usize,
    last: usize,
}

impl Range<'_> {
    fn next(&self) -> Option<&Token> {
        self.tokens.get(self.last + 1).map(|token| &token.token)
    }

    fn previous(&self) -> Option<&Token> {
        self.tokens.get(self.first.checked_sub(1)?).map(|token| &token.token)
    }

    fn next_is(&self, words: &[&str]) -> bool {
        self.next().is_some_and(|token| words.iter().any(|word| is_word(token, word)))
    }

    /// Takes in what belongs to the expression on both sides.
    fn widen(&mut self, expr: &Expr) {
        self.close_brackets();
        match outermost(expr, Side::Right) {
            Expr::Function(_) => self.rest_of_call(),
            Expr::Cast { kind: CastKind::DoubleColon, .. } => {
                if matches!(self.next(), Some(Token::DoubleColon)) {
                    self.last += 2;
                    self.bracket_after();
                }
            }
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_) => {
                while self.next_is(SUFFIXES) {
                    self.last += 1;
                }
            }
            Expr::Interval(interval) if interval.leading_field.is_some() => {
                if matches!(self.next(), Some(Token::Word(_))) {
                    self.last += 1;
                }
            }
            _ => {}
        }
        self.last = self.last.min(self.tokens.len() - 1);
        match outermost(expr, Side::Left) {
            Expr::UnaryOp { .. } | Expr::TypedString(_) | Expr::Interval(_) | Expr::Prefixed { .. } => {
                self.first = self.first.saturating_sub(1);
            }
            Expr::Exists { negated: true, .. }
                if self.previous().is_some_and(|token| is_word(token, "NOT")) =>
            {
                self.first -= 1;
            }
            _ => {}
        }
    }

    /// Balances the brackets on both sides.
    fn close_brackets(&mut self) {
        let (mut open, mut unopened) = (0_usize, 0_usize);
        for token in &self.tokens[self.first..=self.last] {
            match bracket(&token.token) {
                1 => open += 1,
                -1 if open > 0 => open -= 1,
                -1 => unopened += 1,
                _ => {}
            }
        }
        // The head of a subquery is all that the tree knows of it.
        if matches!(self.previous(), Some(Token::LParen)) && self.head_of_query() {
            open += 1;
            self.first -= 1;
            self.word_before();
        }
        let mut depth = open;
        while depth > 0 && self.last + 1 < self.tokens.len() {
            self.last += 1;
            match bracket(&self.tokens[self.last].token) {
                1 => depth += 1,
                -1 => depth -= 1,
                _ => {}
            }
        }
        let mut depth = unopened;
        while depth > 0 && self.first > 0 {
            self.first -= 1;
            match bracket(&self.tokens[self.first].token) {
                1 => depth -= 1,
                -1 => depth += 1,
                _ => {}
            }
            if depth == 0 {
                self.word_before();
            }
        }
    }

    fn head_of_query(&self) -> bool {
        ["SELECT", "WITH"].iter().any(|word| is_word(&self.tokens[self.first].token, word))
    }

    /// The word before a bracket, where it belongs to it.
    fn word_before(&mut self) {
        if self.previous().is_some_and(|token| CALLS.iter().any(|word| is_word(token, word))) {
            self.first -= 1;
        }
    }

    /// The bracket that follows, up to its end.
    fn bracket_after(&mut self) {
        if self.next().is_none_or(|token| bracket(token) != 1) {
            return;
        }
        let mut depth = 0;
        while let Some(token) = self.next() {
            depth += i32::from(bracket(token));
            self.last += 1;
            if depth == 0 {
                break;
            }
        }
    }

    /// The arguments of a call, and FILTER, OVER and WITHIN GROUP after them.
    fn rest_of_call(&mut self) {
        self.bracket_after();
        while self.next_is(&["FILTER", "OVER", "WITHIN", "IGNORE", "RESPECT"]) {
            self.last += 1;
            while matches!(self.next(), Some(Token::Word(_))) && !matches!(self.next(), Some(Token::LParen)) {
                if self.next_is(&["GROUP", "NULLS"]) || is_word(&self.tokens[self.last].token, "OVER") {
                    self.last += 1;
                } else {
                    break;
                }
            }
            self.bracket_after();
        }
    }
}

fn bracket(token: &Token) -> i8 {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => 1,
        Token::RParen | Token::RBracket | Token::RBrace => -1,
        _ => 0,
    }
}
