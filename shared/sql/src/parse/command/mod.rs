//! Statements that the parser has no tree for, as far as tables are concerned.

mod known;
mod procedural;

use std::ops::Range;

use sqlparser::ast::{Ident, ObjectName, Query};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::body::{Body, text_of};
use super::source::Source;
use super::tokens::{Cursor, bare_word, position};

/// A statement that is known by its first words and by the tables that it touches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Command {
    /// What it does, in capitals: `REFRESH TABLE`, `ALTER TABLE EXCHANGE PARTITION`.
    pub kind: String,
    /// What it reads, in the order of the text, the query's own tables excluded.
    pub reads: Vec<Relation>,
    /// What it writes or changes, in the order of the text.
    pub writes: Vec<Relation>,
    /// The columns of what it writes, where it names them.
    pub columns: Vec<Ident>,
    /// A query whose rows it writes, or that it merely runs.
    pub query: Option<Box<Query>>,
    /// The record or cursor that stands for the rows of the query.
    pub record: Option<Ident>,
    /// The cursor whose rows the record stands for.
    pub cursor: Option<Ident>,
}

/// Something that holds rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// A table or view, named as written.
    Table(ObjectName),
    /// A file, folder, bucket or stage, as written without quotes.
    Path(String),
}

impl Command {
    pub(super) fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Whether rows come into what it writes from somewhere that is no table.
    pub(crate) fn fills(&self) -> bool {
        ["LOAD DATA", "IMPORT", "INSERT", "BULK INSERT", "COPY INTO"].contains(&self.kind.as_str())
    }

    /// What introduces a body: `CREATE OR REPLACE PROCEDURE p AS` is a CREATE PROCEDURE.
    pub(super) fn header(tokens: &[TokenWithSpan]) -> Self {
        let objects = ["PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "PACKAGE", "TYPE", "EVENT", "TASK"];
        let words = tokens.iter().filter_map(|token| bare_word(&token.token));
        let object = words.clone().map(str::to_ascii_uppercase).find(|word| objects.contains(&word.as_str()));
        let verb = words.map(str::to_ascii_uppercase).next().filter(|word| word == "ALTER");
        let object = match object.as_deref() {
            Some("PROC") => "PROCEDURE",
            Some(object) => object,
            None => "PROCEDURE",
        };
        Self::new(format!("{} {object}", verb.as_deref().unwrap_or("CREATE")))
    }
}

/// What a statement without a tree does, with the place of its query, if its words are known.
pub(super) fn recognise(source: &Source, in_body: bool) -> Option<(Command, Option<Range<usize>>)> {
    let procedural = || procedural::recognise(source, in_body).map(|command| (command, None));
    known::recognise(source).or_else(procedural)
}

/// The query in the string of an UNLOAD, `None` where it is not readable in place, and the command.
pub(super) fn unload(tokens: &[TokenWithSpan]) -> Option<(Option<Body>, Command)> {
    let mut cursor = Cursor::new(tokens, 0);
    let opens = cursor.take("UNLOAD") && cursor.take_token(&Token::LParen);
    let text = tokens.get(cursor.at()).filter(|token| {
        opens && matches!(token.token, Token::SingleQuotedString(_) | Token::DollarQuotedString(_))
    })?;
    cursor.advance();
    if !cursor.take_token(&Token::RParen) || !cursor.take("TO") {
        return None;
    }
    let Token::SingleQuotedString(path) = cursor.token() else { return None };
    let query = text_of(text).or_else(|| unescaped(text));
    let command = Command { writes: vec![Relation::Path(path.clone())], ..Command::new("UNLOAD") };
    Some((query, command))
}

/// The text of a string with escapes; places in it are those of the string, as near as they are known.
fn unescaped(token: &TokenWithSpan) -> Option<Body> {
    match &token.token {
        Token::SingleQuotedString(text) => {
            Some(Body { text: text.replace("\\'", "'"), start: position(token.span.start) })
        }
        _ => None,
    }
}

/// Where queries stand among the tokens: in brackets, or from a first SELECT or WITH to the end.
pub(super) fn queries_in(tokens: &[TokenWithSpan]) -> Vec<Range<usize>> {
    let mut queries = Vec::new();
    let mut cursor = Cursor::new(tokens, 0);
    while cursor.token() != &Token::EOF {
        let next = cursor.next();
        if cursor.token() == &Token::LParen && next.is_any(&["SELECT", "WITH"]) {
            let start = next.at();
            cursor.skip_group();
            let end = tokens[..cursor.at()].iter().rposition(|token| token.token == Token::RParen);
            if let Some(end) = end.filter(|&end| end > start) {
                queries.push(start..end);
            }
            continue;
        }
        let starts = cursor.is("SELECT") || (cursor.is("WITH") && next.next().is("AS"));
        if starts {
            queries.push(cursor.at()..tokens.len());
            break;
        }
        cursor.advance();
    }
    queries
}
