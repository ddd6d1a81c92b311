//! The words of control flow in procedures: peeled off at the start of a statement.
//!
//! Dialects write them differently (`IF … THEN`, `IF … BEGIN`, `WHILE … DO`), but a word such as ELSE or
//! LOOP never starts a statement that matters to tables, so nothing has to be matched up.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::super::tokens::{Cursor, bare_word, is_word};

/// What stands at the start of a statement.
pub(super) enum Peeled {
    /// A statement.
    Nothing,
    /// Words that say nothing about tables; go on at this token.
    Words(usize),
    /// The end of a block; go on at this token.
    End(usize),
    /// Words with something in between that may hold a query: its name, its tokens, where to go on.
    Control(&'static str, Range<usize>, usize),
    /// What introduces a body, up to this token; whether declarations follow.
    Header { end: usize, declares: bool },
    /// An item of a DECLARE section.
    Declaration,
}

/// Words that start a statement.
const STATEMENTS: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "WITH",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "EXEC",
    "EXECUTE",
    "DECLARE",
    "SET",
    "IF",
    "WHILE",
    "FOR",
    "LOOP",
    "REPEAT",
    "CASE",
    "RETURN",
    "CALL",
    "BEGIN",
    "PRINT",
    "RAISE",
    "RAISERROR",
    "THROW",
    "COMMIT",
    "ROLLBACK",
    "NULL",
    "LET",
    "OPEN",
    "FETCH",
    "CLOSE",
    "REPLACE",
    "PERFORM",
    "BREAK",
    "CONTINUE",
    "EXIT",
    "LEAVE",
    "ITERATE",
    "WAITFOR",
    "GOTO",
    "COPY",
    "USE",
    "GRANT",
    "REVOKE",
    "VALUES",
    "SIGNAL",
    "RESIGNAL",
    "LOAD",
    "UNLOAD",
    "ASSERT",
    "EXPORT",
    "TRY",
];

pub(super) fn starts_statement(cursor: Cursor<'_>) -> bool {
    cursor.is_any(STATEMENTS)
}

/// Looks at the start of a statement.
pub(super) fn peel(
    tokens: &[TokenWithSpan],
    at: usize,
    dialect: Dialect,
    in_body: bool,
    declaring: bool,
) -> Peeled {
    let here = Cursor::new(tokens, at);
    let bare = matches!(dialect, Dialect::TSql | Dialect::Fabric);
    match here.token() {
        Token::ShiftLeft => return label(here),
        Token::Word(word) if word.quote_style.is_none() => {
            if word.keyword == Keyword::NoKeyword && !declaring && !in_body {
                return unknown_word(here, &word.value, bare);
            }
        }
        _ if declaring => return Peeled::Declaration,
        _ => return Peeled::Nothing,
    }
    let Some(word) = bare_word(here.token()) else { return Peeled::Nothing };
    let upper = word.to_ascii_uppercase();
    match upper.as_str() {
        "BEGIN" => begin(here, in_body),
        "END" => end(here, in_body, bare),
        "CREATE" | "ALTER" => header(here, dialect),
        "PROCEDURE" | "FUNCTION" if declaring => match header(here, dialect) {
            Peeled::Nothing => Peeled::Declaration,
            found => found,
        },
        "IF" | "ELSEIF" | "ELSIF" | "ELIF" => condition(here, "IF", &["THEN"], bare),
        "WHILE" => condition(here, "WHILE", &["DO", "LOOP"], bare),
        "WHEN" => condition(here, "WHEN", &["THEN"], false),
        "WITH" if dialect == Dialect::Oracle && here.next().is_any(&["FUNCTION", "PROCEDURE"]) => {
            header(here.next(), dialect)
        }
        // No statement but this one begins with CASE.
        "CASE" => condition(here, "CASE", &["WHEN"], false),
        "UNTIL" if in_body => condition(here, "UNTIL", &["END"], false),
        "FOR" => condition(here, "FOR", &["LOOP", "DO"], false),
        "FORALL" if in_body => forall(here),
        "ELSE" => else_(here),
        "LOOP" | "REPEAT" if in_body || starts_statement(here.next()) => Peeled::Words(here.next().at()),
        "EXCEPTION" if in_body || here.next().is("WHEN") => Peeled::Words(here.next().at()),
        "DO" if in_body && starts_statement(here.next()) => Peeled::Words(here.next().at()),
        "DECLARE" => declare(here, dialect),
        _ if declaring && !STATEMENTS.contains(&upper.as_str()) => Peeled::Declaration,
        _ if here.next().token() == &Token::Colon && in_body => label(here),
        _ => Peeled::Nothing,
    }
}

/// A first word that is no keyword: a few languages have control words that the parser does not know.
fn unknown_word(here: Cursor<'_>, word: &str, bare: bool) -> Peeled {
    let is = |other: &str| word.eq_ignore_ascii_case(other);
    if is("ELSIF") || is("ELIF") {
        return condition(here, "IF", &["THEN"], bare);
    }
    let mut next = here.next();
    if (is("LOOP") || is("REPEAT")) && starts_statement(next) {
        return Peeled::Words(next.at());
    }
    if next.take_token(&Token::Colon) && next.is_any(&["BEGIN", "LOOP", "WHILE", "REPEAT", "FOR"]) {
        return Peeled::Words(next.at());
    }
    Peeled::Nothing
}

/// `<<name>>` or `name:`.
fn label(mut here: Cursor<'_>) -> Peeled {
    if here.take_token(&Token::ShiftLeft) {
        here.advance();
        here.take_token(&Token::ShiftRight);
    } else {
        here.advance();
        here.advance();
    }
    Peeled::Words(here.at())
}

/// BEGIN opens a block unless it opens a transaction.
fn begin(here: Cursor<'_>, in_body: bool) -> Peeled {
    let mut next = here.next();
    if next.is_any(&["TRY", "CATCH"]) {
        return Peeled::Words(next.next().at());
    }
    if next.is("NOT") && next.next().is("ATOMIC") {
        next.advance();
    }
    if next.take("ATOMIC") {
        if next.is("WITH") && next.next().token() == &Token::LParen {
            next.advance();
            next.skip_group();
        }
        return Peeled::Words(next.at());
    }
    let transaction =
        ["TRANSACTION", "TRAN", "WORK", "ISOLATION", "READ", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"];
    match next.token() {
        Token::EOF | Token::SemiColon if !in_body => Peeled::Nothing,
        _ if next.is_any(&transaction) || next.is_any(&["CONCURRENT", "DISTRIBUTED", "DIALOG"]) => {
            Peeled::Nothing
        }
        _ => Peeled::Words(next.at()),
    }
}

/// END, with the word or name that it may repeat.
fn end(here: Cursor<'_>, in_body: bool, bare: bool) -> Peeled {
    let mut next = here.next();
    if !in_body && matches!(next.token(), Token::EOF | Token::SemiColon) {
        // In some dialects END commits. As a statement it says nothing about tables either way.
        return Peeled::Words(next.at());
    }
    if next.is_any(&["TRANSACTION", "WORK"]) {
        return Peeled::Nothing;
    }
    let kinds = ["IF", "LOOP", "CASE", "WHILE", "FOR", "REPEAT", "TRY", "CATCH"];
    if next.is_any(&kinds) && !(bare && next.is_any(&["IF", "WHILE"])) {
        next.advance();
    }
    while matches!(next.token(), Token::Word(_) | Token::Period) && !starts_statement(next) {
        let ends =
            |token: &Token| matches!(token, Token::EOF | Token::SemiColon | Token::Period | Token::Div);
        let after = next.next();
        if next.token() != &Token::Period && !ends(after.token()) {
            break;
        }
        next = after;
    }
    Peeled::End(next.at())
}

/// From a word like IF to a word like THEN, or to the statement that follows where nothing separates them.
fn condition(here: Cursor<'_>, kind: &'static str, until: &[&str], bare: bool) -> Peeled {
    let start = here.next().at();
    let mut cursor = here.next();
    let mut cases = 0_usize;
    loop {
        match cursor.token() {
            Token::EOF | Token::SemiColon => {
                // Nothing that a condition must be followed by: it is none.
                return Peeled::Nothing;
            }
            Token::LParen => {
                cursor.skip_group();
                continue;
            }
            _ if cursor.is("CASE") => cases += 1,
            _ if cases > 0 && cursor.is("END") => {
                cases -= 1;
            }
            _ if cursor.is_any(until) => {
                let end = cursor.at();
                // The WHEN of a CASE and the END of a REPEAT are words of their own.
                let next = if cursor.is_any(&["WHEN", "END"]) { end } else { cursor.next().at() };
                return Peeled::Control(kind, start..end, next);
            }
            _ if bare && cursor.at() > start && starts_statement(cursor) && !cursor.is("NULL") => {
                return Peeled::Control(kind, start..cursor.at(), cursor.at());
            }
            // FOR r IN SELECT … LOOP holds a statement; any other condition does not.
            _ => {}
        }
        cursor.advance();
    }
}

/// `FORALL i IN a .. b INSERT …`: up to the statement.
fn forall(here: Cursor<'_>) -> Peeled {
    let mut cursor = here.next();
    while !matches!(cursor.token(), Token::EOF | Token::SemiColon) {
        if cursor.is_any(&["INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE"]) {
            return Peeled::Words(cursor.at());
        }
        cursor.advance();
    }
    Peeled::Nothing
}

fn else_(here: Cursor<'_>) -> Peeled {
    let next = here.next();
    // ELSE IF is left to the IF that follows.
    if matches!(next.token(), Token::EOF) { Peeled::Nothing } else { Peeled::Words(next.at()) }
}

/// DECLARE opens a section in some languages; in others it is a statement.
fn declare(here: Cursor<'_>, dialect: Dialect) -> Peeled {
    let next = here.next();
    if next.is("BEGIN") {
        return Peeled::Words(next.at());
    }
    let handler = next.is_any(&["CONTINUE", "EXIT", "UNDO"]) && next.next().is("HANDLER");
    if handler {
        // DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN … END: the statement follows the condition.
        let mut cursor = next;
        while !matches!(cursor.token(), Token::EOF | Token::SemiColon) {
            if starts_statement(cursor) && cursor.at() > next.next().at() && !cursor.is("FOR") {
                return Peeled::Words(cursor.at());
            }
            cursor.advance();
        }
        return Peeled::Nothing;
    }
    let sections =
        matches!(
            dialect,
            Dialect::Oracle | Dialect::Snowflake | Dialect::Exasol | Dialect::Postgres | Dialect::Db2
        ) || matches!(dialect, Dialect::Redshift | Dialect::Greenplum | Dialect::Vertica | Dialect::Generic);
    let cursor_of_sql = next.next().is_any(&["CURSOR", "NO", "BINARY", "INSENSITIVE", "SCROLL"]);
    if sections && !(cursor_of_sql && dialect != Dialect::Snowflake) {
        Peeled::Declaration
    } else {
        Peeled::Nothing
    }
}

/// `CREATE PROCEDURE … AS`, or with another object that has a body, up to where the body starts.
fn header(here: Cursor<'_>, dialect: Dialect) -> Peeled {
    let mut cursor = here;
    if cursor.is_any(&["CREATE", "ALTER"]) {
        cursor.advance();
        if cursor.take("OR") {
            cursor.advance();
        }
        let modifiers = [
            "EDITIONABLE",
            "NONEDITIONABLE",
            "TEMPORARY",
            "TEMP",
            "SECURE",
            "AGGREGATE",
            "CONSTRAINT",
            "PRIVATE",
        ];
        while cursor.is_any(&modifiers) {
            cursor.advance();
        }
        if cursor.take("DEFINER") {
            // DEFINER = user [@ host]
            while !matches!(cursor.token(), Token::EOF | Token::SemiColon)
                && !cursor.is_any(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"])
            {
                cursor.advance();
            }
        }
    }
    if cursor.is("TASK") && dialect == Dialect::Snowflake {
        return task(cursor);
    }
    let is_trigger = cursor.is_any(&["TRIGGER", "EVENT"]);
    let is_function = cursor.is("FUNCTION");
    let is_type = cursor.is("TYPE");
    let has_body = cursor.is_any(&["PROCEDURE", "PROC", "PACKAGE"]) || is_trigger || is_function;
    let has_body = has_body || (is_type && cursor.next().is("BODY"));
    if !has_body {
        return Peeled::Nothing;
    }
    let sections = matches!(
        dialect,
        Dialect::Oracle
            | Dialect::Exasol
            | Dialect::Snowflake
            | Dialect::Db2
            | Dialect::Teradata
            | Dialect::Generic
    );
    let mut had_parameters = false;
    cursor.advance();
    loop {
        match cursor.token() {
            Token::EOF | Token::SemiColon => return Peeled::Nothing,
            Token::LParen => {
                cursor.skip_group();
                had_parameters = true;
                continue;
            }
            _ if cursor.is("BEGIN") => return Peeled::Header { end: cursor.at(), declares: false },
            _ if cursor.is("DECLARE") && had_parameters => {
                return Peeled::Header { end: cursor.at(), declares: false };
            }
            _ if cursor.is_any(&["AS", "IS"]) => {
                let next = cursor.next();
                if matches!(next.token(), Token::SingleQuotedString(_) | Token::DollarQuotedString(_)) {
                    return Peeled::Nothing;
                }
                let types = next.is_any(&["TABLE", "EXTERNAL", "LANGUAGE"]);
                let statement = starts_statement(next) && !next.is_any(&["NULL", "CASE"]);
                if statement
                    && !(is_function
                        && next.is_any(&["SELECT", "WITH", "VALUES"])
                        && dialect == Dialect::DuckDb)
                {
                    return Peeled::Header { end: next.at(), declares: false };
                }
                if sections
                    && !types
                    && matches!(next.token(), Token::Word(_))
                    && !is_word(cursor.before(), "EXECUTE")
                {
                    return Peeled::Header { end: next.at(), declares: true };
                }
            }
            _ if is_trigger
                && cursor.is_any(&["ROW", "STATEMENT", "DO"])
                && starts_statement(cursor.next()) =>
            {
                let next = cursor.next();
                if !next.is("EXECUTE") && !(next.is("WHEN")) {
                    return Peeled::Header { end: next.at(), declares: false };
                }
            }
            _ if had_parameters
                && !is_trigger
                && !is_function
                && cursor.is_any(&["SELECT", "INSERT", "UPDATE", "DELETE", "CALL", "MERGE"]) =>
            {
                return Peeled::Header { end: cursor.at(), declares: false };
            }
            _ => {}
        }
        cursor.advance();
    }
}

/// `CREATE TASK t SCHEDULE = '…' AS`, up to the statement that it runs.
fn task(mut cursor: Cursor<'_>) -> Peeled {
    while !matches!(cursor.token(), Token::EOF | Token::SemiColon) {
        let next = cursor.next();
        if cursor.is("AS") && starts_statement(next) {
            return Peeled::Header { end: next.at(), declares: false };
        }
        cursor.advance();
    }
    Peeled::Nothing
}
