//! A text as a script: its statements in order.

use sqlparser::ast::{Query, Statement};
use sqlparser::tokenizer::TokenWithSpan;
use sqm_domain::Dialect;

use super::attempt;
use super::command::{Command, queries_in};
use super::error::ParseError;
use super::grammar::Grammar;
use super::lines::LineIndex;
use super::mask::mask;
use super::rough::rough_pieces;
use super::split::{Role, split};
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

    /// The tokens of the text, comments and white space included, made anew: what cannot be tokenized
    /// is left out.
    pub(crate) fn tokens(&self) -> Vec<TokenWithSpan> {
        let grammar = self.grammar.parser();
        let masked = mask(self.text);
        let (sql, base) = without_mark(&masked);
        tokens::tokenize(grammar, sql, base).unwrap_or_else(|_| {
            let mut offset = self.text.len() - sql.len();
            let mut all = Vec::new();
            for piece in rough_pieces(sql) {
                all.extend(tokens::tokenize(grammar, piece, self.lines.position(offset)).unwrap_or_default());
                offset += piece.len();
            }
            all
        })
    }
}

/// The text after a byte order mark, which is no part of the SQL but counts as a character of the first
/// line, and where it starts.
fn without_mark(text: &str) -> (&str, Position) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, Position { line: 1, column: 2 }),
        None => (text, Position::START),
    }
}

/// Parses a text. The trees may be deep: only on a large stack.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Script<'_> {
    let grammar = Grammar::of(dialect);
    let mut script = Script { text, dialect, grammar, lines: LineIndex::new(text), statements: Vec::new() };
    let masked = mask(text);
    let (sql, base) = without_mark(&masked);
    match tokens::tokenize(grammar.parser(), sql, base) {
        Ok(tokens) => script.add(tokens),
        Err(_) => script.recover(sql),
    }
    script
}

impl Script<'_> {
    /// Where tokenizing the whole fails, each piece is tokenized for itself.
    fn recover(&mut self, sql: &str) {
        let mut offset = self.text.len() - sql.len();
        for piece in rough_pieces(sql) {
            let base = self.lines.position(offset);
            match tokens::tokenize(self.grammar.parser(), piece, base) {
                Ok(tokens) => self.add(tokens),
                Err(error) => {
                    let start = offset + (piece.len() - piece.trim_start().len());
                    let end = offset + piece.trim_end().trim_end_matches(';').len();
                    let span = Span { start: self.lines.position(start), end: self.lines.position(end) };
                    self.add_untokenizable(span, ParseError::of_tokenizer(error, base));
                }
            }
            offset += piece.len();
        }
    }

    /// A piece that the own grammar cannot cut into tokens; another may.
    fn add_untokenizable(&mut self, span: Span, error: ParseError) {
        let text = self.lines.slice(span);
        let found = self.grammar.fallbacks().find_map(|grammar| {
            let tokens = tokens::tokenize(grammar.parser(), text, span.start).ok()?;
            let tree = attempt::statement(grammar, tokens, self.dialect).0.ok()?;
            Some((tree, grammar))
        });
        let (tree, grammar) = match found {
            Some((tree, grammar)) => (Ok(Tree::Sql(Box::new(tree))), grammar),
            None => (Err(error), self.grammar),
        };
        self.statements.push(ParsedStatement { span, tree, grammar });
    }

    /// Cuts the tokens into statements and parses each.
    fn add(&mut self, tokens: Vec<TokenWithSpan>) {
        let pieces = split(&tokens, self.dialect);
        let mut taken = 0;
        let mut rest = tokens.into_iter();
        for piece in pieces {
            let range = piece.range;
            let tokens: Vec<_> = rest.by_ref().skip(range.start - taken).take(range.len()).collect();
            taken = range.end;
            match piece.role {
                Role::Statement => self.add_statement(tokens, piece.in_body),
                Role::Header => self.push_command(&tokens, Command::header(&tokens)),
                Role::Control(kind) => {
                    self.add_queries(&tokens, kind);
                }
                Role::Declaration => self.add_declaration(tokens),
            }
        }
    }

    fn push_command(&mut self, tokens: &[TokenWithSpan], command: Command) {
        if let Some(span) = tokens::span_of(tokens) {
            let tree = Ok(Tree::Command(command));
            self.statements.push(ParsedStatement { span, tree, grammar: self.grammar });
        }
    }

    /// One command for each query that stands in the tokens; says whether there was one.
    fn add_queries(&mut self, tokens: &[TokenWithSpan], kind: &str) -> bool {
        let found = queries_in(tokens);
        let any = !found.is_empty();
        for range in found {
            let inner = &tokens[range];
            let Some(span) = tokens::span_of(inner) else { continue };
            let (result, grammar) = self.query(inner, span);
            let tree =
                result.map(|query| Tree::Command(Command { query: Some(query), ..Command::new(kind) }));
            self.statements.push(ParsedStatement { span, tree, grammar });
        }
        any
    }

    fn add_declaration(&mut self, tokens: Vec<TokenWithSpan>) {
        if !self.add_queries(&tokens, "DECLARE") {
            self.push_command(&tokens, Command::new("DECLARE"));
        }
    }

    /// The query that the tokens are, in the own grammar or another.
    fn query(&self, tokens: &[TokenWithSpan], span: Span) -> (Result<Box<Query>, ParseError>, Grammar) {
        let (result, grammar) = self.parse_anyhow(tokens.to_vec(), span);
        let result = result.and_then(|tree| match tree {
            Statement::Query(query) => Ok(query),
            _ => Err(ParseError { message: "Expected: a query".to_owned(), position: span.start }),
        });
        (result, grammar)
    }

    fn add_statement(&mut self, tokens: Vec<TokenWithSpan>, _in_body: bool) {
        let Some(span) = tokens::span_of(&tokens) else { return };
        let (result, grammar) = self.parse_anyhow(tokens, span);
        let tree = result.map(|tree| Tree::Sql(Box::new(tree)));
        self.statements.push(ParsedStatement { span, tree, grammar });
    }

    /// The tree that the own grammar makes of the tokens; where it gives up, one that another makes.
    fn parse_anyhow(
        &self,
        tokens: Vec<TokenWithSpan>,
        span: Span,
    ) -> (Result<Statement, ParseError>, Grammar) {
        let (result, tokens) = attempt::statement(self.grammar, tokens, self.dialect);
        let error = match result {
            Ok(tree) => return (Ok(tree), self.grammar),
            Err(error) => ParseError::of_parser(error, span.start),
        };
        drop(tokens);
        let text = self.lines.slice(span);
        for grammar in self.grammar.fallbacks() {
            let Ok(tokens) = tokens::tokenize(grammar.parser(), text, span.start) else { continue };
            if let (Ok(tree), _) = attempt::statement(grammar, tokens, self.dialect) {
                return (Ok(tree), grammar);
            }
        }
        (Err(error), self.grammar)
    }
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
