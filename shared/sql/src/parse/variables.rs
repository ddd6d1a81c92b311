//! `SELECT a INTO x FROM t` where x is a variable: the INTO left out, or x would pass for a new table.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::mend::{Mend, MendKind};
use super::tokens::{Cursor, position, says_something};

/// The tokens without the INTO of a SELECT, in the dialects and places where it names variables.
pub(super) fn without_variables(
    mut tokens: Vec<TokenWithSpan>,
    dialect: Dialect,
    in_body: bool,
) -> (Vec<TokenWithSpan>, Vec<Mend>) {
    use Dialect::*;
    let always = matches!(
        dialect,
        Oracle | MySql | MariaDb | SingleStore | Snowflake | Teradata | Db2 | Exasol | ClickHouse
    );
    let in_bodies = matches!(dialect, Postgres | Redshift | Greenplum | Vertica | Generic | Databricks);
    if !(always || in_body && in_bodies) {
        return (tokens, Vec::new());
    }
    match into_of(&tokens) {
        Some(range) => {
            let place = position(tokens[range.start].span.start);
            tokens.drain(range);
            (tokens, vec![Mend { position: place, kind: MendKind::Rephrased }])
        }
        None => (tokens, Vec::new()),
    }
}

/// From INTO, or BULK COLLECT INTO, to the end of the list of variables.
fn into_of(tokens: &[TokenWithSpan]) -> Option<std::ops::Range<usize>> {
    let first = tokens.iter().find(|token| says_something(token))?;
    let is_into = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::INTO || word.keyword == Keyword::COLLECT);
    let starts = ["SELECT", "WITH", "SEL", "UPDATE", "DELETE", "INSERT"];
    if !starts.iter().any(|word| super::tokens::is_word(&first.token, word)) || !tokens.iter().any(is_into) {
        return None;
    }
    let mut cursor = Cursor::new(tokens, 0);
    let changes = cursor.is_any(&["INSERT", "UPDATE", "DELETE"]);
    let mut returns = !changes;
    loop {
        match cursor.token() {
            Token::EOF => return None,
            Token::LParen => {
                cursor.skip_group();
                continue;
            }
            _ if cursor.is_any(&["INSERT", "MERGE"]) && !changes => return None,
            _ if cursor.is_any(&["RETURNING", "RETURN"]) => returns = true,
            _ if returns && (cursor.is("INTO") || (cursor.is("BULK") && cursor.next().is("COLLECT"))) => {
                break;
            }
            _ => {}
        }
        cursor.advance();
    }
    let start = cursor.at();
    while cursor.take("BULK") || cursor.take("COLLECT") || cursor.take("INTO") {}
    // A file, with its options: to the end, or to FROM.
    let file = cursor.is_any(&["OUTFILE", "DUMPFILE"]);
    cursor.take("STRICT");
    loop {
        let goes_on = match cursor.token() {
            Token::EOF => false,
            _ if cursor.is_any(&["FROM", "WHERE", "LIMIT", "ORDER", "GROUP", "HAVING", "FOR", "UNION"]) => {
                false
            }
            Token::LParen => {
                cursor.skip_group();
                continue;
            }
            _ if file => true,
            Token::Word(_)
            | Token::Comma
            | Token::Period
            | Token::Colon
            | Token::AtSign
            | Token::Placeholder(_) => true,
            _ => false,
        };
        if !goes_on {
            break;
        }
        cursor.advance();
    }
    Some(start..cursor.at())
}

#[cfg(test)]
mod tests {
    use super::super::grammar::Grammar;
    use super::super::tokens::tokenize;
    use super::*;
    use crate::text::Position;

    fn check(dialect: Dialect, in_body: bool, sql: &str, expected: &str) {
        let tokens = tokenize(Grammar::of(dialect).parser(), sql, Position::START).unwrap();
        let (tokens, mends) = without_variables(tokens, dialect, in_body);
        let text: String = tokens.iter().map(|token| token.token.to_string()).collect();
        assert_eq!(text, expected);
        assert_eq!(mends.is_empty(), sql == expected);
    }

    #[test]
    fn variables_are_no_tables() {
        check(Dialect::Oracle, false, "SELECT a, b INTO x, y.z FROM t", "SELECT a, b FROM t");
        check(Dialect::Oracle, true, "SELECT a BULK COLLECT INTO xs FROM t", "SELECT a FROM t");
        check(
            Dialect::MySql,
            false,
            "SELECT a FROM t INTO OUTFILE '/x' FIELDS TERMINATED BY ','",
            "SELECT a FROM t ",
        );
        check(Dialect::Snowflake, true, "SELECT count(*) INTO :n FROM t", "SELECT count(*) FROM t");
        check(Dialect::Postgres, true, "SELECT a INTO STRICT x FROM t", "SELECT a FROM t");
    }

    #[test]
    fn tables_stay() {
        check(Dialect::Postgres, false, "SELECT a INTO x FROM t", "SELECT a INTO x FROM t");
        check(Dialect::TSql, true, "SELECT a INTO #x FROM t", "SELECT a INTO #x FROM t");
        check(Dialect::Oracle, false, "INSERT INTO t SELECT a FROM s", "INSERT INTO t SELECT a FROM s");
        check(
            Dialect::Oracle,
            false,
            "WITH c AS (SELECT 1) INSERT INTO t SELECT a FROM c",
            "WITH c AS (SELECT 1) INSERT INTO t SELECT a FROM c",
        );
    }
}
