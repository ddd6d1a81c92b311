//! A text as a script: its statements in order.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::command::Command;
use super::error::ParseError;
use super::grammar::Grammar;
use super::lines::LineIndex;
use super::rough::rough_pieces;
use super::split::split;
use super::tokens;
use crate::text::{Position, Span};

/// A text with its statements.
#[derive(Debug)]
pub struct Script<'a> {
    /// The text as it came.
    pub text: &'a str,
    /// The dialect that its author names.
    pub dialect: Dialect,
    /// The grammar that reads this dialect; the nearest one unless `grammar.is_own(dialect)`.
    pub grammar: Grammar,
    /// From places to offsets.
    pub lines: LineIndex<'a>,
    /// What it says, in order.
    pub statements: Vec<ParsedStatement>,
}

/// One statement of a script.
#[derive(Debug)]
pub struct ParsedStatement {
    /// From its first to its last token, comments around it and the semicolon left out.
    pub span: Span,
    /// Its tree, or why it has none.
    pub tree: Result<Tree, ParseError>,
    /// The grammar that made the tree: the script's own unless that one gave up.
    pub grammar: Grammar,
}

/// What a statement says.
#[derive(Debug)]
pub enum Tree {
    /// The parser's tree.
    Sql(Box<Statement>),
    /// A statement that the parser has no tree for.
    Command(Command),
}

impl Script<'_> {
    /// The text of a statement.
    pub fn text_of(&self, statement: &ParsedStatement) -> &str {
        self.lines.slice(statement.span)
    }
}

/// Parses a text. The trees may be deep: only on a large stack.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Script<'_> {
    let grammar = Grammar::of(dialect);
    let mut script = Script { text, dialect, grammar, lines: LineIndex::new(text), statements: Vec::new() };
    // A byte order mark is no part of the SQL, but it counts as a character of the first line.
    let (sql, base) = match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, Position { line: 1, column: 2 }),
        None => (text, Position::START),
    };
    match tokens::tokenize(grammar.parser(), sql, base) {
        Ok(tokens) => script.add(tokens),
        Err(_) => script.recover(sql),
    }
    script
}

impl<'a> Script<'a> {
    /// Where tokenizing the whole fails, each piece is tokenized for itself.
    fn recover(&mut self, sql: &'a str) {
        let mut offset = self.text.len() - sql.len();
        for piece in rough_pieces(sql) {
            let base = self.lines.position(offset);
            match tokens::tokenize(self.grammar.parser(), piece, base) {
                Ok(tokens) => self.add(tokens),
                Err(error) => {
                    let start = offset + (piece.len() - piece.trim_start().len());
                    let end = offset + piece.trim_end().trim_end_matches(';').len();
                    self.statements.push(ParsedStatement {
                        span: Span { start: self.lines.position(start), end: self.lines.position(end) },
                        tree: Err(ParseError::of_tokenizer(error, base)),
                        grammar: self.grammar,
                    });
                }
            }
            offset += piece.len();
        }
    }

    /// Cuts the tokens into statements and parses each.
    fn add(&mut self, tokens: Vec<TokenWithSpan>) {
        let ranges = split(&tokens);
        let mut taken = 0;
        let mut rest = tokens.into_iter();
        for range in ranges {
            let statement: Vec<_> = rest.by_ref().skip(range.start - taken).take(range.len()).collect();
            taken = range.end;
            self.add_statement(statement);
        }
    }

    fn add_statement(&mut self, tokens: Vec<TokenWithSpan>) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
        let start = tokens::position(first.span.start);
        let span = Span { start, end: tokens::position(last.span.end) };
        let (tree, tokens) = parse_statement(self.grammar, tokens);
        let error = match tree {
            Ok(tree) => {
                let tree = Ok(Tree::Sql(Box::new(tree)));
                return self.statements.push(ParsedStatement { span, tree, grammar: self.grammar });
            }
            Err(error) => ParseError::of_parser(error, start),
        };
        drop(tokens);
        let text = self.lines.slice(span);
        for grammar in self.grammar.fallbacks() {
            let Ok(tokens) = tokens::tokenize(grammar.parser(), text, start) else { continue };
            if let (Ok(tree), _) = parse_statement(grammar, tokens) {
                let tree = Ok(Tree::Sql(Box::new(tree)));
                return self.statements.push(ParsedStatement { span, tree, grammar });
            }
        }
        self.statements.push(ParsedStatement { span, tree: Err(error), grammar: self.grammar });
    }
}

/// Parses the tokens as exactly one statement, and gives them back.
fn parse_statement(
    grammar: Grammar,
    tokens: Vec<TokenWithSpan>,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    let mut parser = Parser::new(grammar.parser()).with_tokens_with_locations(tokens);
    let result = parser.parse_statement().and_then(|statement| match parser.peek_token_ref().token {
        Token::EOF => Ok(statement),
        _ => parser.expected_ref("end of statement", parser.peek_token_ref()),
    });
    (result, parser.into_tokens())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::with_script;

    /// One word a statement: its span and `ok`, or the error.
    fn check(sql: &str, dialect: Dialect, expected: &[&str]) {
        let seen = with_script(sql, dialect, |script| {
            let say = |statement: &ParsedStatement| match &statement.tree {
                Ok(_) => format!("{} | {}", script.text_of(statement), statement.grammar.name()),
                Err(error) => format!("{} | {error}", script.text_of(statement)),
            };
            script.statements.iter().map(say).collect::<Vec<_>>()
        });
        assert_eq!(seen.unwrap(), expected, "{sql}");
    }

    #[test]
    fn a_bad_statement_does_not_lose_the_others() {
        check(
            "select 1; selekt 2;\n select 3 from;select 4 -- four",
            Dialect::Postgres,
            &[
                "select 1 | postgres",
                "selekt 2 | Expected: an SQL statement, found: selekt, at line 1, column 11",
                "select 3 from | Expected: identifier, found: EOF, at line 2, column 2",
                "select 4 | postgres",
            ],
        );
    }

    #[test]
    fn an_unclosed_quote_loses_only_what_it_swallows() {
        check(
            "select 1;\nselect 'a; select 2",
            Dialect::Postgres,
            &[
                "select 1 | postgres",
                "select 'a; select 2 | Unterminated string literal, at line 2, column 8",
            ],
        );
    }

    #[test]
    fn another_grammar_helps_out() {
        check("SELECT * EXCLUDE (a) FROM t", Dialect::Ansi, &["SELECT * EXCLUDE (a) FROM t | generic"]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        check("\u{feff}select 1", Dialect::Generic, &["select 1 | generic"]);
    }

    #[test]
    fn nothing_says_nothing() {
        check("", Dialect::Generic, &[]);
        check(" ;; -- nothing\n;", Dialect::Generic, &[]);
    }
}
