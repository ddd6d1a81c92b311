//! Attempts of one grammar at one statement: as it is, then with the tokens mended.

use sqlparser::ast::Statement;
use sqlparser::dialect::Dialect as ParserDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::bounded::Bounded;
use super::error::ParseError;
use super::grammar::Grammar;
use super::mend::{Mend, is_modifier, is_only, is_stream, mend};
use crate::text::Position;

/// How deep the parser follows brackets and subqueries; a subquery takes two levels. What it tries twice at
/// each level is bounded by [`Bounded`], not by this.
const MOST_LEVELS: usize = 100;

/// What of it is left for expressions: a statement and its body take the rest.
const FOLLOWED_LEVELS: usize = MOST_LEVELS - 4;

/// Parses the tokens as exactly one statement, and gives them back.
pub(super) fn plain(
    grammar: Grammar,
    tokens: Vec<TokenWithSpan>,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    if let Some(error) = endless_name(&tokens) {
        return (Err(error), tokens);
    }
    let refused = refused(grammar, &tokens);
    let deep = first_too_deep(&tokens);
    let too_deep_at = deep.map(|at| tokens[at].span.start);
    let (result, tokens) = match Bounded::for_deep(grammar.parser(), &tokens, deep.unwrap_or(tokens.len())) {
        None => whole(grammar.parser(), tokens, too_deep_at),
        Some(bounded) => {
            let (result, tokens) = whole(&bounded, tokens, too_deep_at);
            let given_up = bounded.given_up().map(|why| too_deep_at.map_or(why, too_deep));
            (given_up.map_or(result, Err), tokens)
        }
    };
    match (refused, result) {
        (Some(refusal), Err(error)) if place(&error) < place(&refusal) => (Err(error), tokens),
        (Some(refusal), _) => (Err(refusal), tokens),
        (None, result) => (result, tokens),
    }
}

/// Where an error stands.
fn place(error: &ParserError) -> (u32, u32) {
    let Position { line, column } = ParseError::of_parser(error.clone(), Position::START).position;
    (line, column)
}

/// Names with more parts are refused: at each dot the parser looks ahead to the end of the name.
const MOST_PARTS: usize = 256;

fn endless_name(tokens: &[TokenWithSpan]) -> Option<ParserError> {
    let (mut before, mut dots): (Option<&Token>, usize) = (None, 0);
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        match (&token.token, before) {
            (Token::Period, _) => dots += 1,
            (Token::Word(_), Some(Token::Period)) => {}
            _ => dots = 0,
        }
        if dots > MOST_PARTS {
            let why = format!("a name has more than {MOST_PARTS} parts{}", token.span.start);
            return Some(ParserError::ParserError(why));
        }
        before = Some(&token.token);
    }
    None
}

/// Refuses `FROM WHERE`, which the parser reads as a table called `where`: the word is reserved in every
/// dialect, and a table that nobody has would be among those read. Refuses what it passes over as well: a
/// missing operand, a modifier of SELECT that it has for a column, and nothing between two commas of a CREATE.
fn refused(grammar: Grammar, tokens: &[TokenWithSpan]) -> Option<ParserError> {
    let keyword = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    };
    let lists_only =
        matches!(grammar, Grammar::Postgres | Grammar::Redshift | Grammar::Oracle | Grammar::Generic);
    let streams = matches!(grammar, Grammar::Databricks | Grammar::Spark);
    let (mut before, mut last_but_one): (Option<&TokenWithSpan>, Option<&TokenWithSpan>) = (None, None);
    let modifiers = match grammar {
        Grammar::Oracle => Some(Dialect::Oracle),
        Grammar::MySql => Some(Dialect::MySql),
        _ => None,
    };
    let creates = tokens.iter().find_map(keyword) == Some(Keyword::CREATE);
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        let start = token.span.start;
        // FROM ONLY t, FROM STREAM t: the parser has tables of those names, and t for an alias.
        if let Some(word) = before
            && last_but_one.and_then(keyword).is_some_and(|k| matches!(k, Keyword::FROM | Keyword::JOIN))
            && (lists_only && is_only(&word.token, &token.token)
                || streams && is_stream(&word.token, &token.token))
        {
            let why = format!("Expected: a table, found: {}{start}", word.token);
            return Some(ParserError::ParserError(why));
        }
        if keyword(token) == Some(Keyword::WHERE) && before.and_then(keyword) == Some(Keyword::FROM) {
            let why = format!("Expected: a table, found: {}{start}", token.token);
            return Some(ParserError::ParserError(why));
        }
        let is_comma = |token: &TokenWithSpan| token.token == Token::Comma;
        if creates && is_comma(token) && before.is_some_and(is_comma) {
            return Some(ParserError::ParserError(format!("Expected: a column, found: ,{start}")));
        }
        if let Some(before) = before
            && is_operand_missing(last_but_one, before, token)
        {
            let why = format!("Expected: an expression, found: {}{start}", token.token);
            return Some(ParserError::ParserError(why));
        }
        if let Some(word) = before
            && let Some(modifiers) = modifiers
            && last_but_one.and_then(keyword) == Some(Keyword::SELECT)
            && is_modifier(modifiers, &word.token, &token.token)
        {
            let why = format!("Expected: an expression, found: {}{}", word.token, word.span.start);
            return Some(ParserError::ParserError(why));
        }
        last_but_one = before;
        before = Some(token);
    }
    let is_not = |token: &&TokenWithSpan| keyword(token) == Some(Keyword::NOT);
    let open =
        before.filter(is_not).filter(|_| last_but_one.is_none_or(|token| token.token != Token::Period))?;
    Some(ParserError::ParserError(format!("Expected: an expression, found: EOF{}", open.span.end)))
}

/// Whether an operand is missing between the last two tokens. The parser takes the FROM that follows for a
/// column, and the table for its alias; a NOT without anything behind it is a column to it as well.
fn is_operand_missing(
    last_but_one: Option<&TokenWithSpan>,
    before: &TokenWithSpan,
    token: &TokenWithSpan,
) -> bool {
    let is_from =
        matches!(&token.token, Token::Word(w) if w.keyword == Keyword::FROM && w.quote_style.is_none());
    let is_name = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.quote_style.is_some() || word.keyword == Keyword::NoKeyword);
    let ends = matches!(token.token, Token::RParen | Token::Comma);
    let is_part = last_but_one.is_some_and(|token| token.token == Token::Period);
    match &before.token {
        // A star, unless what stands before it is a name.
        Token::Mul => is_from && last_but_one.is_some_and(is_name),
        Token::Word(word) if word.quote_style.is_none() && !is_part => match word.keyword {
            Keyword::NOT => is_from || ends,
            Keyword::AND | Keyword::OR => is_from,
            _ => false,
        },
        operator => is_from && is_operator(operator),
    }
}

fn is_operator(token: &Token) -> bool {
    matches!(
        token,
        Token::Plus
            | Token::Minus
            | Token::Div
            | Token::Mod
            | Token::StringConcat
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
    )
}

fn whole(
    grammar: &dyn ParserDialect,
    tokens: Vec<TokenWithSpan>,
    too_deep_at: Option<Location>,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    let is_there = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
    let end = tokens.iter().rev().find(is_there).map(|token| token.span.end);
    let mut parser =
        Parser::new(grammar).with_recursion_limit(MOST_LEVELS).with_tokens_with_locations(tokens);
    let result = parser.parse_statement().and_then(|statement| match parser.peek_token_ref().token {
        Token::EOF => Ok(statement),
        _ => parser.expected_ref("end of statement", parser.peek_token_ref()),
    });
    let result = result.map_err(|error| match (error, too_deep_at, end) {
        // The parser does not say where; it stands there still.
        (ParserError::RecursionLimitExceeded, ..) => too_deep(parser.peek_token_ref().span.start),
        // It goes on after some of its refusals, and stumbles over what it has not read then.
        (_, Some(at), _) => too_deep(at),
        // The end has no place of its own.
        (ParserError::ParserError(text), _, Some(end)) if text.ends_with("found: EOF") => {
            ParserError::ParserError(format!("{text}{end}"))
        }
        (other, ..) => other,
    });
    (result, parser.into_tokens())
}

/// The first token where brackets, CASE and NOT stand deeper inside of one another than the parser follows them.
fn first_too_deep(tokens: &[TokenWithSpan]) -> Option<usize> {
    let keyword = |token: &Token| match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    };
    let (mut brackets, mut cases, mut negations) = (0_usize, 0_usize, 0_usize);
    tokens.iter().position(|token| {
        if matches!(token.token, Token::Whitespace(_)) {
            return false;
        }
        negations = if keyword(&token.token) == Some(Keyword::NOT) { negations + 1 } else { 0 };
        match (&token.token, keyword(&token.token)) {
            (Token::LParen | Token::LBracket, _) => brackets += 1,
            (Token::RParen | Token::RBracket, _) => brackets = brackets.saturating_sub(1),
            (_, Some(Keyword::CASE)) => cases += 1,
            (_, Some(Keyword::END)) => cases = cases.saturating_sub(1),
            _ => {}
        }
        brackets + cases + negations > FOLLOWED_LEVELS
    })
}

fn too_deep(at: Location) -> ParserError {
    ParserError::ParserError(format!("nested too deeply: at most {MOST_LEVELS} levels are taken{at}"))
}

/// Parses the tokens once they are mended; `None` where there is nothing to mend.
pub(super) fn mended(
    grammar: Grammar,
    tokens: &[TokenWithSpan],
    dialect: Dialect,
) -> Option<Result<(Statement, Vec<Mend>), ParserError>> {
    let (tokens, mends) = mend(tokens, dialect)?;
    Some(plain(grammar, tokens).0.map(|statement| (statement, mends)))
}

#[cfg(test)]
mod tests {
    use crate::guard;

    use super::*;

    #[test]
    fn what_is_nested_too_deeply_is_refused_where_it_is() {
        let sql = format!("SELECT a,\n  {}1{} FROM t", "(".repeat(500), ")".repeat(500));
        let error = guard::with_script(&sql, Dialect::Postgres, |script| {
            script.statements[0].tree.as_ref().err().map(|error| (error.message.clone(), error.position))
        });
        let (message, position) = error.unwrap().unwrap();
        assert!(message.starts_with("nested too deeply"), "{message}");
        assert_eq!(position.line, 2);
        assert!((3..503).contains(&position.column), "{position}");
    }

    fn refusal(sql: &str) -> String {
        guard::with_script(sql, Dialect::Postgres, |script| {
            script.statements[0].tree.as_ref().err().map(ToString::to_string)
        })
        .unwrap()
        .unwrap()
    }

    #[test]
    fn words_nest_too_deeply_as_brackets_do() {
        let case = |levels: usize| {
            format!("{}1{}", "CASE WHEN a THEN 1 ELSE ".repeat(levels), " END".repeat(levels))
        };
        for deep in [format!("{}TRUE", "NOT ".repeat(99)), case(99)] {
            let refusal = refusal(&format!("SELECT {deep}"));
            assert!(refusal.starts_with("nested too deeply"), "{refusal}");
        }
    }

    #[test]
    fn the_first_of_two_mistakes_is_named() {
        assert_eq!(
            refusal("SELEC FROM WHERE"),
            "Expected: an SQL statement, found: SELEC, at line 1, column 1"
        );
        for (sql, column) in [
            ("SELECT a + FROM t", 12),
            ("SELECT a, 'x' || FROM t", 18),
            ("SELECT b = FROM t", 12),
            ("SELECT t.a * FROM t", 14),
            ("SELECT a AND FROM t", 14),
            ("SELECT NOT FROM t", 12),
        ] {
            let expected = format!("Expected: an expression, found: FROM, at line 1, column {column}");
            assert_eq!(refusal(sql), expected, "{sql}");
        }
        for (sql, found) in [
            ("SELECT a FROM t WHERE NOT", "EOF, at line 1, column 26"),
            ("SELECT (NOT), a FROM t", "), at line 1, column 12"),
            ("SELECT a FROM t ORDER BY NOT, a", ",, at line 1, column 29"),
        ] {
            assert_eq!(refusal(sql), format!("Expected: an expression, found: {found}"), "{sql}");
        }
        for sql in [
            "SELECT t.* FROM t",
            "SELECT a, * FROM t",
            "SELECT DISTINCT ON (a) * FROM t",
            "SELECT ALL * FROM t",
        ] {
            let parses = |script: &super::super::Script<'_>| script.statements[0].tree.is_ok();
            assert!(guard::with_script(sql, Dialect::Postgres, parses).unwrap(), "{sql}");
        }
        assert_eq!(refusal("SELECT a FROM WHERE"), "Expected: a table, found: WHERE, at line 1, column 15");
    }

    #[test]
    fn what_is_missing_at_the_end_is_missing_there() {
        for (sql, place) in
            [("SELECT a\nFROM t\nWHERE", "line 3, column 6"), ("SELECT (1 -- x\n", "line 1, column 10")]
        {
            let refusal = refusal(sql);
            assert!(refusal.ends_with(&format!("found: EOF, at {place}")), "{refusal}");
        }
    }
}
