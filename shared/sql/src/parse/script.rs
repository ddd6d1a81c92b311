//! A text as a script: its statements in order.

use sqlparser::ast::Statement;
use sqlparser::tokenizer::TokenWithSpan;
use sqm_domain::Dialect;

use super::attempt;
use super::body::{Body, body_of};
use super::command::{Command, queries_in, recognise, unload};
use super::declared;
use super::error::ParseError;
use super::grammar::Grammar;
use super::lines::LineIndex;
use super::mask::mask;
use super::mend::Mend;
use super::multi::inserts_of;
use super::rough::rough_pieces;
use super::source::{Output, Source};
use super::split::{Role, split};
use super::tokens;
use super::variables::without_variables;
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
    /// The variables, parameters and loop records that it declares, as written.
    pub variables: Vec<String>,
    /// Whether some of it is procedural: a body, a branch, a loop, a declaration.
    pub is_procedural: bool,
    /// How many strings around the statement at hand hold a body.
    depth: usize,
}

/// How deep bodies in strings inside bodies in strings are followed.
const MAX_BODIES: usize = 8;

/// One statement of a script.
#[derive(Debug)]
pub struct ParsedStatement {
    /// From its first to its last token, comments around it and the semicolon left out.
    pub span: Span,
    /// Its tree, or why it has none.
    pub tree: Result<Tree, ParseError>,
    /// The grammar that made the tree: the script's own unless that one gave up.
    pub grammar: Grammar,
    /// How the tokens that made the tree differ from the text; nothing, nearly always. A tree that was
    /// mended says which tables and columns are meant, but it is not the text: never print it instead.
    pub mends: Vec<Mend>,
}

/// What a statement says.
#[derive(Debug)]
pub enum Tree {
    /// The parser's tree.
    Sql(Box<Statement>),
    /// A statement that the parser has no tree for.
    Command(Box<Command>),
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
    let mut script = Script {
        text,
        dialect,
        grammar,
        lines: LineIndex::new(text),
        statements: Vec::new(),
        variables: Vec::new(),
        is_procedural: false,
        depth: 0,
    };
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
            let tree = attempt::plain(grammar, tokens).0.ok()?;
            Some(Found { tree, grammar, mends: Vec::new() })
        });
        self.push_found(span, found.ok_or(error), |tree| Ok(Tree::Sql(Box::new(tree))));
    }

    /// Cuts the tokens into statements and parses each.
    fn add(&mut self, tokens: Vec<TokenWithSpan>) {
        self.add_pieces(tokens, false);
    }

    fn add_pieces(&mut self, mut tokens: Vec<TokenWithSpan>, in_body: bool) {
        let mut pieces = split(&tokens, self.dialect);
        // Nearly always there is one statement: its tokens stay where they are.
        if let [piece] = &pieces[..]
            && piece.range.start == 0
        {
            tokens.truncate(piece.range.end);
            let piece = pieces.remove(0);
            return self.add_piece(piece.role, tokens, in_body || piece.in_body);
        }
        let mut taken = 0;
        let mut rest = tokens.into_iter();
        for piece in pieces {
            let range = piece.range;
            let tokens: Vec<_> = rest.by_ref().skip(range.start - taken).take(range.len()).collect();
            taken = range.end;
            self.add_piece(piece.role, tokens, in_body || piece.in_body);
        }
    }

    fn add_piece(&mut self, role: Role, tokens: Vec<TokenWithSpan>, in_body: bool) {
        self.is_procedural |= in_body || !matches!(role, Role::Statement);
        match role {
            Role::Statement => self.add_statement(tokens, in_body),
            Role::Header => {
                declared::parameters(&tokens, &mut self.variables);
                self.push_command(&tokens, Command::header(&tokens));
            }
            Role::Control(kind) => {
                let mut command = Command::new(kind);
                if kind == "FOR" {
                    declared::variables(&tokens, &mut self.variables);
                    if let Some((record, cursor)) = declared::record(&tokens) {
                        (command.record, command.cursor) = (Some(record), cursor);
                    }
                }
                let over_cursor = command.cursor.is_some();
                if !self.add_queries(&tokens, &command) && over_cursor {
                    self.push_command(&tokens, command);
                }
            }
            Role::Declaration => self.add_declaration(tokens),
        }
    }

    fn push_command(&mut self, tokens: &[TokenWithSpan], command: Command) {
        if let Some(span) = tokens::span_of(tokens) {
            let tree = Ok(Tree::Command(Box::new(command)));
            let (grammar, mends) = (self.grammar, Vec::new());
            self.statements.push(ParsedStatement { span, tree, grammar, mends });
        }
    }

    /// One command for each query that stands in the tokens; says whether there was one.
    fn add_queries(&mut self, tokens: &[TokenWithSpan], command: &Command) -> bool {
        let found = queries_in(tokens);
        let any = !found.is_empty();
        for range in found {
            let inner = &tokens[range];
            let Some(span) = tokens::span_of(inner) else { continue };
            let found = self.parse_anyhow(inner.to_vec(), Some(span), true).map_err(|(error, _)| error);
            self.push_found(span, found, |tree| match tree {
                Statement::Query(query) => {
                    Ok(Tree::Command(Box::new(Command { query: Some(query), ..command.clone() })))
                }
                _ => Err(ParseError { message: "Expected: a query".to_owned(), position: span.start }),
            });
        }
        any
    }

    fn add_declaration(&mut self, tokens: Vec<TokenWithSpan>) {
        declared::variables(&tokens, &mut self.variables);
        let command = Command { record: declared::cursor(&tokens), ..Command::new("DECLARE") };
        if !self.add_queries(&tokens, &command) {
            self.push_command(&tokens, Command::new("DECLARE"));
        }
    }

    fn add_statement(&mut self, tokens: Vec<TokenWithSpan>, in_body: bool) {
        let Some(span) = tokens::span_of(&tokens) else { return };
        if super::tokens::is_word(&tokens[0].token, "DECLARE")
            || super::tokens::is_word(&tokens[0].token, "LET")
        {
            declared::variables(&tokens, &mut self.variables);
        }
        if let Some(body) = body_of(&tokens) {
            return self.add_body(&tokens, &body);
        }
        let inserts = inserts_of(&tokens, self.dialect);
        for insert in inserts.iter() {
            let Some(span) = tokens::span_of(&insert.own) else { continue };
            let found = self.parse_anyhow(insert.tokens.clone(), None, in_body).map_err(|(error, _)| error);
            self.push_found(span, found, |tree| Ok(Tree::Sql(Box::new(tree))));
        }
        if !inserts.is_empty() || self.add_unload(&tokens, span) {
            return;
        }
        let found = match self.parse_anyhow(tokens, Some(span), in_body) {
            Ok(found) => Ok(found),
            Err((error, tokens)) => match self.add_command(&tokens, span, in_body) {
                true => return,
                false => Err(error),
            },
        };
        self.push_found(span, found, |tree| Ok(Tree::Sql(Box::new(tree))));
    }

    /// `UNLOAD ('SELECT …') TO 'path'`: the query is a string.
    fn add_unload(&mut self, tokens: &[TokenWithSpan], span: Span) -> bool {
        let Some((query, command)) = unload(tokens) else { return false };
        let query = match query {
            Some(body) => tokens::tokenize(self.grammar.parser(), &body.text, body.start).ok(),
            None => None,
        };
        let Some(query) = query else { return false };
        let found = self.parse_anyhow(query, None, false).map_err(|(error, _)| error);
        self.push_found(span, found, |tree| match tree {
            Statement::Query(query) => Ok(Tree::Command(Box::new(Command { query: Some(query), ..command }))),
            _ => Err(ParseError { message: "Expected: a query".to_owned(), position: span.start }),
        });
        true
    }

    /// What has no tree, as a command if its words are known.
    fn add_command(&mut self, tokens: &[TokenWithSpan], span: Span, in_body: bool) -> bool {
        let source = Source::of(tokens, self.dialect);
        let Some((mut command, query)) = recognise(&source, in_body) else { return false };
        if command.kind == "CREATE TABLE FUNCTION" {
            declared::parameters(tokens, &mut self.variables);
        }
        let mut mends = Vec::new();
        let mut grammar = self.grammar;
        if let Some(range) = query {
            let inner = Output::of_range(&source, range);
            let Some(inner_span) = tokens::span_of(&inner) else { return false };
            match self.parse_anyhow(inner, Some(inner_span), in_body) {
                Ok(Found { tree: Statement::Query(query), grammar: found, mends: made }) => {
                    command.query = Some(query);
                    (grammar, mends) = (found, made);
                }
                _ => return false,
            }
        } else if in_body && command.reads.is_empty() && command.writes.is_empty() {
            let command = Command { record: declared::cursor(tokens), ..Command::new(command.kind.clone()) };
            if self.add_queries(tokens, &command) {
                return true;
            }
        }
        self.statements.push(ParsedStatement {
            span,
            tree: Ok(Tree::Command(Box::new(command))),
            grammar,
            mends,
        });
        true
    }

    /// The statements of a body that is a string, after the statement that it belongs to.
    fn add_body(&mut self, tokens: &[TokenWithSpan], body: &Body) {
        let header = if tokens::is_word(&tokens[0].token, "CREATE") {
            declared::parameters(tokens, &mut self.variables);
            Command::header(tokens)
        } else {
            Command::new("EXECUTE")
        };
        self.push_command(tokens, header);
        self.is_procedural = true;
        if self.depth >= MAX_BODIES {
            return;
        }
        self.depth += 1;
        let inner = tokens::tokenize(self.grammar.parser(), &body.text, body.start);
        self.add_pieces(inner.unwrap_or_default(), true);
        self.depth -= 1;
    }

    fn push_found(
        &mut self,
        span: Span,
        found: Result<Found, ParseError>,
        tree: impl FnOnce(Statement) -> Result<Tree, ParseError>,
    ) {
        let statement = match found {
            Ok(found) => {
                ParsedStatement { span, tree: tree(found.tree), grammar: found.grammar, mends: found.mends }
            }
            Err(error) => {
                ParsedStatement { span, tree: Err(error), grammar: self.grammar, mends: Vec::new() }
            }
        };
        self.statements.push(statement);
    }

    /// The tree that the own grammar makes of the tokens, mended if need be; where it gives up, one that
    /// another makes; or the error, and the tokens. Without a span they are not those of the text.
    fn parse_anyhow(
        &self,
        tokens: Vec<TokenWithSpan>,
        span: Option<Span>,
        in_body: bool,
    ) -> Result<Found, (ParseError, Vec<TokenWithSpan>)> {
        let own = self.grammar;
        let start = tokens.first().map_or(Position::START, |token| tokens::position(token.span.start));
        let (tokens, mends) = without_variables(tokens, self.dialect, in_body);
        let (result, tokens) = attempt::plain(own, tokens);
        let mut error = match result {
            Ok(tree) => return Ok(Found { tree, grammar: own, mends }),
            Err(error) => ParseError::of_parser(error, start),
        };
        match attempt::mended(own, &tokens, self.dialect) {
            Some(Ok((tree, mends))) => return Ok(Found { tree, grammar: own, mends }),
            Some(Err(later)) => {
                let later = ParseError::of_parser(later, start);
                if later.position > error.position {
                    error = later;
                }
            }
            None => {}
        }
        let text = span.map(|span| self.lines.slice(span));
        // Long statements get one more chance, not five: each costs as much as the first.
        let most = if tokens.len() > 8 * 1024 { 1 } else { usize::MAX };
        let found = own.fallbacks().take(most).find_map(|grammar| {
            let tokens = match text {
                Some(text) => tokens::tokenize(grammar.parser(), text, start).ok()?,
                None => tokens.clone(),
            };
            let (tokens, _) = without_variables(tokens, self.dialect, in_body);
            let (result, tokens) = attempt::plain(grammar, tokens);
            let (tree, mends) = match result {
                Ok(tree) => (tree, Vec::new()),
                Err(_) => attempt::mended(grammar, &tokens, self.dialect)?.ok()?,
            };
            Some(Found { tree, grammar, mends })
        });
        found.ok_or((error, tokens))
    }
}

/// A tree, the grammar that made it, and how its tokens differ from the text.
struct Found {
    tree: Statement,
    grammar: Grammar,
    mends: Vec<Mend>,
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
                "select 3 from | Expected: identifier, found: EOF, at line 2, column 15",
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
