//! Clauses that say nothing about tables and columns, left out; first words of other dialects.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source};
use super::super::tokens::is_word;

/// A step of a pattern.
enum Step {
    /// This word.
    Word(&'static str),
    /// One of these words.
    Any(&'static [&'static str]),
    /// These words or nothing.
    Maybe(&'static [&'static str]),
    /// A bracketed group.
    Group,
    /// A name with dots.
    Name,
    /// A literal, a name or a call, as often as operators join them.
    Operand,
}

use Step::{Any, Group, Maybe, Name, Operand, Word};

/// What is left out wherever it stands.
const LEFT_OUT: &[&[Step]] = &[
    &[Word("WITH"), Any(&["UR", "CS", "RS", "RR"])],
    &[Word("OPTIMIZE"), Word("FOR"), Operand, Maybe(&["ROW", "ROWS"])],
    &[Word("FOR"), Any(&["READ", "FETCH"]), Word("ONLY")],
    &[Word("FOR"), Any(PERIODS), Any(&["FROM"]), Operand, Word("TO"), Operand],
    &[Word("FOR"), Any(PERIODS), Word("BETWEEN"), Operand, Word("AND"), Operand],
    &[Word("FOR"), Any(PERIODS), Word("CONTAINED"), Word("IN"), Group],
    &[Word("FOR"), Any(PERIODS), Word("ALL")],
    &[Word("VERSIONS"), Word("BETWEEN"), Any(&["SCN", "TIMESTAMP"]), Operand, Word("AND"), Operand],
    &[Word("WITH"), Any(&["DIFFERENTIAL_PRIVACY", "AGGREGATION_THRESHOLD"]), Word("OPTIONS"), Group],
    &[Word("LOG"), Word("ERRORS"), Word("INTO"), Name, Word("REJECT"), Word("LIMIT"), Operand],
    &[Word("LOG"), Word("ERRORS"), Word("REJECT"), Word("LIMIT"), Operand],
    &[Word("LOG"), Word("ERRORS"), Word("INTO"), Name],
    &[Word("LOG"), Word("ERRORS"), Group],
    &[Word("LOG"), Word("ERRORS")],
    &[Word("PROCEDURE"), Word("ANALYSE"), Group],
    &[Word("LOCK"), Word("IN"), Word("SHARE"), Word("MODE")],
    &[Any(&["PARTITION", "SUBPARTITION"]), Word("FOR"), Group],
    &[Any(&["NULL", "ERROR"]), Word("ON"), Any(OUTCOMES)],
    &[Word("EMPTY"), Maybe(&["ARRAY", "OBJECT"]), Word("ON"), Any(OUTCOMES)],
    &[Word("WITH"), Maybe(&["CONDITIONAL", "UNCONDITIONAL"]), Maybe(&["ARRAY"]), Word("WRAPPER")],
    &[Word("WITHOUT"), Maybe(&["ARRAY"]), Word("WRAPPER")],
    &[Any(&["KEEP", "OMIT"]), Word("QUOTES")],
    &[Word("SEGMENTED"), Word("BY"), Operand, Word("ALL"), Word("NODES")],
    &[Word("UNSEGMENTED"), Word("ALL"), Word("NODES")],
    &[Word("DISTRIBUTED"), Word("BY"), Group],
    &[Word("DISTRIBUTED"), Word("RANDOMLY")],
    &[Word("FOR"), Word("PORTION"), Word("OF"), Name, Word("FROM"), Operand, Word("TO"), Operand],
    &[Word("USING"), Word("SAMPLE"), Operand],
    &[Word("TABLESAMPLE"), Name, Group],
    &[Word("TABLESAMPLE"), Group],
    &[Word("SAMPLE"), Any(&["BLOCK", "SYSTEM", "BERNOULLI", "ROW"]), Group],
    &[Word("USING"), Word("KEY"), Group],
    &[
        Maybe(&["FOR"]),
        Any(&["VERSION", "TIMESTAMP", "SYSTEM_TIME", "SYSTEM_VERSION", "BUSINESS_TIME", "APPLICATION_TIME"]),
        Word("AS"),
        Word("OF"),
        Operand,
    ],
    &[Word("AS"), Word("OF"), Any(&["TIMESTAMP", "SCN"]), Operand],
    &[Word("ELSE"), Word("IGNORE")],
    &[Word("WITH"), Word("SCHEMA"), Word("EVOLUTION")],
    &[Word("ON"), Word("ERROR"), Any(&["CONTINUE", "ABORT"])],
    &[Any(&["INCLUDE", "EXCLUDE"]), Word("NULLS")],
    &[Word("PREFERRING"), Any(&["LOW", "HIGH"]), Name],
];

/// When a JSON function gives a default.
const OUTCOMES: &[&str] = &["EMPTY", "ERROR"];

/// The periods of a temporal table.
const PERIODS: &[&str] = &["SYSTEM_TIME", "BUSINESS_TIME", "APPLICATION_TIME"];

/// First words of a statement or query that stand for others.
const ABBREVIATED: &[(&str, &str)] =
    &[("SEL", "SELECT"), ("INS", "INSERT"), ("DEL", "DELETE"), ("UPD", "UPDATE"), ("UPSERT", "INSERT")];

/// Whether a query may begin here.
fn starts(source: &Source, at: usize) -> bool {
    at == 0
        || source.is_token(at - 1, &Token::LParen)
        || source.is_any(at - 1, &["ACCESS", "AS", "ALL", "UNION", "EXCEPT", "INTERSECT", "MINUS"])
        || (source.is_token(at - 1, &Token::RParen) && source.dialect == Dialect::Teradata)
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

fn left_out(source: &Source, at: usize) -> Option<usize> {
    LEFT_OUT.iter().find_map(|steps| matches(source, at, steps))
}

/// The place after the pattern, if it stands here.
fn matches(source: &Source, start: usize, steps: &[Step]) -> Option<usize> {
    let mut at = start;
    for step in steps {
        at = match step {
            Word(word) => source.is(at, word).then_some(at + 1)?,
            Any(words) => source.is_any(at, words).then_some(at + 1)?,
            Maybe(words) => at + usize::from(source.is_any(at, words)),
            Group => source.is_token(at, &Token::LParen).then(|| source.after_group(at))?,
            Name => Some(source.after_name(at)).filter(|&after| after > at)?,
            Operand => operand(source, at)?,
        };
    }
    Some(at)
}

/// The place after an operand with the operators that follow it.
pub(super) fn operand(source: &Source, start: usize) -> Option<usize> {
    let mut at = primary(source, start)?;
    while matches!(source.token(at), Token::Plus | Token::Minus | Token::StringConcat) {
        at = primary(source, at + 1)?;
    }
    // A share: 10% or 10 PERCENT.
    at += usize::from(source.is_token(at, &Token::Mod) || source.is_any(at, &["PERCENT", "ROWS"]));
    Some(at)
}

fn primary(source: &Source, at: usize) -> Option<usize> {
    match source.token(at) {
        Token::LParen => Some(source.after_group(at)),
        Token::Word(_)
            if source.is_any(at, &["TIMESTAMP", "DATE", "INTERVAL"]) && source.is_string(at + 1) =>
        {
            Some(at + 2 + usize::from(source.is(at, "INTERVAL")))
        }
        Token::Word(_) => {
            let after = source.after_name(at);
            Some(if source.is_token(after, &Token::LParen) { source.after_group(after) } else { after })
        }
        Token::Number(..) | Token::Placeholder(_) => Some(at + 1),
        _ if source.is_string(at) => Some(at + 1),
        _ => None,
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
    if source.is(at, "UPDATE")
        && ((source.is(at + 1, "SET") && star(at + 2)) || source.are(at + 1, &["ALL", "BY", "NAME"]))
    {
        output.copy(source, at);
        output.words(source, at, "SET");
        output.put(source, at + 1, super::super::source::name("*"));
        output.words(source, at, "=");
        output.put(source, at + 1, super::super::source::name("*"));
        return Some(at + if star(at + 2) { 3 } else { 4 });
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
    if source.is(at, "INSERT") && (star(at + 1) || source.are(at + 1, &["ALL", "BY", "NAME"])) {
        output.copy(source, at);
        output.words(source, at + 1, "ROW");
        return Some(at + if star(at + 1) { 2 } else { 4 });
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
