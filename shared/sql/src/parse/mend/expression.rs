//! Operators, literals and calls.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, name};

pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    match source.token(at) {
        Token::Word(word) if word.quote_style.is_none() => typed_array(source, at, output)
            .or_else(|| apply(source, at, output))
            .or_else(|| super::types::mend(source, at, output))
            .or_else(|| except_qualified(source, at, output))
            .or_else(|| likened(source, at, output))
            .or_else(|| small_words(source, at, output)),
        Token::LParen => phrase(source, at, output).or_else(|| star_of_name(source, at, output)),
        Token::LBracket => comprehension(source, at, output),
        Token::Placeholder(text) => {
            (text == "?" && source.is_token(at + 1, &Token::DoubleColon)).then_some(at + 1)
        }
        Token::Number(text, _) if text.starts_with('.') => tuple_element(source, at, text, output),
        _ => symbols(source, at, output),
    }
}

/// What means the same in other words.
pub(super) fn spelled(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    match source.token(at) {
        Token::Word(word) if word.quote_style.is_none() => {
            word_operator(source, at, output).or_else(|| is(source, at, output))
        }
        _ => None,
    }
}

fn is_operand_end(source: &Source, at: usize) -> bool {
    matches!(
        source.token(at),
        Token::Word(_) | Token::RParen | Token::RBracket | Token::Number(..) | Token::Placeholder(_)
    ) || source.is_string(at)
}

fn is_operand_start(source: &Source, at: usize) -> bool {
    matches!(
        source.token(at),
        Token::Word(_) | Token::LParen | Token::Number(..) | Token::Minus | Token::Placeholder(_)
    ) || source.is_string(at)
}

/// Most tokens of the type in front of an array: each ARRAY looks for its end, so that without a bound
/// many of them inside each other would read all that follows as often.
const MOST_TYPE_TOKENS: usize = 512;

/// `ARRAY<t>[…]` as `CAST([…] AS ARRAY<t>)`.
fn typed_array(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is(at, "ARRAY") || !source.is_token(at + 1, &Token::Lt) {
        return None;
    }
    let mut depth = 0_i32;
    let mut end = at + 1;
    loop {
        match source.token(end) {
            Token::Lt => depth += 1,
            Token::Gt => depth -= 1,
            Token::ShiftRight => depth -= 2,
            Token::EOF | Token::SemiColon => return None,
            _ if end - at > MOST_TYPE_TOKENS => return None,
            _ => {}
        }
        end += 1;
        if depth <= 0 {
            break;
        }
    }
    if !source.is_token(end, &Token::LBracket) {
        return None;
    }
    let close = source.after_group(end);
    output.words(source, at, "CAST (");
    output.copy_range(source, end..close);
    output.words(source, at, "AS");
    output.copy_range(source, at..end);
    output.words(source, close - 1, ")");
    Some(close)
}

/// `* EXCEPT (t.a)` as `* EXCEPT (a)`.
fn except_qualified(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let after_star = at > 0 && source.is_token(at - 1, &Token::Mul);
    if !after_star || !source.is_any(at, &["EXCEPT", "EXCLUDE"]) || !source.is_token(at + 1, &Token::LParen) {
        return None;
    }
    let end = source.after_group(at + 1);
    (at..end).any(|at| source.is_token(at, &Token::Period)).then(|| {
        for inner in at..end {
            let qualifies =
                source.is_token(inner + 1, &Token::Period) || source.is_token(inner, &Token::Period);
            if !qualifies {
                output.copy(source, inner);
            }
        }
        end
    })
}

/// Operators that are words.
fn word_operator(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !is_between_operands(source, at) {
        return None;
    }
    // GLOB binds as LIKE does. SQLite has no SIMILAR TO that it could be taken for.
    if source.is(at, "GLOB") && source.dialect == Dialect::Sqlite {
        output.words(source, at, "SIMILAR TO");
        return Some(at + 1);
    }
    let token = match () {
        () if source.is(at, "EQ") => Token::Eq,
        () if source.is(at, "NE") => Token::Neq,
        () if source.is(at, "GT") => Token::Gt,
        () if source.is(at, "GE") => Token::GtEq,
        () if source.is(at, "LT") => Token::Lt,
        () if source.is(at, "LE") => Token::LtEq,
        () if source.is(at, "MOD") => Token::Mod,
        () if source.is(at, "CONCAT") && !source.is_any(at - 1, &["SELECT", "BY", "AND", "OR"]) => {
            Token::StringConcat
        }
        () => return None,
    };
    output.put(source, at, token);
    Some(at + 1)
}

/// Operators that match texts, which look at the same columns as LIKE does.
fn likened(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    // MATCH FULL is what a foreign key says of NULL.
    let is_operator = source.is_any(at, &["GLOB", "MATCH", "REGEXP"]) && !source.are(at, &["MATCH", "FULL"]);
    (is_operator && is_between_operands(source, at)).then(|| {
        output.put(source, at, Token::make_keyword("LIKE"));
        at + 1
    })
}

/// A call `mod(a, b)` or a column of that name is no operator.
fn is_between_operands(source: &Source, at: usize) -> bool {
    let keywords = ["SELECT", "BY", "AND", "OR", "WHERE", "ON", "WHEN", "THEN", "ELSE", "AS", "NOT"];
    let is_negated =
        source.is(at, "GLOB") && at > 1 && source.is(at - 1, "NOT") && is_operand_end(source, at - 2);
    at > 0
        && is_operand_end(source, at - 1)
        && is_operand_start(source, at + 1)
        && (is_negated || !source.is_any(at - 1, &keywords))
        && !source.is_any(at + 1, &["FROM", "AS", "AND", "OR", "IS", "IN", "THEN"])
}

/// SQLite's IS, which compares where no keyword follows.
fn is(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.is(at, "IS") && source.dialect == Dialect::Sqlite {
        let not = source.is(at + 1, "NOT");
        let next = at + 1 + usize::from(not);
        let known = ["NULL", "TRUE", "FALSE", "DISTINCT", "UNKNOWN"];
        if is_operand_start(source, next) && !source.is_any(next, &known) {
            output.copy(source, at);
            output.words(source, at, if not { "DISTINCT FROM" } else { "NOT DISTINCT FROM" });
            return Some(next);
        }
    }
    None
}

/// Words that are left out, or that stand for one.
fn small_words(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.is(at, "IS")
        && let Some(next) = is_json(source, at)
    {
        output.copy(source, at);
        output.words(source, at, if source.is(at + 1, "NOT") { "NOT NULL" } else { "NULL" });
        return Some(next);
    }
    if source.is(at, "CURRENT") && source.is_any(at + 1, &["DATE", "TIME", "TIMESTAMP", "USER", "SCHEMA"]) {
        let word = format!("CURRENT_{}", source.token(at + 1));
        output.put(source, at, Token::make_keyword(&word));
        return Some(at + 2);
    }
    if source.is(at, "N") && source.is_string(at + 1) {
        return Some(at + 1);
    }
    // Redshift: APPROXIMATE COUNT(DISTINCT a).
    if source.is(at, "APPROXIMATE") && source.is_ident(at + 1) && source.is_token(at + 2, &Token::LParen) {
        return Some(at + 1);
    }
    if source.is(at, "SAFE") && source.is_token(at + 1, &Token::Period) {
        return Some(at + 2);
    }
    // GROUP BY ALL CUBE (a), GROUP BY DISTINCT a
    let grouped = at > 1 && source.is(at - 1, "BY") && source.is(at - 2, "GROUP");
    if grouped && source.is_any(at, &["ALL", "DISTINCT"]) && is_operand_start(source, at + 1) {
        let clauses =
            ["ORDER", "HAVING", "LIMIT", "QUALIFY", "UNION", "WINDOW", "WITH", "EXCEPT", "INTERSECT"];
        if !source.is_any(at + 1, &clauses) {
            return Some(at + 1);
        }
    }
    // Comments of struct fields.
    if source.is(at, "COMMENT")
        && source.is_string(at + 1)
        && source.is_any(0, &["CREATE", "ALTER", "REPLACE"])
    {
        return Some(at + 2);
    }
    // SELECT TRANSFORM(a) USING 'script' AS (x INT, y STRING): one function with several outputs.
    if source.is(at, "USING") && source.is_string(at + 1) && at > 0 && source.is_token(at - 1, &Token::RParen)
    {
        return Some(script_output(source, at + 2, output));
    }
    None
}

/// The place after `IS [NOT] JSON [OBJECT] [WITH UNIQUE KEYS]`, a test of the value as IS NULL is one.
fn is_json(source: &Source, at: usize) -> Option<usize> {
    let json = at + 1 + usize::from(source.is(at + 1, "NOT"));
    let mut end = source.is(json, "JSON").then_some(json + 1)?;
    end += usize::from(source.is_any(end, &["VALUE", "SCALAR", "ARRAY", "OBJECT"]));
    if source.is_any(end, &["WITH", "WITHOUT"]) && source.is(end + 1, "UNIQUE") {
        end += 2 + usize::from(source.is(end + 2, "KEYS"));
    }
    Some(end)
}

fn script_output(source: &Source, at: usize, output: &mut Output) -> usize {
    if !source.is(at, "AS") {
        output.words(source, at - 1, "AS ( key , value )");
        return at;
    }
    output.copy(source, at);
    if !source.is_token(at + 1, &Token::LParen) {
        return at + 1;
    }
    let end = source.after_group(at + 1);
    output.copy(source, at + 1);
    let mut is_name = true;
    let mut inner = at + 2;
    while inner + 1 < end {
        let comma = source.is_token(inner, &Token::Comma);
        if is_name || comma {
            output.copy(source, inner);
        }
        is_name = comma;
        inner = source.after_group(inner);
    }
    output.copy(source, end - 1);
    end
}

/// `[f(x) FOR x IN list IF test(x)]` as `list_transform(list_filter(list, x -> test(x)), x -> f(x))`.
fn comprehension(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let end = source.after_group(at);
    let keyword = source.find(at + 1, end, |at| source.is(at, "FOR") && source.is_ident(at + 1))?;
    let list = source.is(keyword + 2, "IN").then_some(keyword + 3)?;
    let close = end - 1;
    let test = source.find(list, close, |at| source.is(at, "IF")).unwrap_or(close);
    let parameter = keyword + 1;
    output.words(source, at, "list_transform (");
    if test < close {
        output.words(source, at, "list_filter (");
        output.copy_range(source, list..test);
        output.words(source, test, ",");
        output.copy(source, parameter);
        output.words(source, test, "->");
        output.copy_range(source, test + 1..close);
        output.words(source, test, ")");
    } else {
        output.copy_range(source, list..close);
    }
    output.words(source, at, ",");
    output.copy(source, parameter);
    output.words(source, at, "->");
    output.copy_range(source, at + 1..keyword);
    output.words(source, close, ")");
    Some(end)
}

/// ClickHouse: `* EXCEPT (a) APPLY f`, `COLUMNS('x') APPLY f` and `* APPLY(f)` as `f(COLUMNS(* EXCEPT (a)))`.
fn apply(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let starts = at > 0 && (source.is(at - 1, "SELECT") || source.is_token(at - 1, &Token::Comma));
    let columns = source.is(at, "COLUMNS") && source.is_token(at + 1, &Token::LParen);
    let is_star = source.is_token(at, &Token::Mul);
    if source.dialect != Dialect::ClickHouse || !starts || !(is_star || columns) {
        return None;
    }
    let except = is_star && source.is(at + 1, "EXCEPT") && source.is_token(at + 2, &Token::LParen);
    let apply = match () {
        () if except => source.after_group(at + 2),
        () if columns => source.after_group(at + 1),
        () => at + 1,
    };
    let bracket = usize::from(source.is_token(apply + 1, &Token::LParen));
    let function = apply + 1 + bracket;
    let after = source.after_name(function);
    if !source.is(apply, "APPLY") || after == function {
        return None;
    }
    output.copy_range(source, function..after);
    output.words(source, at, "(");
    if columns {
        output.copy_range(source, at..apply);
        output.words(source, apply, ")");
    } else {
        output.put(source, at, Token::make_word("COLUMNS", None));
        output.words(source, at, "(");
        output.copy_range(source, at..apply);
        output.words(source, apply, ") )");
    }
    Some(after + bracket)
}

/// `a (TITLE 'x')`, `a (FORMAT 'y')`, `a (NAMED b)`, `a (DATE)`.
fn phrase(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::Teradata || at == 0 || !is_operand_end(source, at - 1) {
        return None;
    }
    let end = source.after_group(at);
    if source.is(at + 1, "NAMED") && source.is_ident(at + 2) {
        output.words(source, at, "AS");
        output.copy(source, at + 2);
        return Some(end);
    }
    let phrases = ["TITLE", "FORMAT", "CASESPECIFIC", "UPPERCASE"];
    let not_specific = source.is(at + 1, "NOT") && source.is_any(at + 2, &["CASESPECIFIC", "CS"]);
    let types =
        ["DATE", "INTEGER", "INT", "CHAR", "VARCHAR", "DECIMAL", "FLOAT", "BIGINT", "SMALLINT", "TIMESTAMP"];
    let after_type =
        if source.is_token(at + 2, &Token::LParen) { source.after_group(at + 2) } else { at + 2 };
    let is_type = source.is_any(at + 1, &types)
        && (after_type + 1 == end
            || source.is(after_type, "FORMAT")
            || (source.is_token(after_type, &Token::Comma) && source.is(after_type + 1, "FORMAT")))
        && !source.is_any(at - 1, &["IN", "SELECT", "BY", "INDEX", "KEY", "INTO", "VALUES"]);
    let named_table = source.is_any(0, &["CREATE", "INSERT", "INS"]) && !source.is_any(at + 1, &phrases);
    (source.is_any(at + 1, &phrases) || not_specific || (is_type && !named_table)).then_some(end)
}

/// `(v).*` as `v.*`.
fn star_of_name(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let end = source.after_group(at);
    let name_ends = source.after_name(at + 1);
    let is_star = source.is_token(end, &Token::Period) && source.is_token(end + 1, &Token::Mul);
    let starts = at > 0 && (source.is(at - 1, "SELECT") || source.is_token(at - 1, &Token::Comma));
    (starts && is_star && name_ends > at + 1 && name_ends + 1 == end).then(|| {
        output.copy_range(source, at + 1..name_ends);
        end
    })
}

/// `$f1` as a name where names stand.
pub(super) fn dollar_name(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let Token::Placeholder(text) = source.token(at) else { return None };
    let named =
        text.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    let is_place = at > 0 && (source.is_token(at - 1, &Token::Period) || source.is(at - 1, "AS"));
    let has_variables = matches!(source.dialect, Dialect::Snowflake | Dialect::DuckDb | Dialect::Sqlite);
    (named && (is_place || !has_variables)).then(|| {
        output.put(source, at, Token::make_word(text, None));
        at + 1
    })
}

/// `t.1`: an element of a tuple.
fn tuple_element(source: &Source, at: usize, text: &str, output: &mut Output) -> Option<usize> {
    let digits = text.strip_prefix('.').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()))?;
    (at > 0 && source.is_glued(at) && is_operand_end(source, at - 1)).then(|| {
        output.put(source, at, Token::Period);
        output.put(source, at, name(digits));
        at + 1
    })
}

/// Operators written in two parts, and assignments with an operator.
fn symbols(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let next = source.token(at + 1);
    if let Some(next) = apply(source, at, output) {
        return Some(next);
    }
    // *COLUMNS(…): the columns as arguments of one call.
    let as_arguments = source.is(at + 1, "COLUMNS") && source.is_token(at + 2, &Token::LParen);
    let opens = at > 0 && matches!(source.token(at - 1), Token::LParen | Token::Comma);
    if as_arguments && opens && source.is_token(at, &Token::Mul) {
        output.put(source, at + 1, Token::make_word("columns_unpacked", None));
        return Some(at + 2);
    }
    let whole = match (source.token(at), next) {
        (Token::ExclamationMark, Token::Eq) | (Token::Lt, Token::Gt) => Token::Neq,
        (Token::Gt, Token::Eq) => Token::GtEq,
        (Token::Lt, Token::Eq) => Token::LtEq,
        (Token::Mul, Token::Mul) if source.is_glued(at + 1) => Token::Mul,
        (
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::Ampersand
            | Token::Pipe,
            Token::Eq,
        ) if source.is_glued(at + 1) => {
            return compound_assignment(source, at, output);
        }
        _ => return None,
    };
    output.put(source, at, whole);
    Some(at + 2)
}

/// `a += 1` as `a = a + 1`.
fn compound_assignment(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let mut start = at.checked_sub(1)?;
    while start >= 2 && source.is_token(start - 1, &Token::Period) {
        start -= 2;
    }
    output.words(source, at, "=");
    output.copy_range(source, start..at);
    output.copy(source, at);
    Some(at + 2)
}
