//! Attempts of one grammar at one statement: as it is, then with the tokens mended.

use sqlparser::ast::Statement;
use sqlparser::dialect::Dialect as ParserDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::bounded::Bounded;
use super::grammar::Grammar;
use super::mend::{Mend, mend};

/// How deep the parser follows brackets and subqueries. More would let what it tries twice at each level,
/// such as types of arrays of arrays, take minutes.
pub(super) const MOST_LEVELS: usize = 100;

/// Parses the tokens as exactly one statement, and gives them back.
pub(super) fn plain(
    grammar: Grammar,
    tokens: Vec<TokenWithSpan>,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    if let Some(error) = no_table(&tokens) {
        return (Err(error), tokens);
    }
    match Bounded::for_deep(grammar.parser(), &tokens) {
        None => whole(grammar.parser(), tokens),
        Some(bounded) => {
            let (result, tokens) = whole(&bounded, tokens);
            (bounded.given_up().map_or(result, Err), tokens)
        }
    }
}

/// Refuses `FROM WHERE`, which the parser reads as a table called `where`: the word is reserved in every
/// dialect, and a table that nobody has would be among those read.
fn no_table(tokens: &[TokenWithSpan]) -> Option<ParserError> {
    let is = |token: &TokenWithSpan, keyword: Keyword| match &token.token {
        Token::Word(word) => word.keyword == keyword && word.quote_style.is_none(),
        _ => false,
    };
    let mut words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    while let Some(token) = words.next() {
        if is(token, Keyword::FROM)
            && let Some(next) = words.peek().filter(|next| is(next, Keyword::WHERE))
        {
            let start = next.span.start;
            return Some(ParserError::ParserError(format!(
                "Expected: a table, found: {}{start}",
                next.token
            )));
        }
    }
    None
}

fn whole(
    grammar: &dyn ParserDialect,
    tokens: Vec<TokenWithSpan>,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    let mut parser =
        Parser::new(grammar).with_recursion_limit(MOST_LEVELS).with_tokens_with_locations(tokens);
    let result = parser.parse_statement().and_then(|statement| match parser.peek_token_ref().token {
        Token::EOF => Ok(statement),
        _ => parser.expected_ref("end of statement", parser.peek_token_ref()),
    });
    (result, parser.into_tokens())
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
