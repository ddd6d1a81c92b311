//! Names of variables and parameters, which look like columns where they are used.

use sqlparser::ast::Ident;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::tokens::{Cursor, bare_word};

/// The parameters in the header of a procedure or function: `p (IN a INT, OUT b TEXT) AS`.
pub(super) fn parameters(tokens: &[TokenWithSpan], names: &mut Vec<String>) {
    let mut cursor = Cursor::new(tokens, 0);
    while !matches!(cursor.token(), Token::EOF | Token::LParen) {
        cursor.advance();
    }
    let mut expects = cursor.take_token(&Token::LParen);
    loop {
        match cursor.token() {
            Token::EOF | Token::RParen => return,
            Token::LParen => {
                cursor.skip_group();
                continue;
            }
            Token::Comma => expects = true,
            Token::Word(word) if expects && !cursor.is_any(&["IN", "OUT", "INOUT", "VARIADIC"]) => {
                names.push(word.value.clone());
                expects = false;
            }
            _ => {}
        }
        cursor.advance();
    }
}

/// The names in `DECLARE a, b INT`, `LET c := 1`, in an item of a section, `d NUMBER := 1`, and in the head
/// of a loop, `r IN (SELECT …)`.
pub(super) fn variables(tokens: &[TokenWithSpan], names: &mut Vec<String>) {
    let mut cursor = Cursor::new(tokens, 0);
    while cursor.is_any(&["DECLARE", "LET", "VAR", "VARIABLE", "CONSTANT", "FOR"]) {
        cursor.advance();
    }
    if cursor.is_any(&["CURSOR", "TYPE", "SUBTYPE", "PRAGMA", "PROCEDURE", "FUNCTION"]) {
        return;
    }
    loop {
        let Some(word) = bare_word(cursor.token()) else { return };
        names.push(word.to_owned());
        cursor.advance();
        if !cursor.take_token(&Token::Comma) {
            return;
        }
    }
}

/// The cursor in `CURSOR c IS SELECT …`, `c CURSOR FOR SELECT …` and `LET c CURSOR FOR …`; the result set in
/// `c RESULTSET DEFAULT (SELECT …)`.
pub(super) fn cursor(tokens: &[TokenWithSpan]) -> Option<Ident> {
    let mut here = Cursor::new(tokens, 0);
    while here.is_any(&["DECLARE", "LET"]) {
        here.advance();
    }
    if here.take("CURSOR") {
        return ident(tokens, here);
    }
    here.next().is_any(&["CURSOR", "SCROLL", "RESULTSET"]).then(|| ident(tokens, here)).flatten()
}

/// The record in `r IN (SELECT …)`, or in `r IN c` with the cursor.
pub(super) fn record(tokens: &[TokenWithSpan]) -> Option<(Ident, Option<Ident>)> {
    let here = Cursor::new(tokens, 0);
    let (after_in, record) = (here.next().next(), ident(tokens, here)?);
    if !here.next().is("IN") {
        return None;
    }
    let rest = after_in.next();
    let alone = matches!(rest.token(), Token::EOF | Token::LParen);
    Some((record, ident(tokens, after_in).filter(|_| alone)))
}

fn ident(tokens: &[TokenWithSpan], here: Cursor<'_>) -> Option<Ident> {
    match here.token() {
        Token::Word(word) => Some(word.clone().into_ident(tokens[here.at()].span)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::Grammar;
    use super::super::tokens::tokenize;
    use super::*;
    use crate::text::Position;

    fn check(find: fn(&[TokenWithSpan], &mut Vec<String>), sql: &str, expected: &[&str]) {
        let tokens = tokenize(Grammar::Generic.parser(), sql, Position::START).unwrap();
        let mut names = Vec::new();
        find(&tokens, &mut names);
        assert_eq!(names, expected, "{sql}");
    }

    #[test]
    fn names_are_found_before_their_types() {
        check(parameters, "CREATE PROCEDURE a.p(IN x DECIMAL(1, 2), OUT y INT) AS", &["x", "y"]);
        check(parameters, "CREATE PROCEDURE p AS", &[]);
        check(variables, "DECLARE a, b INT64 DEFAULT 1", &["a", "b"]);
        check(variables, "v_x t.c%TYPE := 3", &["v_x"]);
        check(variables, "LET c := 1", &["c"]);
        check(variables, "r IN (SELECT 1)", &["r"]);
        check(variables, "CURSOR c IS SELECT 1", &[]);
    }
}
