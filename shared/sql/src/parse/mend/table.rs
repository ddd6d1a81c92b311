//! What stands after FROM and JOIN.

use sqlparser::keywords::{Keyword, RESERVED_FOR_TABLE_ALIAS};
use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, name};
use super::super::tokens::is_word;

pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    join(source, at, output)
        .or_else(|| only(source, at))
        .or_else(|| stream(source, at, output))
        .or_else(|| updated_tables(source, at, output))
        .or_else(|| cross_join_on(source, at))
        .or_else(|| rows_from(source, at, output))
        .or_else(|| table_as_name(source, at, output))
        .or_else(|| values(source, at, output))
        .or_else(|| path_with_offset(source, at, output))
        .or_else(|| unpivoted_object(source, at, output))
        .or_else(|| column_of_json(source, at, output))
        .or_else(|| argument(source, at, output))
        .or_else(|| remote(source, at))
        .or_else(|| external(source, at, output))
}

/// `FROM ONLY t`: the table without those that inherit from it.
fn only(source: &Source, at: usize) -> Option<usize> {
    (is_relation(source, at) && is_only(source.token(at), source.token(at + 1))).then_some(at + 1)
}

/// Whether ONLY here is the word of PostgreSQL and not the name of a table.
pub(in super::super) fn is_only(word: &Token, next: &Token) -> bool {
    let reserved = |keyword: Keyword| {
        RESERVED_FOR_TABLE_ALIAS.contains(&keyword) || matches!(keyword, Keyword::AS | Keyword::WHERE)
    };
    let is_name = matches!(next, Token::Word(next) if next.quote_style.is_some() || !reserved(next.keyword));
    is_word(word, "ONLY") && is_name
}

/// Databricks: `FROM STREAM t`, `FROM STREAM(t)`.
fn stream(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let lakes = matches!(source.dialect, Dialect::Databricks | Dialect::SparkSql);
    if !lakes || at == 0 || !source.is(at, "STREAM") || !source.is_any(at - 1, &["FROM", "JOIN"]) {
        return None;
    }
    let name = at + 2;
    if source.is_token(at + 1, &Token::LParen) && source.after_name(name) + 1 == source.after_group(at + 1) {
        output.copy_range(source, name..source.after_name(name));
        return Some(source.after_group(at + 1));
    }
    is_stream(source.token(at), source.token(at + 1)).then_some(at + 1)
}

/// Whether STREAM here says how the table is read that follows.
pub(in super::super) fn is_stream(word: &Token, next: &Token) -> bool {
    let words = ["AS", "WHERE", "JOIN", "GROUP", "ORDER", "LIMIT", "UNION", "ON", "LEFT", "INNER"];
    let is_name = matches!(next, Token::Word(_)) && !words.iter().any(|word| is_word(next, word));
    is_word(word, "STREAM") && is_name
}

/// MySQL: `UPDATE t, s SET …` as `UPDATE t CROSS JOIN s SET …`.
fn updated_tables(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is_token(at, &Token::Comma) || !source.is(0, "UPDATE") {
        return None;
    }
    let set = source.find(0, source.len(), |at| source.is(at, "SET"))?;
    // Commas inside of brackets are others.
    let outside = source.find(0, set, |other| other == at).is_some();
    (at < set && outside).then(|| {
        output.words(source, at, "CROSS JOIN");
        at + 1
    })
}

fn is_outer(source: &Source, at: usize) -> bool {
    source.is_any(at, &["INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS"])
}

/// Words between the kind of a join and JOIN, or before both, that only say how to run it.
fn join(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let hints = ["HASH", "LOOP", "MERGE", "REMOTE", "REPLICATE", "REDUCE", "REDISTRIBUTE"];
    if at > 0 && is_outer(source, at - 1) && source.is_any(at, &hints) && source.is(at + 1, "JOIN") {
        return Some(at + 1);
    }
    let click = source.dialect == Dialect::ClickHouse;
    if source.is(at, "ASOF") && source.dialect != Dialect::Snowflake {
        let next = at + 1;
        if source.is(next, "JOIN") || (is_outer(source, next) && source.is(next + 1, "JOIN")) {
            return Some(next);
        }
    }
    if click && source.is_any(at, &["GLOBAL", "ANY", "ALL", "DISTINCT", "LOCAL"]) {
        let joins = (at + 1..at + 4).any(|at| source.is(at, "JOIN"));
        let plain = (at + 1..at + 4)
            .take_while(|&at| !source.is(at, "JOIN"))
            .all(|at| is_outer(source, at) || source.is_any(at, &["ANY", "ALL", "SEMI", "ANTI", "ASOF"]));
        if (joins && plain) || (source.is(at, "GLOBAL") && source.is_any(at + 1, &["IN", "NOT"])) {
            return Some(at + 1);
        }
    }
    if source.is_any(at, &["SEMI", "ANTI"])
        && source.is_any(at + 1, &["LEFT", "RIGHT"])
        && source.is(at + 2, "JOIN")
    {
        output.copy(source, at + 1);
        output.copy(source, at);
        return Some(at + 2);
    }
    if source.is(at, "POSITIONAL") && source.is(at + 1, "JOIN") {
        output.words(source, at, "CROSS");
        return Some(at + 1);
    }
    // [SHUFFLE], [BROADCAST]
    let hint = source.is_token(at, &Token::LBracket) && source.is_token(at + 2, &Token::RBracket);
    if hint && source.is_any(at + 1, &["SHUFFLE", "NOSHUFFLE", "BROADCAST"]) {
        return Some(at + 3);
    }
    if click && source.is(at, "USING") && source.is_ident(at + 1) {
        output.copy(source, at);
        output.words(source, at + 1, "(");
        let mut end = source.after_name(at + 1);
        while source.is_token(end, &Token::Comma) {
            end = source.after_name(end + 1).max(end + 1);
        }
        output.copy_range(source, at + 1..end);
        output.words(source, end.saturating_sub(1), ")");
        return Some(end);
    }
    None
}

/// `CROSS JOIN t ON …` is a JOIN, `NATURAL JOIN t ON …` too.
fn cross_join_on(source: &Source, at: usize) -> Option<usize> {
    if !source.is_any(at, &["CROSS", "NATURAL"]) || !source.is(at + 1, "JOIN") {
        return None;
    }
    let mut end = match source.token(at + 2) {
        Token::LParen => source.after_group(at + 2),
        _ => source.after_name(at + 2),
    };
    if source.is_token(end, &Token::LParen) {
        end = source.after_group(end);
    }
    if source.is(end, "AS") {
        end += 2;
    } else if source.is_ident(end) && !source.is(end, "ON") {
        end += 1;
    }
    if source.is_token(end, &Token::LParen) {
        end = source.after_group(end);
    }
    source.is(end, "ON").then_some(at + 1)
}

/// `(t)`, `((t AS x)) AS y`, `(a, b)` and `(…) AS (x, y)` after FROM or JOIN.
pub(super) fn brackets(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_place = at > 0 && source.is_any(at - 1, &["FROM", "JOIN"]);
    if !is_place || !source.is_token(at, &Token::LParen) {
        return None;
    }
    let end = source.after_group(at);
    let depth = (at..end).take_while(|&at| source.is_token(at, &Token::LParen)).count();
    let inner = at + depth;
    let after_name = source.after_name(inner);
    if after_name > inner
        && !source.starts_query(inner)
        && !source.is_any(inner, &["VALUES", "TABLE", "UNNEST"])
    {
        let alias = after_name + usize::from(source.is(after_name, "AS"));
        let has_alias = source.is_ident(alias);
        let close = if has_alias { alias + 1 } else { after_name };
        if close + depth == end && (close..end).all(|at| source.is_token(at, &Token::RParen)) {
            let outer_alias = source.is(end, "AS");
            output.copy_range(source, inner..if outer_alias { after_name } else { close });
            return Some(end);
        }
    }
    let commas = source.find(at + 1, end - 1, |at| source.is_token(at, &Token::Comma));
    if commas.is_some() && !source.starts_query(at + 1) && source.is_ident(inner) {
        cross_joined(source, at, end, output);
        return Some(end);
    }
    // AS (x, y): columns without a name of the table.
    let columns = end + 1;
    let names_only = |from: usize, to: usize| {
        (from..to).all(|at| source.is_ident(at) || source.is_token(at, &Token::Comma)) && to > from
    };
    if source.is(end, "AS") && source.is_token(columns, &Token::LParen) {
        let close = source.after_group(columns);
        if names_only(columns + 1, close - 1) {
            output.copy_range(source, at..columns);
            output.put(source, end, name("_"));
            output.copy_range(source, columns..close);
            return Some(close);
        }
    }
    None
}

/// The group with its commas as CROSS JOIN.
fn cross_joined(source: &Source, start: usize, end: usize, output: &mut Output) {
    let mut at = start + 1;
    output.copy(source, start);
    while at < end {
        if source.is_token(at, &Token::Comma) {
            output.words(source, at, "CROSS JOIN");
            at += 1;
        } else {
            let next = source.after_group(at);
            output.copy_range(source, at..next);
            at = next;
        }
    }
}

/// `ROWS FROM (f(), g())`: functions side by side.
fn rows_from(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.are(at, &["ROWS", "FROM"]) || !source.is_token(at + 2, &Token::LParen) {
        return None;
    }
    let end = source.after_group(at + 2);
    cross_joined(source, at + 2, end, output);
    Some(end)
}

/// `FROM table WHERE`: a keyword as a name.
fn table_as_name(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_place = at > 0 && source.is_any(at - 1, &["FROM", "JOIN", "INTO", "UPDATE"]);
    if !is_place || !source.is(at, "TABLE") {
        return None;
    }
    let clauses =
        ["WHERE", "GROUP", "ORDER", "LIMIT", "ON", "SET", "VALUES", "SELECT", "AS", "JOIN", "LEFT", "INNER"];
    let follows = matches!(source.token(at + 1), Token::EOF | Token::RParen | Token::Comma)
        || source.is_any(at + 1, &clauses);
    follows.then(|| {
        output.put(source, at, name("table"));
        at + 1
    })
}

/// `VALUES (1), (2) AS t (a)` as a query, and `VALUES 1, 2`.
fn values(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is(at, "VALUES") {
        return None;
    }
    let in_from = at > 0 && source.is_any(at - 1, &["FROM", "JOIN", "INTO"]);
    if source.is_token(at + 1, &Token::LParen) {
        let mut end = source.after_group(at + 1);
        while source.is_token(end, &Token::Comma) && source.is_token(end + 1, &Token::LParen) {
            end = source.after_group(end + 1);
        }
        let starts = at == 0 || source.is_token(at - 1, &Token::LParen);
        if !starts || in_from || !source.is(end, "AS") || !source.is_ident(end + 1) {
            return None;
        }
        output.words(source, at, "SELECT * FROM (");
        output.copy_range(source, at..end);
        output.words(source, end - 1, ")");
        return Some(end);
    }
    let starts = at == 0 || source.is_token(at - 1, &Token::LParen);
    let is_operand = matches!(source.token(at + 1), Token::Number(..)) || source.is_string(at + 1);
    if !starts || !is_operand {
        return None;
    }
    output.copy(source, at);
    let mut at = at + 1;
    loop {
        let end = source
            .find(at, source.len(), |at| matches!(source.token(at), Token::Comma | Token::RParen))
            .unwrap_or(source.len());
        output.words(source, at, "(");
        output.copy_range(source, at..end);
        output.words(source, end.saturating_sub(1), ")");
        if !source.is_token(end, &Token::Comma) {
            return Some(end);
        }
        output.copy(source, end);
        at = end + 1;
    }
}

/// Whether a relation may stand here.
fn is_relation(source: &Source, at: usize) -> bool {
    at > 0 && (source.is_any(at - 1, &["FROM", "JOIN"]) || source.is_token(at - 1, &Token::Comma))
}

/// BigQuery: `FROM t.xs AS x WITH OFFSET`, as `FROM UNNEST(t.xs) AS x WITH OFFSET`.
fn path_with_offset(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::BigQuery || !is_relation(source, at) {
        return None;
    }
    let end = source.after_name(at);
    if end < at + 3 {
        return None;
    }
    let alias = end + usize::from(source.is(end, "AS"));
    let with = if source.is_ident(alias) && !source.is(alias, "WITH") { alias + 1 } else { end };
    source.are(with, &["WITH", "OFFSET"]).then(|| {
        output.words(source, at, "UNNEST (");
        output.copy_range(source, at..end);
        output.words(source, end - 1, ")");
        end
    })
}

/// Redshift: `UNPIVOT t.doc AS v AT k`, values and names of an object's fields, as `t.doc AS v (v, k)`.
fn unpivoted_object(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::Redshift || !source.is(at, "UNPIVOT") || !is_relation(source, at) {
        return None;
    }
    let end = source.after_name(at + 1);
    let is_this = source.is(end, "AS")
        && source.is_ident(end + 1)
        && source.is(end + 2, "AT")
        && source.is_ident(end + 3);
    is_this.then(|| {
        output.copy_range(source, at + 1..end + 2);
        output.words(source, end, "(");
        output.copy(source, end + 1);
        output.words(source, end, ",");
        output.copy(source, end + 3);
        output.words(source, end, ")");
        end + 4
    })
}

/// Oracle: `JSON_TABLE(… COLUMNS (a PATH '$.a'))`, where a column without a type is a text.
fn column_of_json(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let opens = at > 1
        && (source.is_token(at - 1, &Token::Comma)
            || source.is(at - 1, "COLUMNS")
            || (source.is_token(at - 1, &Token::LParen) && source.is(at - 2, "COLUMNS")));
    let is_path = source.is(at + 1, "PATH") && source.is_string(at + 2);
    (source.dialect == Dialect::Oracle && opens && is_path && source.is_ident(at)).then(|| {
        output.copy(source, at);
        output.words(source, at, "VARCHAR");
        at + 1
    })
}

/// `f(MODEL m, TABLE t)`: a model is no table, a table is a query.
fn argument(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_argument = at > 0 && matches!(source.token(at - 1), Token::LParen | Token::Comma | Token::RArrow);
    if !is_argument || !source.is_any(at, &["MODEL", "TABLE"]) {
        return None;
    }
    if source.is(at, "TABLE") && source.is_token(at + 1, &Token::LParen) {
        return table_argument(source, at + 1, output);
    }
    let end = source.after_name(at + 1);
    if end == at + 1 || !matches!(source.token(end), Token::Comma | Token::RParen) {
        return None;
    }
    if source.is(at, "MODEL") {
        let text: Vec<_> = (at + 1..end).map(|at| source.token(at).to_string()).collect();
        output.put(source, at + 1, Token::SingleQuotedString(text.concat()));
    } else {
        output.words(source, at, "( SELECT * FROM");
        output.copy_range(source, at + 1..end);
        output.words(source, end - 1, ")");
    }
    Some(end)
}

/// `TABLE(t) PARTITION BY a ORDER BY b` as the query of its rows: how they come does not matter.
fn table_argument(source: &Source, open: usize, output: &mut Output) -> Option<usize> {
    let close = source.after_group(open);
    let is_name = source.after_name(open + 1) + 1 == close;
    let is_query = source.is_any(open + 1, &["SELECT", "WITH", "FROM", "VALUES"]);
    if !(is_name || is_query) {
        return None;
    }
    let how = ["AS", "PARTITION", "ORDER", "PRUNE", "KEEP", "COPARTITION", "WITH"];
    let ends = |at: usize| matches!(source.token(at), Token::RParen) || is_next_argument(source, at);
    let end = if source.is_any(close, &how) || source.is_ident(close) {
        source.find(close, source.len(), ends)?
    } else {
        close
    };
    output.words(source, open, if is_name { "( SELECT * FROM" } else { "(" });
    output.copy_range(source, open + 1..close);
    Some(end)
}

/// Whether an argument begins behind this comma that is none of the columns of a list: `name =>`, TABLE, a
/// literal.
fn is_next_argument(source: &Source, at: usize) -> bool {
    source.is_token(at, &Token::Comma)
        && (source.is_token(at + 2, &Token::RArrow) || source.is(at + 1, "TABLE") || !source.is_ident(at + 1))
}

/// `t@link`, `t@v3`: where or when.
fn remote(source: &Source, at: usize) -> Option<usize> {
    let glued = source.is_glued(at) && source.is_glued(at + 1) && source.is_ident(at - 1);
    (glued && source.is_token(at, &Token::AtSign) && source.is_ident(at + 1))
        .then(|| source.after_name(at + 1))
}

/// `OPENROWSET(BULK 'path', …) WITH (a INT)`.
fn external(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !source.is(at, "OPENROWSET") || !source.is_token(at + 1, &Token::LParen) {
        return None;
    }
    let end = source.after_group(at + 1);
    output.copy_range(source, at..at + 2);
    output.copy_range(source, at + 2 + usize::from(source.is(at + 2, "BULK"))..end);
    let with = source.is(end, "WITH") && source.is_token(end + 1, &Token::LParen);
    Some(if with { source.after_group(end + 1) } else { end })
}
