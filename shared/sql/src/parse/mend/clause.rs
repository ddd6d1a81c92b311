//! First words of a statement or query in single dialects, and clauses of changes and of queries that the
//! grammar has in another form.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source};
use super::super::tokens::is_word;
use super::left_out::left_out;

/// First words of a statement or query that stand for others.
const ABBREVIATED: &[(&str, &str)] =
    &[("SEL", "SELECT"), ("INS", "INSERT"), ("DEL", "DELETE"), ("UPD", "UPDATE"), ("UPSERT", "INSERT")];

/// Whether a query may begin here.
fn starts(source: &Source, at: usize) -> bool {
    at == 0
        || source.is_token(at - 1, &Token::LParen)
        || source.is_any(at - 1, &["ACCESS", "AS", "ALL", "UNION", "EXCEPT", "INTERSECT", "MINUS"])
        || (source.is_token(at - 1, &Token::RParen) && source.dialect == Dialect::Teradata)
        // THEN UPD SET a = 1
        || (source.is(at - 1, "THEN") && source.is(0, "MERGE"))
        // INS INTO t SEL a
        || (source.is(at, "SEL") && source.is_any(0, &["INSERT", "INS"]))
}

/// What is written in other words and means the same.
pub(super) fn spelled(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let Token::Word(_) = source.token(at) else { return None };
    // AS MATERIALIZED (, AS NOT MATERIALIZED (
    let word = at + usize::from(source.is(at, "NOT"));
    if at > 0
        && source.is(at - 1, "AS")
        && source.is(word, "MATERIALIZED")
        && source.is_token(word + 1, &Token::LParen)
    {
        return Some(word + 1);
    }
    let (_, full) = ABBREVIATED.iter().find(|(short, _)| source.is(at, short))?;
    starts(source, at).then(|| {
        output.put(source, at, Token::make_keyword(full));
        at + 1
    })
}

pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let Token::Word(_) = source.token(at) else { return None };
    if let Some(next) = left_out(source, at).or_else(|| top_of_change(source, at)) {
        return Some(next);
    }
    if at > 0
        && source.is_any(at - 1, &["SELECT", "SEL"])
        && is_modifier(source.dialect, source.token(at), source.token(at + 1))
    {
        if source.is(at, "UNIQUE") {
            output.words(source, at, "DISTINCT");
        }
        return Some(at + 1);
    }
    let starts = starts(source, at);
    if starts && let Some(next) = locking(source, at) {
        return Some(next);
    }
    if at == 0
        && let Some(next) = first(source, output)
    {
        return Some(next);
    }
    merge(source, at, output)
        .or_else(|| prior(source, at))
        .or_else(|| recursion(source, at))
        .or_else(|| limit_by(source, at))
        .or_else(|| limit_over(source, at, output))
        .or_else(|| top(source, at, output))
        .or_else(|| {
            // A function that lives as long as the query.
            (source.is(at, "WITH") && source.is(at + 1, "FUNCTION"))
                .then(|| source.find(at, source.len(), |at| source.is(at, "SELECT")))
                .flatten()
        })
}

/// Whether a word after SELECT says how rows are given, which the parser has for a column: UNIQUE of Oracle,
/// SQL_CACHE of MySQL, STRAIGHT_JOIN of Impala. The next token is the first of what is selected then.
pub(in super::super) fn is_modifier(dialect: Dialect, word: &Token, next: &Token) -> bool {
    let known = match dialect {
        Dialect::Oracle => is_word(word, "UNIQUE"),
        Dialect::MySql | Dialect::MariaDb | Dialect::SingleStore => is_word(word, "SQL_CACHE"),
        Dialect::Impala => is_word(word, "STRAIGHT_JOIN"),
        _ => false,
    };
    known
        && match next {
            Token::Word(next) => {
                next.quote_style.is_some() || !matches!(next.keyword, Keyword::AS | Keyword::FROM)
            }
            Token::Mul | Token::Number(..) | Token::SingleQuotedString(_) => true,
            _ => false,
        }
}

/// `PRIOR a` outside of CONNECT BY: the value of another row, of the same column.
fn prior(source: &Source, at: usize) -> Option<usize> {
    let is_item = at > 0 && (source.is(at - 1, "SELECT") || source.is_token(at - 1, &Token::Comma));
    (is_item && source.is(at, "PRIOR") && source.is_ident(at + 1) && !source.is_any(at + 1, &["AS", "FROM"]))
        .then_some(at + 1)
}

/// `LOCKING t FOR ACCESS`, before a query.
fn locking(source: &Source, at: usize) -> Option<usize> {
    if !source.is_any(at, &["LOCKING", "LOCK"]) {
        return None;
    }
    let end = (at + 12).min(source.len());
    (at + 1..end)
        .find(|&at| source.is_any(at, &["SELECT", "SEL", "INSERT", "INS", "UPDATE", "DELETE", "WITH"]))
}

/// What may stand after the first word of a statement.
fn first(source: &Source, output: &mut Output) -> Option<usize> {
    // TABLE t, with whatever may follow a query.
    if source.is(0, "TABLE") && source.is_ident(1) {
        output.words(source, 0, "SELECT * FROM");
        return Some(1);
    }
    // AT EPOCH LATEST SELECT …
    if source.is(0, "AT") && source.is_any(1, &["EPOCH", "TIME"]) {
        return source.find(2, source.len(), |at| source.is_any(at, &["SELECT", "WITH"]));
    }
    if source.is(0, "EXPLAIN") {
        let mut at = 1;
        let kinds = [
            "PLAN",
            "FOR",
            "EXTENDED",
            "USING",
            "TEXT",
            "JSON",
            "TABULAR",
            "FORMATTED",
            "CODEGEN",
            "COST",
            "QUERY",
            "ESTIMATE",
            "AST",
            "SYNTAX",
            "PIPELINE",
            "LOGICAL",
            "DEPENDENCY",
            "AUTHORIZATION",
            "CBO",
            "VECTORIZATION",
            "LOCKS",
        ];
        while source.is_any(at, &kinds) {
            at += 1;
        }
        if at > 1 {
            output.copy(source, 0);
            return Some(at);
        }
    }
    None
}

/// Branches of MERGE that take all columns by name.
fn merge(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    // A branch that does nothing.
    if source.is(at, "WHEN") && source.is_any(at + 1, &["MATCHED", "NOT"]) {
        let then = source.find(at, source.len(), |at| source.is(at, "THEN"))?;
        return source.are(then + 1, &["DO", "NOTHING"]).then_some(then + 3);
    }
    if at == 0 || !source.is(at - 1, "THEN") {
        return None;
    }
    let star = |at: usize| source.is_token(at, &Token::Mul);
    // DuckDB says nothing at all.
    let ends =
        |at: usize| matches!(source.token(at), Token::EOF) || source.is_any(at, &["WHEN", "RETURNING"]);
    let is_bare = source.dialect == Dialect::DuckDb && source.is(0, "MERGE") && ends(at + 1);
    let by_name = source.are(at + 1, &["ALL", "BY", "NAME"]);
    if source.is(at, "UPDATE") && ((source.is(at + 1, "SET") && star(at + 2)) || by_name || is_bare) {
        output.copy(source, at);
        output.words(source, at, "SET");
        output.put(source, at, super::super::source::name("*"));
        output.words(source, at, "=");
        output.put(source, at, super::super::source::name("*"));
        return Some(match () {
            () if is_bare => at + 1,
            () if by_name => at + 4,
            () => at + 3,
        });
    }
    // Teradata: INSERT (s.a, s.b) has no VALUES, unless they follow the columns.
    if source.is(at, "INSERT") && source.is_token(at + 1, &Token::LParen) {
        let end = source.after_group(at + 1);
        return (!source.is_any(end, &["VALUES", "ROW"])).then(|| {
            output.copy(source, at);
            output.words(source, at, "VALUES");
            output.copy_range(source, at + 1..end);
            end
        });
    }
    if source.is(at, "INSERT") && (star(at + 1) || by_name || is_bare) {
        output.copy(source, at);
        output.words(source, at, "ROW");
        return Some(match () {
            () if is_bare => at + 1,
            () if by_name => at + 4,
            () => at + 2,
        });
    }
    None
}

/// `SEARCH DEPTH FIRST BY …` and `CYCLE … USING …` after a recursive query.
fn recursion(source: &Source, at: usize) -> Option<usize> {
    let before = at > 0 && !source.is_token(at - 1, &Token::Comma);
    let search = source.is(at, "SEARCH") && source.is_any(at + 1, &["DEPTH", "BREADTH"]);
    let cycle = source.is(at, "CYCLE") && source.is_ident(at + 1);
    if !before || !(search || cycle) {
        return None;
    }
    let set = source.find(at, source.len(), |at| source.is(at, "SET"))?;
    source.find(set, source.len(), |at| {
        source.is_any(at, &["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "CYCLE"])
            || source.is_token(at, &Token::Comma)
    })
}

/// The place after `TOP (n)` in a statement that changes rows. A subquery in it reads tables, so that it is
/// not left out.
pub(super) fn top_of_change(source: &Source, at: usize) -> Option<usize> {
    let is_change = at > 0
        && source.is_any(at - 1, &["DELETE", "DEL", "UPDATE", "UPD", "INSERT", "INS", "MERGE"])
        && source.is(at, "TOP")
        && source.is_token(at + 1, &Token::LParen);
    let end = is_change.then(|| source.after_group(at + 1))?;
    let has_query = (at..end).any(|at| source.is_any(at, &["SELECT", "SEL"]));
    (!has_query).then(|| end + usize::from(source.is(end, "PERCENT")))
}

/// `TOP (SELECT …)`: as a subquery it has brackets of its own.
fn top(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if !(source.is(at, "TOP") && source.starts_query(at + 1)) {
        return None;
    }
    let end = source.after_group(at + 1);
    output.copy(source, at);
    output.put(source, at + 1, Token::LParen);
    output.copy_range(source, at + 1..end);
    output.put(source, end - 1, Token::RParen);
    Some(end)
}

/// `LIMIT n BY a` where another LIMIT follows.
fn limit_by(source: &Source, at: usize) -> Option<usize> {
    if source.dialect != Dialect::ClickHouse || !source.is(at, "LIMIT") {
        return None;
    }
    let by = at + 2;
    if !source.is(by, "BY") {
        return None;
    }
    let mut end = source.after_name(by + 1);
    while source.is_token(end, &Token::Comma) {
        end = source.after_name(end + 1).max(end + 1);
    }
    source.is(end, "LIMIT").then_some(end)
}

/// Vertica: `LIMIT n OVER (PARTITION BY a ORDER BY b)`, so many rows of each partition, as QUALIFY.
fn limit_over(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let is_this = source.is(at, "LIMIT")
        && matches!(source.token(at + 1), Token::Number(..))
        && source.is(at + 2, "OVER")
        && source.is_token(at + 3, &Token::LParen);
    is_this.then(|| {
        let end = source.after_group(at + 3);
        output.words(source, at, "QUALIFY ROW_NUMBER ( )");
        output.copy_range(source, at + 2..end);
        output.put(source, at, Token::LtEq);
        output.copy(source, at + 1);
        end
    })
}
