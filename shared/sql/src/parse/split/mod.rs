//! Where statements start and end, on tokens.
//!
//! A statement ends at a semicolon; in some dialects also where the next one visibly starts, at a line
//! that says `GO` or `/`. The words of a procedure's control flow are peeled off, so that the statements
//! inside it are statements of the script, each for itself: no block has to be closed for that.

mod bare;
mod control;

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::tokens::says_something;
use control::Peeled;

/// A stretch of tokens with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its tokens, from its first to its last word, without the semicolon.
    pub(super) range: Range<usize>,
    pub(super) role: Role,
    /// Whether it stands inside a procedural block.
    pub(super) in_body: bool,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A statement.
    Statement,
    /// What introduces a body: `CREATE PROCEDURE p AS`.
    Header,
    /// A condition or cursor of the control flow, which may hold queries.
    Control(&'static str),
    /// An item of a DECLARE section.
    Declaration,
}

/// Cuts the tokens into pieces, none of them empty.
pub(super) fn split(tokens: &[TokenWithSpan], dialect: Dialect) -> Vec<Piece> {
    let mut splitter = Splitter { tokens, dialect, pieces: Vec::new(), in_body: false, declaring: false };
    splitter.run();
    splitter.pieces
}

struct Splitter<'t> {
    tokens: &'t [TokenWithSpan],
    dialect: Dialect,
    pieces: Vec<Piece>,
    in_body: bool,
    declaring: bool,
}

impl Splitter<'_> {
    fn run(&mut self) {
        let mut at = 0;
        loop {
            while self.tokens.get(at).is_some_and(|t| !says_something(t) || t.token == Token::SemiColon) {
                at += 1;
            }
            if at >= self.tokens.len() {
                return;
            }
            at = self.step(at).max(at + 1);
        }
    }

    /// Takes one piece that starts at a word, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        if let Some(next) = self.batch_end(at) {
            (self.in_body, self.declaring) = (false, false);
            return next;
        }
        match control::peel(self.tokens, at, self.dialect, self.in_body, self.declaring) {
            Peeled::Words(next) => {
                (self.in_body, self.declaring) = (true, false);
                next
            }
            Peeled::End(next) => {
                self.declaring = false;
                next
            }
            Peeled::Control(kind, range, next) => {
                self.in_body = true;
                self.push(range, Role::Control(kind));
                next
            }
            Peeled::Header { end, declares } => {
                self.push(at..end, Role::Header);
                (self.in_body, self.declaring) = (true, declares);
                end
            }
            Peeled::Declaration => {
                let end = self.statement_end(at, true);
                self.push(at..end, Role::Declaration);
                (self.in_body, self.declaring) = (true, true);
                end
            }
            Peeled::Nothing => {
                let end = self.statement_end(at, false);
                self.push(at..end, Role::Statement);
                end
            }
        }
    }

    fn push(&mut self, range: Range<usize>, role: Role) {
        let last = range.clone().rev().find(|&at| says_something(&self.tokens[at]));
        if let Some(last) = last {
            self.pieces.push(Piece { range: range.start..last + 1, role, in_body: self.in_body });
        }
    }

    /// The token after a line that ends a batch, if such a line starts here.
    fn batch_end(&self, at: usize) -> Option<usize> {
        let alone = || bare::is_alone_on_line(self.tokens, at);
        match &self.tokens[at].token {
            Token::Div if alone() => Some(at + 1),
            // A command of the client, as .LOGON of BTEQ: it ends with its line.
            Token::Period if self.dialect == Dialect::Teradata && bare::is_first_on_line(self.tokens, at) => {
                let line = self.tokens[at].span.start.line;
                let is_next = |token: &TokenWithSpan| token.span.start.line > line;
                Some(self.tokens[at..].iter().position(is_next).map_or(self.tokens.len(), |next| at + next))
            }
            Token::Word(word) if word.value.eq_ignore_ascii_case("go") && bare::is_go(self.tokens, at) => {
                Some(bare::after_go(self.tokens, at))
            }
            _ => None,
        }
    }

    /// The token that ends the statement that starts here, or the number of tokens.
    fn statement_end(&self, start: usize, is_declaration: bool) -> usize {
        let bare = matches!(self.dialect, Dialect::TSql | Dialect::Fabric);
        let slash = matches!(self.dialect, Dialect::Oracle | Dialect::Exasol);
        let go = bare || matches!(self.dialect, Dialect::Generic | Dialect::Ansi);
        let mut context = bare::Context::default();
        for at in start..self.tokens.len() {
            match &self.tokens[at].token {
                Token::SemiColon => return at,
                Token::Div if slash && at > start && bare::is_alone_on_line(self.tokens, at) => return at,
                Token::Word(word)
                    if go
                        && word.quote_style.is_none()
                        && word.value.len() == 2
                        && word.value.eq_ignore_ascii_case("go")
                        && at > start
                        && bare::is_go(self.tokens, at) =>
                {
                    return at;
                }
                _ => {}
            }
            if bare && !is_declaration && context.starts_statement(self.tokens, start, at) {
                return at;
            }
        }
        self.tokens.len()
    }
}

#[cfg(test)]
mod tests;
