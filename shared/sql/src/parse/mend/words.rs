//! Words of single dialects inside of a query, said as the grammar has them: one function a form.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source};
use super::left_out::operand;

/// Tokens of a FROM in front of its SELECT: without a bound each of many would read all that follows.
const MOST_OF_FROM: usize = 2_000;

/// Tokens of a MERGE before its USING: names, an alias, hints.
const MOST_BEFORE_USING: usize = 64;

/// A form: the place after it, if it stands here.
type Form = fn(&Source, usize, &mut Output) -> Option<usize>;

/// Those that begin with a word, not the first of the statement.
const FORMS: &[Form] = &[
    hint_of_merge,
    order_of_groups,
    order_of_keep,
    null_test,
    regexp_like,
    next_value,
    in_table,
    xml_names,
    reset_when,
    samples,
    at_version,
    filter_without_where,
    star_like,
];

pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    match source.token(at) {
        Token::Word(word) if word.quote_style.is_none() => {
            if let Some(next) = from_alone(source, at, output) {
                return Some(next);
            }
            if at == 0 {
                return None;
            }
            FORMS.iter().find_map(|form| form(source, at, output))
        }
        Token::LBrace => odbc_escape(source, at, output),
        Token::LBracket => element_that_is_set(source, at),
        Token::ExclamationMark => negation(source, at, output),
        // LIMIT 10%
        Token::Mod => {
            let of_limit =
                at > 1 && source.is(at - 2, "LIMIT") && matches!(source.token(at - 1), Token::Number(..));
            of_limit.then_some(at + 1)
        }
        _ => None,
    }
}

/// SQL Server: `MERGE INTO t WITH (HOLDLOCK) AS x`.
fn hint_of_merge(source: &Source, at: usize, _: &mut Output) -> Option<usize> {
    let is_this = source.is(0, "MERGE")
        && at < MOST_BEFORE_USING
        && source.is(at, "WITH")
        && source.is_token(at + 1, &Token::LParen)
        && source.find(0, at, |at| source.is(at, "USING")).is_none();
    is_this.then(|| source.after_group(at + 1))
}

/// MySQL: `GROUP BY a DESC`.
fn order_of_groups(source: &Source, at: usize, _: &mut Output) -> Option<usize> {
    let starts = |at: &usize| source.is_any(*at, &["GROUP", "ORDER", "SELECT", "OVER", "HAVING", "WHERE"]);
    let is_of_group = || (0..at).rev().take(200).find(starts).is_some_and(|at| source.is(at, "GROUP"));
    let is_this = matches!(source.dialect, Dialect::MySql | Dialect::MariaDb)
        && source.is_any(at, &["ASC", "DESC"])
        && is_of_group();
    is_this.then_some(at + 1)
}

/// Oracle: `MAX(a) KEEP (DENSE_RANK LAST ORDER BY b)`, whose order decides as that of a list does.
fn order_of_keep(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.is(at, "KEEP")
        && source.is_token(at - 1, &Token::RParen)
        && source.is_token(at + 1, &Token::LParen)
        && source.is(at + 2, "DENSE_RANK")
        && source.are(at + 4, &["ORDER", "BY"]);
    is_this.then(|| {
        let end = source.after_group(at + 1);
        output.words(source, at, "WITHIN GROUP (");
        output.copy_range(source, at + 4..end);
        end
    })
}

/// SQLite: `a NOTNULL`, `a ISNULL`.
fn null_test(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.is_any(at, &["NOTNULL", "ISNULL"])
        && matches!(source.token(at - 1), Token::Word(_) | Token::RParen)
        && !source.is_token(at + 1, &Token::LParen);
    is_this.then(|| {
        output.words(source, at, if source.is(at, "ISNULL") { "IS NULL" } else { "IS NOT NULL" });
        at + 1
    })
}

/// Exasol: `a REGEXP_LIKE 'x'`.
fn regexp_like(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    (source.is(at, "REGEXP_LIKE") && !source.is_token(at + 1, &Token::LParen)).then(|| {
        output.put(source, at, Token::make_keyword("LIKE"));
        at + 1
    })
}

/// `NEXT VALUE FOR s`: no table's.
fn next_value(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.is_any(at, &["NEXT", "PREVIOUS"])
        && source.are(at + 1, &["VALUE", "FOR"])
        && source.is_ident(at + 3);
    is_this.then(|| {
        output.words(source, at, "nextval ( )");
        source.after_name(at + 3)
    })
}

/// SQLite: `a IN t`.
fn in_table(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is(at, "IN") || source.dialect != Dialect::Sqlite || !source.is_ident(at + 1) {
        return None;
    }
    let end = source.after_name(at + 1);
    (!source.is_token(end, &Token::LParen)).then(|| {
        output.copy(source, at);
        output.words(source, at, "( SELECT * FROM");
        output.copy_range(source, at + 1..end);
        output.words(source, end - 1, ")");
        end
    })
}

/// `XMLATTRIBUTES(a AS x)`: without its own names; those inside of CAST are types.
fn xml_names(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is_any(at, &["XMLATTRIBUTES", "XMLFOREST"]) || !source.is_token(at + 1, &Token::LParen) {
        return None;
    }
    let end = source.after_group(at + 1);
    output.copy_range(source, at..at + 2);
    let mut inner = at + 2;
    while inner < end {
        if source.is(inner, "AS") && source.is_ident(inner + 1) {
            inner += 2;
            continue;
        }
        let next = source.after_group(inner).min(end);
        output.copy_range(source, inner..next);
        inner = next;
    }
    Some(end)
}

/// Teradata: `RESET WHEN a > 1` in a window starts another group of rows, as a further key does.
fn reset_when(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    source.are(at, &["RESET", "WHEN"]).then(|| {
        output.words(source, at, ",");
        at + 2
    })
}

/// Teradata: `SAMPLE 0.1, 0.2`.
fn samples(source: &Source, at: usize, _: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::Teradata || !source.is(at, "SAMPLE") {
        return None;
    }
    let mut end = operand(source, at + 1)?;
    while source.is_token(end, &Token::Comma) && matches!(source.token(end + 1), Token::Number(..)) {
        end += 2;
    }
    Some(end)
}

/// DuckDB: `t AT (VERSION => 3)`.
fn at_version(source: &Source, at: usize, _: &mut Output) -> Option<usize> {
    let is_this = source.is(at, "AT")
        && source.is_token(at + 1, &Token::LParen)
        && source.is_any(at + 2, &["VERSION", "TIMESTAMP"])
        && source.is_token(at + 3, &Token::RArrow);
    is_this.then(|| source.after_group(at + 1))
}

/// DuckDB: `sum(a) FILTER (b > 1)`.
fn filter_without_where(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.dialect == Dialect::DuckDb
        && source.is(at, "FILTER")
        && source.is_token(at - 1, &Token::RParen)
        && source.is_token(at + 1, &Token::LParen)
        && !source.is(at + 2, "WHERE");
    is_this.then(|| {
        output.copy_range(source, at..at + 2);
        output.words(source, at, "WHERE");
        at + 2
    })
}

/// DuckDB: `* LIKE 'a%'`, columns by how their names look.
fn star_like(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.dialect == Dialect::DuckDb
        && source.is(at, "LIKE")
        && source.is_token(at - 1, &Token::Mul)
        && source.is_string(at + 1);
    is_this.then(|| {
        output.put(source, at, Token::make_keyword("ILIKE"));
        at + 1
    })
}

/// DuckDB: `FROM t WHERE a`, all columns.
fn from_alone(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::DuckDb || !source.is(at, "FROM") || !source.is_ident(at + 1) {
        return None;
    }
    let behind_with = || {
        source.is(0, "WITH")
            && source.is_token(at - 1, &Token::RParen)
            && source.find(0, at, |at| source.is(at, "SELECT")).is_none()
    };
    let starts =
        at == 0 || source.is_token(at - 1, &Token::LParen) || source.is(at - 1, "AS") || behind_with();
    if !starts {
        return None;
    }
    let select = source.find(at, source.len().min(at + MOST_OF_FROM), |at| {
        source.is(at, "SELECT") || source.is_token(at, &Token::RParen)
    });
    (!select.is_some_and(|at| source.is(at, "SELECT"))).then(|| {
        output.words(source, at, "SELECT *");
        output.copy(source, at);
        at + 1
    })
}

/// `{OJ t LEFT JOIN s …}`, `{fn f(a)}`, `{d '2020-01-01'}`: what stands in it.
fn odbc_escape(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    source.is_any(at + 1, &["OJ", "FN", "D", "T", "TS"]).then(|| {
        let end = source.after_group(at);
        output.copy_range(source, at + 2..end - 1);
        end
    })
}

/// `UPDATE t SET a[1] = 2`: the column that changes.
fn element_that_is_set(source: &Source, at: usize) -> Option<usize> {
    let column = at.checked_sub(1)?;
    let end = source.after_group(at);
    let is_target = source.is(0, "UPDATE")
        && source.is_ident(column)
        && source.is_token(end, &Token::Eq)
        && (source.is(column.saturating_sub(1), "SET")
            || source.is_token(column.saturating_sub(1), &Token::Comma));
    is_target.then_some(end)
}

/// `!a` as `NOT a`, and Vertica's `a::!int`.
fn negation(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if at > 0 && source.is_token(at - 1, &Token::DoubleColon) {
        return Some(at + 1);
    }
    let is_operand = source.is_ident(at + 1) || source.is_token(at + 1, &Token::LParen);
    let starts = at > 0
        && (matches!(source.token(at - 1), Token::Comma | Token::LParen)
            || source.is_any(at - 1, &["SELECT", "WHERE", "AND", "OR", "ON", "WHEN", "NOT", "HAVING"]));
    (is_operand && starts).then(|| {
        output.put(source, at, Token::make_keyword("NOT"));
        at + 1
    })
}
