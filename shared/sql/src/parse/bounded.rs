//! A grammar with a bound on how often the parser may start over.
//!
//! Where something inside of `CAST(…)`, `CASE` and their like does not parse, the parser reads the word as
//! a function's name and its arguments once more; where a function's arguments may have names, it reads
//! each as a name first. Both double the work at every level of nesting: thirty levels would take hours. So a
//! statement that nests such words deeply is read by a grammar that counts, and that gives up in time.

use std::any::TypeId;
use std::cell::Cell;
use std::iter::Peekable;
use std::str::Chars;

use sqlparser::ast::{ColumnOption, Expr, GranteesType, Ident, ObjectNamePart, Statement};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// From this depth on the grammar counts. Below it, reading every level twice costs 256 times as much as
/// reading it once, at most, and of a short text only.
const DEEP: usize = 8;

/// Expressions that may begin for each token. What parses at all begins less than three.
const BEGINNINGS: usize = 32;

/// The same for any statement, however short.
const FEWEST_BEGINNINGS: usize = 20_000;

/// The grammar, until it has begun more expressions than a text of this length has.
#[derive(Debug)]
pub(super) struct Bounded {
    grammar: &'static dyn Dialect,
    left: Cell<usize>,
}

impl Bounded {
    /// The grammar for a statement of these tokens, if they nest so deeply that it has to count. The parser
    /// gets no further than the first `followed` tokens.
    pub(super) fn for_deep(
        grammar: &'static dyn Dialect,
        tokens: &[TokenWithSpan],
        followed: usize,
    ) -> Option<Self> {
        let left = followed.saturating_mul(BEGINNINGS).max(FEWEST_BEGINNINGS);
        (doublings(grammar, tokens) > DEEP).then(|| Self { grammar, left: Cell::new(left) })
    }

    /// Why the statement was given up, if it was.
    pub(super) fn given_up(&self) -> Option<ParserError> {
        let why = "the expressions nest too deeply for this grammar to read them in time";
        (self.left.get() == 0).then(|| ParserError::ParserError(why.to_owned()))
    }
}

/// How many levels, at most, are read twice.
fn doublings(grammar: &dyn Dialect, tokens: &[TokenWithSpan]) -> usize {
    let names_arguments = grammar.supports_named_fn_args_with_expr_name();
    let (mut deepest, mut depth) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    let mut before = None;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket => {
                let doubles = match before {
                    // Its first argument is read in a third and a fourth way, too.
                    Some(Keyword::POSITION) => 2,
                    Some(keyword) => usize::from(names_arguments || starts_over(keyword)),
                    None => 0,
                };
                open.push(doubles);
                depth += doubles;
            }
            Token::RParen | Token::RBracket => depth -= open.pop().unwrap_or_default(),
            Token::Word(word) if word.keyword == Keyword::CASE => {
                open.push(1);
                depth += 1;
            }
            // Where it ends something else than a CASE the depth comes out too small: by one level.
            Token::Word(word) if word.keyword == Keyword::END && open.last() == Some(&1) => {
                depth -= open.pop().unwrap_or_default();
            }
            Token::Word(word) if word.keyword == Keyword::INTERVAL => {
                // It has no end; the parenthesis around it ends it as well.
                if let Some(around) = open.last_mut() {
                    *around += 1;
                    depth += 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(depth);
        before = match &token.token {
            Token::Word(word) => Some(word.keyword),
            _ => None,
        };
    }
    deepest
}

/// Whether the parser reads what follows once more as the arguments of a function of this name.
fn starts_over(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::ARRAY
            | Keyword::CAST
            | Keyword::CEIL
            | Keyword::CONVERT
            | Keyword::CURRENT_CATALOG
            | Keyword::CURRENT_DATE
            | Keyword::CURRENT_TIME
            | Keyword::CURRENT_TIMESTAMP
            | Keyword::CURRENT_USER
            | Keyword::EXISTS
            | Keyword::EXTRACT
            | Keyword::FLOOR
            | Keyword::LAMBDA
            | Keyword::LOCALTIME
            | Keyword::LOCALTIMESTAMP
            | Keyword::MAP
            | Keyword::MATCH
            | Keyword::NOT
            | Keyword::OVERLAY
            | Keyword::PRIOR
            | Keyword::SAFE_CAST
            | Keyword::SESSION_USER
            | Keyword::STRUCT
            | Keyword::SUBSTR
            | Keyword::SUBSTRING
            | Keyword::TRIM
            | Keyword::TRY_CAST
            | Keyword::TRY_CONVERT
            | Keyword::USER
    )
}

macro_rules! as_the_grammar {
    ($($name:ident)*) => { $(fn $name(&self) -> bool { self.grammar.$name() })* };
}

/// All as the grammar has it; `cargo xtask tidy` checks that no method is missing.
impl Dialect for Bounded {
    fn dialect(&self) -> TypeId {
        self.grammar.dialect()
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        self.left.set(self.left.get().saturating_sub(1));
        match self.given_up() {
            Some(why) => Some(Err(why)),
            None => self.grammar.parse_prefix(parser),
        }
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.grammar.is_delimited_identifier_start(ch)
    }

    fn is_nested_delimited_identifier_start(&self, ch: char) -> bool {
        self.grammar.is_nested_delimited_identifier_start(ch)
    }

    fn peek_nested_delimited_identifier_quotes(
        &self,
        chars: Peekable<Chars<'_>>,
    ) -> Option<(char, Option<char>)> {
        self.grammar.peek_nested_delimited_identifier_quotes(chars)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.grammar.identifier_quote_style(identifier)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.grammar.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.grammar.is_identifier_part(ch)
    }

    fn is_custom_operator_part(&self, ch: char) -> bool {
        self.grammar.is_custom_operator_part(ch)
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        self.grammar.parse_infix(parser, expr, precedence)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        self.grammar.get_next_precedence(parser)
    }

    fn get_next_precedence_default(&self, parser: &Parser) -> Result<u8, ParserError> {
        self.grammar.get_next_precedence_default(parser)
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        self.grammar.parse_statement(parser)
    }

    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        self.grammar.parse_column_option(parser)
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        self.grammar.prec_value(prec)
    }

    fn prec_unknown(&self) -> u8 {
        self.grammar.prec_unknown()
    }

    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        self.grammar.is_reserved_for_identifier(kw)
    }

    fn get_reserved_keywords_for_select_item_operator(&self) -> &[Keyword] {
        self.grammar.get_reserved_keywords_for_select_item_operator()
    }

    fn get_reserved_grantees_types(&self) -> &[GranteesType] {
        self.grammar.get_reserved_grantees_types()
    }

    fn is_column_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        self.grammar.is_column_alias(kw, parser)
    }

    fn is_select_item_alias(&self, explicit: bool, kw: &Keyword, parser: &mut Parser) -> bool {
        self.grammar.is_select_item_alias(explicit, kw, parser)
    }

    fn is_table_factor(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        self.grammar.is_table_factor(kw, parser)
    }

    fn is_table_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        self.grammar.is_table_alias(kw, parser)
    }

    fn is_table_factor_alias(&self, explicit: bool, kw: &Keyword, parser: &mut Parser) -> bool {
        self.grammar.is_table_factor_alias(explicit, kw, parser)
    }

    fn is_identifier_generating_function_name(&self, ident: &Ident, parts: &[ObjectNamePart]) -> bool {
        self.grammar.is_identifier_generating_function_name(ident, parts)
    }

    as_the_grammar! {
        allow_extract_custom allow_extract_single_quotes convert_type_before_value
        describe_requires_table_keyword ignores_wildcard_escapes require_interval_qualifier
        requires_single_line_comment_whitespace support_map_literal_syntax supports_alter_column_type_using
        supports_array_join_syntax supports_array_typedef_with_brackets
        supports_array_typedef_without_element_type supports_asc_desc_in_column_definition
        supports_bang_not_operator supports_binary_kw_as_cast supports_bitwise_shift_operators
        supports_boolean_literals supports_column_definition_trailing_commas
        supports_comma_separated_drop_column_list supports_comma_separated_set_assignments
        supports_comma_separated_trim supports_comment_on supports_comment_optimizer_hint
        supports_connect_by supports_constraint_keyword_without_name supports_create_index_with_clause
        supports_create_table_like_parenthesized supports_create_table_multi_schema_info_sources
        supports_create_table_select supports_create_table_using supports_create_view_comment_syntax
        supports_cross_join_constraint supports_cte_without_as supports_data_type_signed_suffix
        supports_detach supports_dictionary_syntax supports_dollar_as_money_prefix
        supports_dollar_placeholder supports_double_ampersand_operator supports_empty_projections
        supports_end_transaction_modifier supports_eq_alias_assignment supports_execute_immediate
        supports_explain_with_utility_options supports_extract_comma_syntax supports_factorial_operator
        supports_filter_during_aggregation supports_from_first_insert supports_from_first_select
        supports_from_trailing_commas supports_geometric_types supports_group_by_expr
        supports_group_by_with_modifier supports_in_empty_list supports_insert_format supports_insert_set
        supports_insert_table_alias supports_insert_table_function supports_insert_table_query
        supports_install supports_interpolate supports_interval_options supports_key_column_option
        supports_lambda_functions supports_left_associative_joins_without_parens supports_limit_by
        supports_limit_comma supports_listen_notify supports_load_data supports_load_extension
        supports_long_type_as_bigint supports_map_literal_with_angle_brackets supports_match_against
        supports_match_recognize supports_multiline_comment_hints
        supports_named_fn_args_with_assignment_operator supports_named_fn_args_with_colon_operator
        supports_named_fn_args_with_eq_operator supports_named_fn_args_with_expr_name
        supports_named_fn_args_with_rarrow_operator supports_nested_comments supports_notnull_operator
        supports_numeric_literal_underscores supports_numeric_prefix
        supports_object_name_double_dot_notation supports_optimize_table supports_order_by_all
        supports_outer_join_operator supports_parens_around_table_factor
        supports_parenthesized_set_variables supports_partiql supports_partition_by_after_order_by
        supports_pipe_operator supports_prewhere supports_projection_trailing_commas
        supports_quote_delimited_string supports_select_exclude supports_select_expr_star
        supports_select_format supports_select_item_multi_column_alias supports_select_modifiers
        supports_select_wildcard_except supports_select_wildcard_exclude supports_select_wildcard_ilike
        supports_select_wildcard_rename supports_select_wildcard_replace supports_select_wildcard_with_alias
        supports_semantic_view_table_factor supports_set_names supports_set_stmt_without_operator
        supports_settings supports_show_like_before_in supports_space_separated_column_options
        supports_start_transaction_modifier supports_string_escape_constant
        supports_string_literal_backslash_escape supports_string_literal_concatenation
        supports_string_literal_concatenation_with_newline supports_struct_literal
        supports_subquery_as_function_arg supports_table_hints supports_table_sample_before_alias
        supports_table_versioning supports_top_before_distinct supports_trailing_commas
        supports_triple_quoted_string supports_try_convert supports_unicode_string_literal
        supports_update_order_by supports_user_host_grantee supports_values_as_table_factor
        supports_window_clause_named_window_reference supports_window_function_null_treatment_arg
        supports_with_fill supports_within_after_array_aggregation supports_xml_expressions
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sqm_domain::Dialect;

    use crate::guard;

    /// Whether the statement parses, and that it is known soon, also in a build that is not optimised.
    fn check(sql: &str, dialect: Dialect, parses: Option<bool>) {
        let start = Instant::now();
        let found =
            guard::with_script(sql, dialect, |script| script.statements.iter().all(|s| s.tree.is_ok()));
        assert!(start.elapsed() < Duration::from_secs(20), "{dialect:?} {sql}");
        if let Some(parses) = parses {
            assert_eq!(found, Ok(parses), "{dialect:?} {sql}");
        }
    }

    #[test]
    fn what_is_read_twice_at_every_level_is_given_up_in_time() {
        let shapes = [
            ("CAST(", " AS INT)"),
            ("CASE WHEN 1 = 1 THEN ", " END"),
            ("POSITION(", " IN 'a')"),
            ("SUBSTRING(", " FROM 1)"),
            ("ARRAY[", "]"),
            ("NOT (", ")"),
            ("NOT a AND NOT (", ")"),
            ("TRIM(", ")"),
            ("EXISTS (SELECT 1 WHERE ", ")"),
            ("INTERVAL (", ") DAY"),
            ("f(", ")"),
            ("COALESCE(", ", 2)"),
        ];
        for dialect in [Dialect::Postgres, Dialect::TSql, Dialect::Snowflake, Dialect::Generic] {
            for (open, close) in shapes {
                for depth in [12, 40] {
                    let nested = |middle: &str| {
                        format!("SELECT {}{middle}{}", open.repeat(depth), close.repeat(depth))
                    };
                    check(&nested("1"), dialect, None);
                    check(&nested("1 1"), dialect, None);
                    check(&format!("SELECT {}", open.repeat(depth)), dialect, None);
                }
            }
        }
    }

    #[test]
    fn what_people_nest_is_read() {
        let nested =
            |open: &str, close: &str| format!("SELECT {}x{} FROM t", open.repeat(20), close.repeat(20));
        for dialect in [Dialect::Postgres, Dialect::Snowflake, Dialect::BigQuery, Dialect::TSql] {
            check(&nested("CAST(", " AS INT)"), dialect, Some(true));
            check(&nested("CASE WHEN a = 1 THEN 2 ELSE ", " END"), dialect, Some(true));
            check(&nested("REPLACE(", ", 'a', 'b')"), dialect, Some(true));
        }
    }
}
