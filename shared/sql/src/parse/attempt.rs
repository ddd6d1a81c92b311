//! One attempt of one grammar at one statement: as it is, then with the tokens mended.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use sqm_domain::Dialect;

use super::grammar::Grammar;

/// Parses the tokens as exactly one statement, and gives them back.
pub(super) fn statement(
    grammar: Grammar,
    tokens: Vec<TokenWithSpan>,
    _dialect: Dialect,
) -> (Result<Statement, ParserError>, Vec<TokenWithSpan>) {
    let mut parser = Parser::new(grammar.parser()).with_tokens_with_locations(tokens);
    let result = parser.parse_statement().and_then(|statement| match parser.peek_token_ref().token {
        Token::EOF => Ok(statement),
        _ => parser.expected_ref("end of statement", parser.peek_token_ref()),
    });
    (result, parser.into_tokens())
}
