//! Statements inside strings: bodies of procedures between dollar signs or quotes.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::tokens::{Cursor, position};
use crate::text::Position;

/// A text inside a text, and where it starts.
pub(super) struct Body {
    pub(super) text: String,
    pub(super) start: Position,
}

/// The SQL in a string of the statement: the body of CREATE PROCEDURE, DO or EXECUTE IMMEDIATE, or what T-SQL
/// executes.
pub(super) fn body_of(tokens: &[TokenWithSpan]) -> Option<Body> {
    let mut cursor = Cursor::new(tokens, 0);
    if let Some(at) = executed(cursor) {
        return text_of(tokens.get(at)?).filter(|body| starts_statement(&body.text));
    }
    let is_block = cursor.is("DO") || (cursor.is("EXECUTE") && cursor.next().is("IMMEDIATE"));
    let object = created(cursor);
    if !is_block && object.is_none() {
        return None;
    }
    let mut found = None;
    while cursor.token() != &Token::EOF {
        match cursor.token() {
            Token::LParen if !is_block => {
                cursor.skip_group();
                continue;
            }
            Token::DollarQuotedString(_) | Token::SingleQuotedString(_) => {
                let after_as =
                    matches!(cursor.before(), Token::Word(word) if word.value.eq_ignore_ascii_case("as"));
                let dollars = matches!(cursor.token(), Token::DollarQuotedString(_));
                let at = cursor.at();
                let alone = cursor.next().token() == &Token::EOF || dollars;
                if (is_block && alone) || after_as {
                    found = Some(at);
                }
            }
            _ if cursor.is("LANGUAGE") => {
                let sql = cursor.next().is_any(&["SQL", "PLPGSQL"])
                    || matches!(
                        cursor.next().token(),
                        Token::SingleQuotedString(name) if ["sql", "plpgsql"].contains(&name.to_lowercase().as_str())
                    );
                if !sql {
                    return None;
                }
            }
            _ => {}
        }
        cursor.advance();
    }
    let body = text_of(tokens.get(found?)?)?;
    // The body of a function may be an expression, or of a language that is not named.
    (object != Some(Object::Function) || starts_statement(&body.text)).then_some(body)
}

/// The string of `EXEC ('…')`, `EXEC sp_executesql N'…'`, `EXECUTE IMMEDIATE '…' USING …` and
/// `PREPARE s FROM '…'`.
fn executed(mut cursor: Cursor<'_>) -> Option<usize> {
    let is_text = |token: &Token| {
        matches!(
            token,
            Token::SingleQuotedString(_)
                | Token::DoubleQuotedString(_)
                | Token::NationalStringLiteral(_)
                | Token::DollarQuotedString(_)
        )
    };
    if cursor.is("PREPARE") && cursor.next().next().is("FROM") {
        let text = cursor.next().next().next();
        return (is_text(text.token()) && text.next().token() == &Token::EOF).then(|| text.at());
    }
    if !cursor.take("EXEC") && !cursor.take("EXECUTE") {
        return None;
    }
    cursor.take("IMMEDIATE");
    if is_text(cursor.token()) {
        let next = cursor.next();
        let is_whole = next.token() == &Token::EOF || next.is_any(&["USING", "INTO"]);
        return is_whole.then(|| cursor.at());
    }
    if cursor.take_token(&Token::LParen) {
        let at = cursor.at();
        let is_alone = is_text(cursor.token()) && cursor.next().token() == &Token::RParen;
        return is_alone.then_some(at);
    }
    (cursor.take("sp_executesql") && is_text(cursor.token())).then(|| cursor.at())
}

/// What has a body that may be a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    Procedure,
    Function,
}

fn starts_statement(text: &str) -> bool {
    let word = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "BEGIN", "DECLARE"]
        .iter()
        .any(|start| word.eq_ignore_ascii_case(start))
}

fn created(mut cursor: Cursor<'_>) -> Option<Object> {
    if !cursor.take("CREATE") {
        return None;
    }
    while cursor.is_any(&["OR", "REPLACE", "ALTER", "SECURE", "TEMPORARY", "TEMP"]) {
        cursor.advance();
    }
    match () {
        () if cursor.is("PROCEDURE") => Some(Object::Procedure),
        () if cursor.is("FUNCTION") => Some(Object::Function),
        () => None,
    }
}

/// The text of a string whose characters stand in the text as they are; `None` where some are escaped.
pub(super) fn text_of(token: &TokenWithSpan) -> Option<Body> {
    let start = position(token.span.start);
    let at =
        |skip: usize| Position { line: start.line, column: start.column + u32::try_from(skip).unwrap_or(0) };
    match &token.token {
        Token::DollarQuotedString(body) => {
            let tag = body.tag.as_ref().map_or(0, |tag| tag.chars().count());
            Some(Body { text: body.value.clone(), start: at(tag + 2) })
        }
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::NationalStringLiteral(text) => {
            let mark = if matches!(token.token, Token::DoubleQuotedString(_)) { '"' } else { '\'' };
            let plain = !text.contains([mark, '\\']);
            let quote = if matches!(token.token, Token::NationalStringLiteral(_)) { 2 } else { 1 };
            plain.then(|| Body { text: text.clone(), start: at(quote) })
        }
        _ => None,
    }
}
