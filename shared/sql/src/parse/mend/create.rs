//! CREATE TABLE and CREATE VIEW with options that the grammar does not know: what remains is the name, the
//! columns with their types and keys, and the query.

use sqlparser::tokenizer::Token;

use super::super::source::{Output, Source, Tok};
use super::super::tokens::position;
use super::{Mend, MendKind};

/// Words between CREATE and the object.
const MODIFIERS: &[&str] = &[
    "MULTISET",
    "SET",
    "VOLATILE",
    "TRANSIENT",
    "GLOBAL",
    "LOCAL",
    "TEMPORARY",
    "TEMP",
    "EXTERNAL",
    "LIVE",
    "STREAMING",
    "DYNAMIC",
    "HYBRID",
    "ICEBERG",
    "UNLOGGED",
    "FOREIGN",
    "SECURE",
    "FORCE",
    "NOFORCE",
    "EDITIONABLE",
    "NONEDITIONABLE",
    "RECURSIVE",
    "INCREMENTAL",
    "SNAPSHOT",
    "PRIVATE",
    "IMMUTABLE",
    "BLOCKCHAIN",
    "COLUMN",
    "ROW",
    "HADOOP",
    "EVENT",
    "READONLY",
    "MATERIALIZED",
    "BASE",
    "INTERACTIVE",
    "NO",
];

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    let replaces = source.is(0, "REPLACE") && source.is_any(1, &["VIEW", "RECURSIVE"]);
    if !source.is(0, "CREATE") && !replaces && !source.are(0, &["ALTER", "VIEW"]) {
        return None;
    }
    let mut output = Output::default();
    output.words(source, 0, "CREATE");
    let mut at = usize::from(!replaces);
    if source.is(at, "OR") && source.is_any(at + 1, &["REPLACE", "REFRESH", "ALTER"]) || replaces {
        output.words(source, at, "OR REPLACE");
        at += if replaces { 1 } else { 2 };
    }
    let (mut temporary, mut materialized) = (false, false);
    while !source.is_any(at, &["TABLE", "VIEW"]) {
        temporary |= source.is_any(at, &["VOLATILE", "TEMPORARY", "TEMP"]);
        materialized |= source.is(at, "MATERIALIZED");
        at = if source.is_any(at, MODIFIERS) { at + 1 } else { option(source, at)? };
    }
    let is_view = source.is(at, "VIEW");
    if source.is(at + 1, "FUNCTION") && source.is_ident(at + 2) {
        return None;
    }
    if temporary {
        output.words(source, at, "TEMPORARY");
    }
    if materialized && is_view {
        output.words(source, at, "MATERIALIZED");
    }
    output.copy(source, at);
    at += 1;
    if source.are(at, &["IF", "NOT", "EXISTS"]) {
        output.copy_range(source, at..at + 3);
        at += 3;
    }
    let after_name = source.after_name(at);
    if after_name == at {
        return None;
    }
    output.copy_range(source, at..after_name);
    rest(source, after_name, is_view, &mut output, mends)?;
    mends.push(Mend { position: source.position(0), kind: MendKind::Rephrased });
    Some(output.toks)
}

/// `ALGORITHM = MERGE`, `DEFINER = u@h`, `SQL SECURITY DEFINER` before the object.
fn option(source: &Source, at: usize) -> Option<usize> {
    let close = (at + 8).min(source.len());
    let known = source.is_any(at, &["ALGORITHM", "DEFINER", "SQL"]);
    known
        .then(|| {
            (at + 1..close).find(|&at| {
                source.is_any(at, &["VIEW", "TABLE", "SQL", "DEFINER"])
                    && !source.is_token(at - 1, &Token::Eq)
                    && !source.is(at - 1, "SECURITY")
            })
        })
        .flatten()
}

/// What follows the name.
fn rest(
    source: &Source,
    start: usize,
    is_view: bool,
    output: &mut Output,
    mends: &mut Vec<Mend>,
) -> Option<()> {
    let mut at = start;
    // Options before the columns: `, NO FALLBACK`, `ON CLUSTER c`.
    while source.is_token(at, &Token::Comma) || source.are(at, &["ON", "CLUSTER"]) {
        let next = source.find(at + 1, source.len(), |at| {
            source.is_token(at, &Token::Comma) || source.is_token(at, &Token::LParen) || source.is(at, "AS")
        });
        at = next?;
    }
    let is_group = source.is_token(at, &Token::LParen) && !source.starts_query(at);
    if is_group {
        let end = source.after_group(at);
        // Something is missing between two commas.
        let comma = |at: usize| source.is_token(at, &Token::Comma);
        source.find(at + 1, end, |at| comma(at) && comma(at + 1)).is_none().then_some(())?;
        if is_view {
            view_columns(source, at, end, output)
        } else {
            columns(source, at, end, output, mends)
        }
        at = end;
        // Which changes what the keys of another table mean.
        if !is_view && source.is(at, "INHERITS") {
            let end = source.after_group(at + 1);
            output.copy_range(source, at..end);
            at = end;
        }
    }
    let query = source.find(at, source.len(), |at| starts_content(source, at));
    if let Some(query) = query {
        at = query;
        content(source, at, output);
        return Some(());
    }
    let model = source.find(at, source.len(), |at| source.is_any(at, &["CLONE", "LIKE", "COPY"]));
    if let Some(model) = model.filter(|&at| source.is_ident(at + 1)) {
        let like = source.is(model, "LIKE") || source.is(model - 1, "AS");
        output.words(source, model, if like { "LIKE" } else { "CLONE" });
        output.copy_range(source, model + 1..source.after_name(model + 1));
        return Some(());
    }
    // AS another table.
    let other = source.find(at, source.len(), |at| source.is(at, "AS") && source.is_ident(at + 1));
    if let Some(other) = other.filter(|_| !is_view && !is_group) {
        output.words(source, other, "LIKE");
        output.copy_range(source, other + 1..source.after_name(other + 1));
        return Some(());
    }
    (is_group && !is_view).then_some(())
}

/// Whether the content starts here: a query after AS, or without it.
fn starts_content(source: &Source, at: usize) -> bool {
    if source.is(at, "AS") {
        let table = source.is_any(at + 1, &["TABLE", "FROM", "LOCKING", "LOCK"]) && source.is_ident(at + 2);
        let file = source.is(at + 1, "FROM") && source.is_string(at + 2);
        return source.starts_query(at + 1) || table || file || source.is(at + 1, "FROM");
    }
    source.is_any(at, &["SELECT", "SEL"]) || (source.is(at, "WITH") && source.starts_query(at))
}

/// The query, without what follows it that is none of it.
fn content(source: &Source, start: usize, output: &mut Output) {
    let query = start + usize::from(source.is(start, "AS"));
    output.words(source, start, "AS");
    let end = source.find(query, source.len(), |at| {
        at > query
            && source.is(at, "WITH")
            && (source.is_any(at + 1, &["DATA", "READ", "CHECK", "CASCADED", "LOCAL"])
                || source.are(at + 1, &["NO", "DATA"])
                || source.are(at + 1, &["NO", "SCHEMA"]))
    });
    let mut end = end.unwrap_or(source.len());
    // In brackets, so nothing after them belongs to it.
    if source.is_token(query, &Token::LParen) {
        let close = source.after_group(query);
        let goes_on = ["UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT"];
        if close < end && !source.is_any(close, &goes_on) {
            end = close;
        }
    }
    if source.is(query, "TABLE") {
        output.words(source, query, "SELECT * FROM");
        output.copy_range(source, query + 1..end);
    } else {
        output.copy_range(source, query..end);
    }
}

fn view_columns(source: &Source, start: usize, end: usize, output: &mut Output) {
    output.copy(source, start);
    let mut is_name = true;
    let mut at = start + 1;
    while at + 1 < end {
        let comma = source.is_token(at, &Token::Comma);
        // CONSTRAINT … EXPECT …: no column.
        let constraint = is_name && source.is(at, "CONSTRAINT") && source.is_ident(at + 1);
        if (is_name || comma) && !constraint {
            output.copy(source, at);
        }
        is_name = comma;
        at = source.after_group(at);
    }
    output.copy(source, end - 1);
}

/// The columns with types and keys; other options are left out.
fn columns(source: &Source, start: usize, end: usize, output: &mut Output, mends: &mut Vec<Mend>) {
    output.copy(source, start);
    // It is what the grammar does not take: conditions need not go with it.
    let excludes = (start..end).any(|at| source.is(at, "EXCLUDE"));
    let mut item = start + 1;
    let mut first = true;
    while item + 1 < end {
        let mut depth = 0;
        let ends = |at| {
            depth += angles(source, at);
            depth <= 0 && source.is_token(at, &Token::Comma)
        };
        let next = source.find(item, end - 1, ends).unwrap_or(end - 1);
        let before = output.toks.len();
        if !first {
            output.words(source, item, ",");
        }
        let length = output.toks.len();
        if !(excludes && check(source, item, output)) {
            column(source, item, next, output);
            mends.extend(left_out(source, item, next));
        }
        if output.toks.len() == length {
            output.toks.truncate(before);
        } else {
            first = false;
        }
        item = next + 1;
    }
    output.copy(source, end - 1);
}

/// A condition of the table; whether it is one.
fn check(source: &Source, start: usize, output: &mut Output) -> bool {
    let is_named = source.is(start, "CONSTRAINT") && source.is_ident(start + 1);
    let word = if is_named { start + 2 } else { start };
    let is_check = source.is(word, "CHECK") && source.is_token(word + 1, &Token::LParen);
    if is_check {
        output.copy_range(source, start..source.after_group(word + 1));
    }
    is_check
}

/// A condition of the table or of a column, or an exclusion, that the tree will not have.
pub(super) fn left_out(source: &Source, start: usize, end: usize) -> Option<Mend> {
    let word = source.find(start, end, |at| {
        let is_open = |at: usize| source.is_token(at, &Token::LParen);
        source.is(at, "CHECK") && is_open(at + 1)
            || source.is(at, "EXCLUDE") && (is_open(at + 1) || source.is(at + 1, "USING"))
    })?;
    let last = if source.is(word, "CHECK") { source.after_group(word + 1) } else { end } - 1;
    let kind = MendKind::ConstraintLeftOut { end: position(source.span(last).end) };
    Some(Mend { position: source.position(word), kind })
}

/// How many angle brackets open at a token; less than none where they close.
fn angles(source: &Source, at: usize) -> i32 {
    match source.token(at) {
        Token::Lt => 1,
        Token::Gt => -1,
        Token::ShiftRight => -2,
        _ => 0,
    }
}

/// A column with its type and keys, or a key of the table; nothing where it is neither.
pub(super) fn column(source: &Source, start: usize, end: usize, output: &mut Output) {
    let group = |at: usize| source.is_token(at, &Token::LParen);
    // Table constraints that matter; others are left out.
    let constraint =
        if source.is(start, "CONSTRAINT") && source.is_ident(start + 1) { start + 2 } else { start };
    if source.is_any(constraint, &["PRIMARY", "UNIQUE", "FOREIGN"]) && constraint + 1 < end {
        if let Some(open) = source.find(constraint, end, group)
            && !is_off(source, open, end)
        {
            output.copy_range(source, start..constraint);
            output.words(
                source,
                constraint,
                match () {
                    () if source.is(constraint, "PRIMARY") => "PRIMARY KEY",
                    () if takes_null_once(source, constraint) => "UNIQUE NULLS NOT DISTINCT",
                    () if source.is(constraint, "UNIQUE") => "UNIQUE",
                    () => "FOREIGN KEY",
                },
            );
            names(source, open, source.after_group(open), output);
            references(source, open, end, output);
            if source.find(open, end, |at| source.are(at, &["NOT", "ENFORCED"])).is_some() {
                output.words(source, constraint, "NOT ENFORCED");
            }
        }
        return;
    }
    let others =
        ["CHECK", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "EXCLUDE", "LIKE", "PERIOD", "PROJECTION", "EXPECT"];
    if constraint != start
        || (source.is_any(start, &others) && (group(start + 1) || source.is_ident(start + 2)))
    {
        return;
    }
    if !source.is_ident(start) {
        return;
    }
    output.copy(source, start);
    let mut at = start + 1;
    // CREATE TABLE t (a, b) AS SELECT …: the types are those of the query.
    if at == end || source.is(at, "AS") {
        output.words(source, start, "ANY");
    }
    if source.is_ident(at)
        && !source.is_any(at, &["AS", "GENERATED", "NOT", "PRIMARY", "DEFAULT", "OPTIONS", "COMMENT"])
    {
        let after = source.after_name(at);
        output.copy_range(source, at..after);
        at = after;
        if source.is_token(at, &Token::Lt) {
            let mut depth = 0;
            while at < end {
                depth += angles(source, at);
                output.copy(source, at);
                at += 1;
                if depth <= 0 {
                    break;
                }
            }
        }
        loop {
            let continues = group(at)
                || source.is_token(at, &Token::LBracket)
                || source.is_any(at, &["PRECISION", "VARYING", "UNSIGNED", "SIGNED", "ARRAY"]);
            if !continues || at >= end {
                break;
            }
            let after = source.after_group(at);
            output.copy_range(source, at..after);
            at = after;
        }
    }
    let mut last = at;
    let mut takes_null = None;
    while last < end {
        let words = match () {
            // The grammar has it for keys of the table.
            () if takes_null_once(source, last) => {
                takes_null = Some(last);
                None
            }
            () if source.are(last, &["NOT", "NULL"]) => Some("NOT NULL"),
            () if source.are(last, &["PRIMARY", "KEY"]) => Some("PRIMARY KEY"),
            () if source.is(last, "UNIQUE") => Some("UNIQUE"),
            () => None,
        };
        if let Some(words) = words.filter(|_| !is_off(source, last + 1, end)) {
            let is_named = last >= at + 2 && source.is(last - 2, "CONSTRAINT") && source.is_ident(last - 1);
            if is_named {
                output.copy_range(source, last - 2..last);
            }
            output.words(source, last, words);
        }
        last = source.after_group(last);
    }
    references(source, at, end, output);
    if let Some(at) = takes_null {
        output.words(source, at, ", UNIQUE NULLS NOT DISTINCT (");
        output.copy(source, start);
        output.words(source, at, ")");
    }
}

/// Whether a key starts here to which NULL is a value like another.
fn takes_null_once(source: &Source, at: usize) -> bool {
    source.are(at, &["UNIQUE", "NULLS", "NOT", "DISTINCT"])
}

/// Whether a constraint, within which `start` lies, is switched off, or does not hold for old rows. In
/// Hive and its kin those words are the only ones there are.
pub(super) fn is_off(source: &Source, start: usize, end: usize) -> bool {
    let next = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "DEFAULT"];
    let end = source.find(start + 1, end, |at| source.is_any(at, &next) || source.are(at, &["NOT", "NULL"]));
    let words = start..end.unwrap_or(source.len());
    source.dialect.enforces_keys()
        && source.find(words.start, words.end, |at| source.is_any(at, &["DISABLE", "NOVALIDATE"])).is_some()
}

/// `REFERENCES t (a) MATCH FULL`.
fn references(source: &Source, start: usize, end: usize, output: &mut Output) {
    let references = source.find(start, end, |at| source.is(at, "REFERENCES"));
    if let Some(at) = references.filter(|&at| !is_off(source, at, end)) {
        let after = source.after_name(at + 1);
        output.copy_range(source, at..after);
        let mut behind = after;
        if source.is_token(after, &Token::LParen) {
            behind = source.after_group(after);
            names(source, after, behind, output);
        }
        if source.are(behind, &["MATCH", "FULL"]) {
            output.copy_range(source, behind..behind + 2);
        }
    }
}

/// A list of names; their directions and lengths are left out.
fn names(source: &Source, start: usize, end: usize, output: &mut Output) {
    view_columns(source, start, end, output);
}
