//! Where a statement starts that no semicolon announces (T-SQL).
//!
//! A word that can start a statement does so unless the statement at hand still waits for it: the SELECT
//! of an INSERT, the SET of an UPDATE, the DELETE after ON or THEN.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::super::tokens::{Cursor, bare_word, is_word, says_something};

/// What has been seen of the statement at hand.
#[derive(Default)]
pub(super) struct Context {
    depth: usize,
    cases: usize,
    /// A SELECT, VALUES or EXEC at the top: what an INSERT or a WITH waits for.
    has_query: bool,
    /// INSERT, UPDATE, DELETE or MERGE at the top: what a WITH may wait for too.
    has_change: bool,
    has_set: bool,
}

/// Words that always start a statement where they are not continued from the word before.
const STARTERS: &[&str] = &[
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "CREATE",
    "TRUNCATE",
    "EXEC",
    "EXECUTE",
    "DECLARE",
    "IF",
    "ELSE",
    "WHILE",
    "PRINT",
    "BEGIN",
    "RETURN",
    "USE",
    "COMMIT",
    "ROLLBACK",
    "RAISERROR",
    "THROW",
    "WAITFOR",
    "GOTO",
    "BREAK",
    "CONTINUE",
    "ALTER",
    "DROP",
    "SELECT",
    "WITH",
    "SET",
    "GRANT",
    "REVOKE",
    "DENY",
    "OPEN",
    "FETCH",
    "CLOSE",
    "DEALLOCATE",
    "BULK",
    "DBCC",
    "KILL",
    "SAVE",
];

/// Words after which a starter belongs to the statement at hand.
const CONTINUED: &[&str] = &[
    "ON",
    "THEN",
    "FOR",
    "AFTER",
    "OF",
    "AS",
    "OR",
    "UNION",
    "ALL",
    "EXCEPT",
    "INTERSECT",
    "DISTINCT",
    "TABLE",
    "VIEW",
    "PROCEDURE",
    "PROC",
    "FUNCTION",
    "DATABASE",
    "SCHEMA",
    "INDEX",
    "SEQUENCE",
    "TRIGGER",
    "TYPE",
    "ROLE",
    "USER",
    "LOGIN",
    "SYNONYM",
    "GRANT",
    "REVOKE",
    "DENY",
    "NOT",
    "OPTION",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "EXPLAIN",
    "BULK",
    "COLUMN",
    "CONSTRAINT",
    "AND",
    "IS",
    "BY",
    "FROM",
    "INTO",
    "JOIN",
    "WHERE",
    "HAVING",
    "CROSS",
    "OUTER",
    "IN",
    "EXISTS",
    "LIKE",
    "BETWEEN",
    "TO",
    "ROWS",
    "ROW",
    "BEFORE",
    "OUTPUT",
    "WITH",
    "EXTERNAL",
];

impl Context {
    /// Takes note of the token, and says whether a new statement starts with it.
    pub(super) fn starts_statement(&mut self, tokens: &[TokenWithSpan], start: usize, at: usize) -> bool {
        match &tokens[at].token {
            Token::LParen => self.depth += 1,
            Token::RParen => self.depth = self.depth.saturating_sub(1),
            token => {
                if let Some(word) = bare_word(token)
                    && self.depth == 0
                    && self.word(tokens, start, at, word)
                {
                    return true;
                }
            }
        }
        false
    }

    fn word(&mut self, tokens: &[TokenWithSpan], start: usize, at: usize, word: &str) -> bool {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        if is("CASE") {
            self.cases += 1;
        } else if is("END") {
            if self.cases == 0 {
                return at > start;
            }
            self.cases -= 1;
        }
        let starts = at > start && self.cases == 0 && self.may_start(tokens, start, at, word);
        if !starts {
            self.has_query |= is("SELECT") || is("VALUES") || is("EXEC") || is("EXECUTE");
            self.has_change |= is("INSERT") || is("UPDATE") || is("DELETE") || is("MERGE");
            self.has_set |= is("SET");
        }
        starts
    }

    fn may_start(&self, tokens: &[TokenWithSpan], start: usize, at: usize, word: &str) -> bool {
        if !STARTERS.iter().any(|starter| word.eq_ignore_ascii_case(starter)) {
            return false;
        }
        let here = Cursor::new(tokens, at);
        let before = here.before();
        let is_operand =
            !matches!(before, Token::Word(_) | Token::RParen | Token::Number(..)) && !is_literal(before);
        let sets_on = is_word(&tokens[start].token, "SET") && is_word(before, "ON");
        if is_operand || (!sets_on && CONTINUED.iter().any(|word| is_word(before, word))) {
            return false;
        }
        let first = &tokens[start].token;
        let began = |words: &[&str]| words.iter().any(|word| is_word(first, word));
        let next = here.next();
        let object =
            ["TABLE", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "DATABASE", "SCHEMA", "INDEX", "TRIGGER"];
        match () {
            () if here.is("SELECT") => self.has_query || !began(&["INSERT", "WITH", "MERGE"]),
            () if here.is_any(&["EXEC", "EXECUTE"]) => self.has_query || !began(&["INSERT"]),
            () if here.is_any(&["INSERT", "UPDATE", "DELETE", "MERGE"]) => {
                next.token() != &Token::LParen
                    && !(began(&["WITH"]) && !self.has_query && !self.has_change)
                    && (is_first_on_line(tokens, at) || !matches!(next.token(), Token::Period))
            }
            // A MERGE has a SET in each of its branches.
            () if here.is("SET") && is_word(before, "UPDATE") => false,
            () if here.is("SET") => self.has_set || !began(&["UPDATE", "WITH", "MERGE", "ALTER"]),
            () if here.is("WITH") => {
                let after_name = next.next();
                is_first_on_line(tokens, at)
                    && matches!(next.token(), Token::Word(_))
                    && (after_name.is("AS") || after_name.token() == &Token::LParen)
                    && (self.has_query || !began(&["INSERT"]))
                    && !began(&["CREATE"])
            }
            () if here.is_any(&["ALTER", "DROP", "CREATE"]) => {
                next.is_any(&object)
                    || next.is_any(&[
                        "OR",
                        "UNIQUE",
                        "CLUSTERED",
                        "NONCLUSTERED",
                        "USER",
                        "ROLE",
                        "TYPE",
                        "LOGIN",
                    ])
                    || next.is_any(&["SEQUENCE", "SYNONYM", "STATISTICS", "EXTERNAL", "COLUMNSTORE"])
            }
            () if here
                .is_any(&["OPEN", "CLOSE", "USE", "SAVE", "KILL", "FETCH", "BULK", "BREAK", "CONTINUE"]) =>
            {
                is_first_on_line(tokens, at)
            }
            () => true,
        }
    }
}

fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::DoubleQuotedString(_)
            | Token::HexStringLiteral(_)
            | Token::Placeholder(_)
            | Token::Mul
    )
}

pub(super) fn is_first_on_line(tokens: &[TokenWithSpan], at: usize) -> bool {
    let line = tokens[at].span.start.line;
    tokens[..at]
        .iter()
        .rev()
        .find(|token| says_something(token))
        .is_none_or(|token| token.span.end.line < line)
}

/// Whether the token is the only word of its line.
pub(super) fn is_alone_on_line(tokens: &[TokenWithSpan], at: usize) -> bool {
    let line = tokens[at].span.end.line;
    let next = tokens[at + 1..].iter().find(|token| says_something(token));
    is_first_on_line(tokens, at) && next.is_none_or(|token| token.span.start.line > line)
}

/// Whether the word GO here is a line of its own, with a count or without.
pub(super) fn is_go(tokens: &[TokenWithSpan], at: usize) -> bool {
    let line = tokens[at].span.end.line;
    let mut rest = tokens[at + 1..].iter().filter(|token| says_something(token));
    let mut next = rest.next();
    if next.is_some_and(|token| matches!(token.token, Token::Number(..)) && token.span.start.line == line) {
        next = rest.next();
    }
    let ends = next.is_none_or(|token| token.span.start.line > line || token.token == Token::SemiColon);
    is_first_on_line(tokens, at) && ends
}

/// The token after a line that says GO.
pub(super) fn after_go(tokens: &[TokenWithSpan], at: usize) -> usize {
    let line = tokens[at].span.end.line;
    let next = Cursor::new(tokens, at + 1);
    let counts = matches!(next.token(), Token::Number(..)) && tokens[next.at()].span.start.line == line;
    if counts { next.at() + 1 } else { at + 1 }
}
